"""Track a video through the real ROS 2 nodes and print what came of it.

Without --video, a clip is rendered whose truth is known.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

import cv2

from tadt_tracking.demo import clip
from tadt_tracking.demo.preparation import DEFAULT_TRACKER, WEIGHTS, prepare
from tadt_tracking.demo.processes import ChildFailed
from tadt_tracking.demo.report import ReportError, contact_sheet, report
from tadt_tracking.demo.run import Job, play
from tadt_tracking.weights import WeightsError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _end)
    # A shell starts background jobs with it ignored; the children, who inherit that, end by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        prepare(options.out / "logs", options.tracker, options.variant, tell=print)
        truth = None if options.video else clip.prepare(options.out, options.frames)
        play(_job(options, truth), tell=print)
        print(report(options.out, truth))
        if options.picture:
            _save_picture(options.out / "overlay.mp4", options.picture)
    except (ChildFailed, ReportError, WeightsError, clip.ClipError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tadt_tracking.demo", description=__doc__)
    parser.add_argument("--video", help="video file, folder of pictures, or index of a camera")
    parser.add_argument("--init", help="the target on the first picture: x,y,w,h in pixels")
    parser.add_argument(
        "--tracker", choices=tuple(WEIGHTS), default=DEFAULT_TRACKER, help="tracking method"
    )
    parser.add_argument("--variant", help="network of a tracker that has several")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for results")
    parser.add_argument(
        "--pace",
        choices=("realtime", "lockstep"),
        default="realtime",
        help="lockstep waits for each result, so that no picture is dropped",
    )
    parser.add_argument(
        "--frames", type=int, default=clip.FRAMES, help="length of the rendered clip"
    )
    parser.add_argument("--picture", type=Path, help="save six moments of the overlay video here")
    options = parser.parse_args(arguments)
    if options.video and not options.init:
        parser.error(
            "where is the target? Give its box on the first picture, in pixels: --init x,y,w,h "
            "(make demo VIDEO=... INIT=x,y,w,h)"
        )
    if options.init and not options.video:
        parser.error("--init belongs to --video: the rendered clip brings its own box")
    variants = WEIGHTS[options.tracker]
    if options.variant is None:
        options.variant = next(iter(variants))
    if options.variant not in variants:
        valid = ", ".join(filter(None, variants)) or "none"
        parser.error(f"--variant {options.variant!r}: those of {options.tracker} are: {valid}")
    if not 1 < options.frames <= clip.FRAMES:
        parser.error(f"--frames must lie in [2, {clip.FRAMES}], got {options.frames}")
    return options


def _job(options: argparse.Namespace, rendered: clip.Clip | None) -> Job:
    chosen = {name: getattr(options, name) for name in ("out", "tracker", "variant", "pace")}
    if rendered is None:
        return Job(options.video, options.init, **chosen)
    init = ",".join(str(value) for value in rendered.truth[0])
    return Job(str(rendered.pictures), init, rate=clip.RATE_HZ, **chosen)


def _save_picture(video: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), contact_sheet(video), [cv2.IMWRITE_JPEG_QUALITY, 85]):
        raise OSError(f"cannot write picture {path}")
    print(f"picture of the overlay: {path}")


def _end(number: int, frame: FrameType | None) -> None:
    """End with the children that run, as any error does."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
