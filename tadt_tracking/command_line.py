"""What the commands of evaluation and training share: settings as options."""

from __future__ import annotations

import argparse
import ast
from typing import Any


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add `--set NAME=VALUE`, once a setting; `dict(options.set)` is what the user gave."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="a setting, several if given again",
    )


def _assignment(text: str) -> tuple[str, Any]:
    """Parse name=value; a value that is no Python literal is taken as a string."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected name=value, got {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value
