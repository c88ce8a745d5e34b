"""`tadt-eval`: run trackers over sequences with ground truth, or measure what they cost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tadt_tracking.command_line import add_set
from tadt_tracking.engines import ComputeSettings
from tadt_tracking.evaluation import ablations, accuracy, calibration, longterm
from tadt_tracking.evaluation.bench import PARTS, Bench, machine
from tadt_tracking.evaluation.csrt import DEFAULT_PYTHON, CsrtEntrant, CsrtError
from tadt_tracking.evaluation.datasets import read_sequences
from tadt_tracking.evaluation.entrants import Entrant, TrackerEntrant
from tadt_tracking.evaluation.films import interrupted
from tadt_tracking.evaluation.frame_tables import WrittenEntrant
from tadt_tracking.evaluation.opencv_trackers import OnnxEntrant
from tadt_tracking.evaluation.options import (
    add_common,
    add_protocol,
    add_sequences,
    add_session,
    add_tables,
    add_tracker,
    at_least,
    chosen_settings,
    one_of,
)
from tadt_tracking.evaluation.robustness import Protocol
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


def _run(options: argparse.Namespace) -> None:
    entrant = _written(_entrant(options, options.tracker), options)
    sequences = read_sequences(options.root, options.sequences)
    protocol = Protocol(options.starts, options.shifts)
    outcome = accuracy.run(entrant, sequences, protocol, options.jobs)
    print(f"{protocol}:\n\n{accuracy.of_sequences(outcome)}")
    print(f"\n{accuracy.of_scores(outcome.name, outcome.tracks)}")


def _entrant(options: argparse.Namespace, tracker: str) -> TrackerEntrant:
    compute = chosen_settings(options, ComputeSettings)
    return TrackerEntrant.of(tracker, session=options.session, **compute, **dict(options.set))


def _written(entrant: Entrant, options: argparse.Namespace) -> Entrant:
    return WrittenEntrant(entrant, options.tables) if options.tables else entrant


def _longterm(options: argparse.Namespace) -> None:
    entrants: list[Entrant] = [_entrant(options, name) for name in options.tracker or ()]
    if options.nano:
        entrants.append(OnnxEntrant("TrackerNano", tuple(options.nano)))
    if options.vit:
        entrants.append(OnnxEntrant("TrackerVit", (options.vit,)))
    if options.csrt:
        entrants.append(CsrtEntrant(options.csrt))
    if not entrants:
        raise ValueError("no tracker to run: name one with --tracker, --nano, --vit or --csrt")
    sequences = read_sequences(options.root, options.sequences)
    if options.away:
        sequences = interrupted(sequences, options.away, returning=True)
    written = [_written(entrant, options) for entrant in entrants]
    print(longterm.of_entrants(written, sequences, options.jobs))


def _calibrate(options: argparse.Namespace) -> None:
    compute = chosen_settings(options, ComputeSettings)
    how = {**compute, **dict(options.set), **calibration.NEVER_LOST}
    entrant = TrackerEntrant.of(options.tracker, session=True, **how)
    sequences = read_sequences(options.root, options.sequences)
    films = interrupted(sequences, options.away, returning=False)
    outcome = _written(entrant, options).run(films, options.jobs)
    samples = calibration.Samples.of(outcome.tracks)
    fitted = calibration.fit(samples)
    print(calibration.report(outcome.name, samples, fitted))
    if options.plot:
        calibration.plot(options.plot, outcome.name, samples, fitted)


def _ablate(options: argparse.Namespace) -> None:
    sequences = read_sequences(options.root, options.sequences)
    protocol = Protocol(options.starts, options.shifts)
    compute = chosen_settings(options, ComputeSettings)
    print(ablations.table(options.table, sequences, protocol, options.jobs, **compute))


def _bench(options: argparse.Namespace) -> None:
    bench = Bench(
        root=options.root,
        trackers=tuple(options.tracker or ()),
        compute=chosen_settings(options, ComputeSettings),
        settings=dict(options.set),
        csrt=CsrtEntrant(options.opencv_python),
        frames=options.frames,
        protocol=Protocol(options.starts, options.shifts),
        jobs=options.jobs,
    )
    print(f"On {machine()} before the start.", flush=True)
    for part in options.parts or PARTS:
        print(f"\n{part}\n\n{getattr(bench, part)()}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tadt-eval", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="run|longterm|calibrate|ablate|bench")

    run = commands.add_parser("run", help="accuracy of one tracker with given settings")
    run.set_defaults(command=_run)
    add_tracker(run)
    add_session(run, default=False)
    add_sequences(run)

    long = commands.add_parser("longterm", help="how trackers bear targets that leave")
    long.set_defaults(command=_longterm)
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

    calibrate = commands.add_parser("calibrate", help="fit a score's constants")
    calibrate.set_defaults(command=_calibrate)
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

    ablate = commands.add_parser("ablate", help="what parts and settings of a tracker add")
    ablate.set_defaults(command=_ablate)
    ablate.add_argument("table", choices=list(ablations.ABLATIONS))
    add_sequences(ablate)

    bench = commands.add_parser("bench", help="tables of speed and accuracy on this machine")
    bench.set_defaults(command=_bench)
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
