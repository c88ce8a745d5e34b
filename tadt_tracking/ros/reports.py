"""What goes into the worker and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.result import Result
from tadt_tracking.ros.frames import Frame, seconds

if TYPE_CHECKING:  # the nodes without a tracker need not load its engine
    from tadt_tracking.session import Session


@dataclass(frozen=True)
class NamedSession:
    """A session ready to run, and the name of its tracker's method."""

    name: str
    session: Session

    @property
    def compute(self) -> str:
        """Where and how the tracker computes, for example "cpu openvino int8"."""
        return str(self.session.tracker.compute)

    def use_threads(self) -> None:
        """Let torch use as many threads as the tracker wants, here and in threads to come."""
        self.session.tracker.compute.set_threads()

    def __str__(self) -> str:
        """Return for example "tadt on cpu openvino int8"."""
        return f"{self.name} on {self.compute}"


@dataclass(frozen=True)
class InitRequest:
    """A target to be followed.

    Attributes:
        box: on the frame with `stamp`, in pixels.
        stamp: in nanoseconds; 0 for the newest frame.
        target_id: given back with every result; empty for one made by the worker.
    """

    box: Box
    stamp: int
    target_id: str

    def __str__(self) -> str:
        """Return which frame is asked for."""
        return f"frame {seconds(self.stamp)}" if self.stamp else "the first frame"


@dataclass(frozen=True)
class Counts:
    """Counted since the target was set.

    Attributes:
        seen, processed, dropped: frames; those that cannot be decoded are only seen.
        redetections: times that the target was found again after it was lost.
    """

    seen: int = 0
    processed: int = 0
    dropped: int = 0
    redetections: int = 0


@dataclass(frozen=True)
class Report:
    """What the worker tells after each frame, and when a target is forgotten.

    Attributes:
        frame: what this is about.
        target_id: of the target; empty without one.
        result: None without a target.
        update_ms: time that the session's init or update took, in milliseconds.
        counts: see :class:`Counts`.
        tracker: name of the method.
        picture: the frame, decoded: H x W x 3, uint8, BGR; None without a target.
    """

    frame: Frame
    target_id: str
    result: Result | None
    update_ms: float
    counts: Counts
    tracker: str
    picture: np.ndarray | None = None


class Listener(Protocol):
    """Who hears what the worker does; called in the worker's thread."""

    def report(self, report: Report) -> None:
        """Take the outcome of a frame."""

    def refused(self, kind: str, reason: str) -> None:
        """Take notice of bad input of a kind ("image", "target_init", "reset")."""

    def failed(self, doing: str, error: Exception) -> None:
        """Take notice of a fault; the worker goes on."""

    def noted(self, text: str) -> None:
        """Take notice of something worth a line in the log."""


@dataclass(frozen=True)
class Snapshot:
    """The worker's present state.

    Attributes:
        loaded: the session.
        target_id: of the target; empty without one.
        result: the last one; None without a target.
        counts: see :class:`Counts`.
        last_change: how the target was lost or found the last time; empty before the first.
        waiting_for: the frame that a requested target waits for; empty without one.
    """

    loaded: NamedSession
    target_id: str
    result: Result | None
    counts: Counts
    last_change: str
    waiting_for: str
