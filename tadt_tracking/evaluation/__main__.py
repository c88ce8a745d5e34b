"""`tadt-eval`: run a tracker over sequences with ground truth, or measure what it costs."""

from __future__ import annotations

import argparse
import ast
import sys
from pathlib import Path
from typing import Any

from tadt_tracking.evaluation import bench
from tadt_tracking.evaluation.datasets import SPLITS, DatasetError, Sequence
from tadt_tracking.evaluation.tables import markdown
from tadt_tracking.settings import SettingError
from tadt_tracking.trackers import create_tracker
from tadt_tracking.weights import WeightsError

DEFAULT_ROOT = Path("../shared/sequences")
PRECISIONS = ("fp32", "auto")
PARTS = {
    "backbone": lambda root: bench.backbone(PRECISIONS),
    "speed": lambda root: bench.speed(root, PRECISIONS),
    "accuracy": lambda root: bench.accuracy(root, PRECISIONS),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (DatasetError, SettingError, WeightsError, ValueError) as error:
        print(f"tadt-eval: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    tracker = create_tracker(
        options.tracker,
        device=options.device,
        precision=options.precision,
        **dict(options.set),
    )
    names = SPLITS.get(options.sequences) or tuple(options.sequences.split(","))
    tracks = bench.run_all(tracker, [Sequence.read(options.root / name) for name in names])
    rows = [bench.accuracy_row(track.sequence.name, [track]) for track in tracks]
    rows.append(bench.accuracy_row(f"mean of {len(tracks)}", tracks))
    print(markdown([f"{options.tracker}, {tracker.compute}", "AUC", "precision at 20 px"], rows))
    print(f"\n{bench.score_table(tracks)}")


def _bench(options: argparse.Namespace) -> None:
    for part in options.parts or PARTS:
        print(f"\n{PARTS[part](options.root)}", flush=True)


def _assignment(text: str) -> tuple[str, Any]:
    """Parse name=value; a value that is no Python literal is taken as a string."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected name=value, got {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tadt-eval", description=__doc__)
    commands = parser.add_subparsers(required=True)

    run = commands.add_parser("run", help="accuracy of one tracker with given settings")
    run.set_defaults(command=_run)
    run.add_argument("--tracker", default="tadt")
    run.add_argument("--device", default="auto")
    run.add_argument("--precision", default="auto")
    run.add_argument("--set", action="append", default=[], type=_assignment, metavar="NAME=VALUE")
    run.add_argument(
        "--sequences", default="otb", help=f"{', '.join(SPLITS)}, or names joined by commas"
    )

    measure = commands.add_parser("bench", help="tables of speed and accuracy on this machine")
    measure.set_defaults(command=_bench)
    measure.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")

    for command in (run, measure):
        command.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="folder of sequences")
    return parser


if __name__ == "__main__":
    sys.exit(main())
