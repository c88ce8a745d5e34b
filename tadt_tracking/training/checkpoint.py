"""Checkpoints: everything that a run needs to go on as if it had never stopped.

Draws depend on the seed and the step alone, so no state of a random generator is among it.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be read, or that another run made."""


def save(path: Path, run: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        path: of the file; what is there is replaced.
        run: what makes the run what it is (names and plain values), checked by :func:`load`.
        state: tensors, plain values, and dicts and lists of them.
    """
    scratch = path.with_name(f"{path.name}.part")
    torch.save({"run": dict(run), "state": dict(state)}, scratch)
    scratch.replace(path)


def load(path: Path, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state that :func:`save` has written for the same run, on the CPU.

    Raises:
        CheckpointError: an unreadable file, or one of another run; the message names what differs.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        saved, state = found["run"], found["state"]
    except (
        OSError,
        EOFError,
        RuntimeError,
        pickle.UnpicklingError,
        LookupError,
        TypeError,
    ) as error:
        raise CheckpointError(f"cannot read checkpoint {path}: {error}") from error
    names = [name for name in {**saved, **run} if saved.get(name) != run.get(name)]
    if names:
        differences = "; ".join(f"{n} was {saved.get(n)!r}, is {run.get(n)!r}" for n in names)
        raise CheckpointError(f"{path} is a checkpoint of another run: {differences}")
    return state
