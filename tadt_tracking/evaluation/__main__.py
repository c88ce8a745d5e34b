"""`tadt-eval`: run trackers over sequences with ground truth, or measure what they cost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tadt_tracking.command_line import add_set
from tadt_tracking.evaluation import commands
from tadt_tracking.evaluation.ablations import ABLATIONS
from tadt_tracking.evaluation.bench import PARTS
from tadt_tracking.evaluation.csrt import DEFAULT_PYTHON, CsrtError
from tadt_tracking.evaluation.options import (
    add_common,
    add_protocol,
    add_sequences,
    add_session,
    add_tables,
    add_tracker,
    at_least,
    one_of,
)
from tadt_tracking.trackers import TRACKERS
from tadt_tracking.weights import WeightsError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (ValueError, OSError, WeightsError, CsrtError) as error:
        print(f"tadt-eval: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tadt-eval", description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="run|longterm|calibrate|ablate|bench")

    run = kinds.add_parser("run", help="accuracy of one tracker with given settings")
    run.set_defaults(command=commands.run)
    add_tracker(run)
    add_session(run, default=False)
    add_sequences(run)

    long = kinds.add_parser("longterm", help="how trackers bear targets that leave")
    long.set_defaults(command=commands.longterm)
    add_tracker(long, several=True)
    add_session(long, default=True)
    add_sequences(long, "longterm")
    long.add_argument(
        "--away",
        type=at_least(0),
        default=0,
        metavar="N",
        help="cut N frames of the next sequence into each, in which its target is away",
    )
    long.add_argument(
        "--nano",
        nargs=2,
        type=Path,
        metavar=("BACKBONE", "HEAD"),
        help="networks (.onnx) of OpenCV's TrackerNano, to run it as well",
    )
    long.add_argument("--vit", type=Path, metavar="NETWORK", help="likewise of TrackerVit")
    long.add_argument(
        "--csrt",
        type=Path,
        metavar="PYTHON",
        help="the Python of an environment with opencv-contrib, to run CSRT as well",
    )

    calibrate = kinds.add_parser("calibrate", help="fit a score's constants")
    calibrate.set_defaults(command=commands.calibrate)
    add_tracker(calibrate)
    add_sequences(calibrate, "first")
    calibrate.add_argument(
        "--away",
        type=at_least(1),
        default=10,
        metavar="N",
        help="frames of the next sequence that follow on half of each: there its target is away",
    )
    calibrate.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw a reliability diagram (.png, .svg)"
    )

    ablate = kinds.add_parser("ablate", help="what parts and settings of a tracker add")
    ablate.set_defaults(command=commands.ablate)
    ablate.add_argument("table", choices=list(ABLATIONS))
    add_sequences(ablate)

    bench = kinds.add_parser("bench", help="tables of speed and accuracy on this machine")
    bench.set_defaults(command=commands.bench)
    bench.add_argument(
        "parts", nargs="*", type=one_of(PARTS), help=f"some of {', '.join(PARTS)}; default: all"
    )
    bench.add_argument("--tracker", action="append", choices=TRACKERS, help="default: all")
    add_set(bench)
    bench.add_argument(
        "--frames", type=at_least(2), metavar="N", help="at most so many for speed and sizes"
    )
    bench.add_argument(
        "--opencv-python",
        type=Path,
        default=DEFAULT_PYTHON,
        help="Python of an environment with opencv-contrib, for CSRT",
    )

    for command in (run, long, calibrate):
        add_tables(command)
    for command in (run, ablate, bench):
        add_protocol(command)
    for command in (run, long, calibrate, ablate, bench):
        add_common(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
