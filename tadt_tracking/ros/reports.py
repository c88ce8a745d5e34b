"""What goes into the worker and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tadt_tracking.box import Box
from tadt_tracking.result import Result
from tadt_tracking.ros.frames import Frame, seconds

if TYPE_CHECKING:  # the nodes without a tracker need not load its engine
    from tadt_tracking.trackers.base import Tracker


@dataclass(frozen=True)
class NamedTracker:
    """A tracker ready to run, and the name of its method."""

    name: str
    tracker: Tracker

    def __str__(self) -> str:
        """Return for example "tadt on cpu openvino int8"."""
        return f"{self.name} on {self.tracker.compute}"


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
    """Frames since the target was set. Those that cannot be decoded are only seen."""

    seen: int = 0
    processed: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Report:
    """What the worker tells after each frame, and when a target is forgotten.

    Attributes:
        frame: what this is about.
        target_id: of the target; empty without one.
        result: None without a target.
        update_ms: time that the tracker's init or update took, in milliseconds.
        counts: see :class:`Counts`.
        tracker: name of the method.
    """

    frame: Frame
    target_id: str
    result: Result | None
    update_ms: float
    counts: Counts
    tracker: str


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
        loaded: the tracker.
        target_id: of the target; empty without one.
        result: the last one; None without a target.
        counts: see :class:`Counts`.
        waiting_for: the frame that a requested target waits for; empty without one.
    """

    loaded: NamedTracker
    target_id: str
    result: Result | None
    counts: Counts
    waiting_for: str


@dataclass
class Target:
    """The target now followed.

    Attributes:
        target_id: given back with every result.
        first_box: what it was set from.
        first_index: index of the frame on which it was set.
        cursor: index of the last frame taken up.
        frame, result: the last frame with a result, and that result.
        processed, dropped: frames since it was set.
    """

    target_id: str
    first_box: Box
    first_index: int
    cursor: int
    frame: Frame
    result: Result
    processed: int = 0
    dropped: int = 0

    @classmethod
    def at(cls, frame: Frame, box: Box, target_id: str) -> Target:
        """Set a target on a frame; the given box is its first result, with score 1."""
        return cls(target_id, box, frame.index, frame.index, frame, Result(box, 1.0))

    def take_up(self, frame: Frame) -> None:
        """Go on to a frame; those in between are dropped."""
        self.dropped += frame.index - self.cursor - 1
        self.cursor = frame.index

    def found(self, frame: Frame, result: Result) -> None:
        """Note the result of a frame."""
        self.frame, self.result = frame, result
        self.processed += 1

    def counts(self, received: int) -> Counts:
        """Return the counts when the stream has brought `received` frames."""
        return Counts(received - self.first_index, self.processed, self.dropped)
