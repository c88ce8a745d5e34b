"""Options of the command line, and settings as options."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

from tadt_tracking.command_line import add_set
from tadt_tracking.engines import ComputeSettings
from tadt_tracking.evaluation.datasets import SPLITS
from tadt_tracking.settings import Settings
from tadt_tracking.trackers import TRACKERS

DEFAULT_ROOT = Path("../shared/sequences")


def add_settings(parser: argparse.ArgumentParser, kind: type[Settings]) -> None:
    """Add an option for every field of a settings class; one left out is not in the namespace."""
    group = parser.add_argument_group(kind.__doc__)
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        how: dict[str, Any] = {"type": hints[field.name], "metavar": field.name.upper()}
        if hints[field.name] is bool:
            how = {"action": argparse.BooleanOptionalAction}
        elif field.metadata["choices"]:
            how = {"choices": field.metadata["choices"]}
        text = f"{field.metadata['description']} (default: {field.default})".replace("%", "%%")
        name = f"--{field.name.replace('_', '-')}"
        group.add_argument(name, default=argparse.SUPPRESS, help=text, **how)


def chosen_settings(options: argparse.Namespace, kind: type[Settings]) -> dict[str, Any]:
    """Return names and values of the settings that the user gave."""
    return kind.split(vars(options))[0]


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes: where the sequences lie, how to compute."""
    parser.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="folder of sequences")
    parser.add_argument(
        "--jobs",
        type=at_least(1),
        default=1,
        metavar="N",
        help="divide sequences among N processes, where no time is measured",
    )
    add_settings(parser, ComputeSettings)


def add_tables(parser: argparse.ArgumentParser) -> None:
    """Add where to write what happened on every frame."""
    parser.add_argument(
        "--tables",
        type=Path,
        metavar="FOLDER",
        help="write a table (.csv) a sequence with box, score, evidence and overlap of every frame",
    )


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """Add how often, and from where, a tracker runs over each sequence."""
    parser.add_argument(
        "--starts",
        type=at_least(1),
        default=1,
        metavar="N",
        help="start at N frames spread over each sequence (TRE) in place of the first alone",
    )
    parser.add_argument(
        "--shifts", action="store_true", help="start with twelve wrong boxes (SRE), not the true"
    )


def add_sequences(parser: argparse.ArgumentParser, default: str = "otb") -> None:
    """Add the choice of sequences to run over."""
    parser.add_argument(
        "--sequences", default=default, help=f"{', '.join(SPLITS)}, or names joined by commas"
    )


def add_tracker(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add the choice of a tracker, or of several, and its settings."""
    how = {"action": "append"} if several else {"default": "tadt"}
    parser.add_argument("--tracker", help=f"one of {', '.join(TRACKERS)}", **how)
    add_set(parser)


def add_session(parser: argparse.ArgumentParser, *, default: bool) -> None:
    """Add whether a session runs the tracker."""
    parser.add_argument(
        "--session",
        action=argparse.BooleanOptionalAction,
        default=default,
        help="whether a session runs the tracker, which knows when its target is lost",
    )


def one_of(valid: tuple[str, ...]) -> Callable[[str], str]:
    """Return a parser of one word out of `valid`, for arguments that may be left out."""

    def parse(text: str) -> str:
        if text not in valid:
            raise argparse.ArgumentTypeError(f"unknown {text!r}; valid are: {', '.join(valid)}")
        return text

    return parse


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from `minimum` on."""

    def parse(text: str) -> int:
        if not text.isdigit() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"must be a whole number of at least {minimum}, got {text!r}"
            )
        return int(text)

    return parse
