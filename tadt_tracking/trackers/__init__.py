"""The registry of trackers: one line a method."""

from __future__ import annotations

from typing import Any

from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.trackers.base import ImageError, Tracker
from tadt_tracking.trackers.dasiamrpn import DaSiamRpn
from tadt_tracking.trackers.hcf import Hcf
from tadt_tracking.trackers.tadt import Tadt
from tadt_tracking.weights import load

TRACKERS: dict[str, type[Tracker]] = {"tadt": Tadt, "hcf": Hcf, "dasiamrpn": DaSiamRpn}

__all__ = ["TRACKERS", "ImageError", "Tracker", "create_tracker", "tracker_class"]


def tracker_class(name: str) -> type[Tracker]:
    """Return the class of the tracker `name`; an unknown name is an error that lists all."""
    if name not in TRACKERS:
        raise ValueError(f"unknown tracker {name!r}; valid are: {', '.join(TRACKERS)}")
    return TRACKERS[name]


def create_tracker(name: str, **options: Any) -> Tracker:
    """Make a tracker; its weights are fetched the first time (see `tadt_tracking.weights`).

    Args:
        name: a key of `TRACKERS`.
        options: fields of `ComputeSettings` (device, engine, precision, threads, compile,
            background) and of the tracker's own settings class.

    Raises:
        ValueError: unknown tracker, or a device or precision that is not there, listing what is.
        SettingError: unknown setting or value out of range, likewise.
        WeightsError: the weights are not there and cannot be fetched, have another checksum, or are
            those of another network.
    """
    kind = tracker_class(name)
    of_compute, of_tracker = ComputeSettings.split(options)
    settings = kind.Settings.from_dict(of_tracker)
    compute = Compute.choose(ComputeSettings.from_dict(of_compute))
    weights = load(kind.weights_name(settings))
    compute.set_threads()  # not only of this tracker: not before all that may have been got wrong
    return kind(settings, compute, weights)
