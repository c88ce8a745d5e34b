"""The registry of trackers: one line a method."""

from __future__ import annotations

from typing import Any

from tadt_tracking.engines.torch_engine import Compute
from tadt_tracking.trackers.base import ImageError, Tracker
from tadt_tracking.trackers.tadt import Tadt
from tadt_tracking.weights import load

TRACKERS: dict[str, type[Tracker]] = {"tadt": Tadt}

__all__ = ["TRACKERS", "ImageError", "Tracker", "create_tracker", "tracker_class"]


def tracker_class(name: str) -> type[Tracker]:
    """Return the class of the tracker `name`; an unknown name is an error that lists all."""
    if name not in TRACKERS:
        raise ValueError(f"unknown tracker {name!r}; valid are: {', '.join(TRACKERS)}")
    return TRACKERS[name]


def create_tracker(
    name: str, *, device: str = "auto", precision: str = "auto", **settings: Any
) -> Tracker:
    """Make a tracker; its weights are fetched the first time (see `tadt_tracking.weights`).

    Args:
        name: a key of `TRACKERS`.
        device: "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:N".
        precision: "auto" (the fastest that keeps the accuracy on this processor), "fp32", "bf16" or
            "fp16".
        settings: fields of the tracker's settings class.

    Raises:
        ValueError: unknown tracker, device or precision, listing the valid ones.
        SettingError: unknown setting or value out of range, likewise.
        WeightsError: the weights are not there and cannot be fetched, or have another checksum.
    """
    kind = tracker_class(name)
    checked = kind.Settings.from_dict(settings)
    compute = Compute.choose(device, precision)
    return kind(checked, compute, load(checked.weights))
