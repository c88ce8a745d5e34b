"""The target that the worker follows, and what it has gone through."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.box import Box
from tadt_tracking.result import Result, State
from tadt_tracking.ros.frames import Frame, seconds
from tadt_tracking.ros.reports import Counts


@dataclass
class Target:
    """The target now followed.

    Attributes:
        target_id: given back with every result.
        first_box: what it was set from.
        first_index: index of the frame on which it was set.
        cursor: index of the last frame taken up.
        frame, result: the last frame with a result, and that result.
        certain_frame: the last frame on which it was seen for certain.
        processed, dropped: frames since it was set.
        redetections: times that it was found again since it was set.
        last_change: how it was lost or found the last time, in words; empty before the first.
    """

    target_id: str
    first_box: Box
    first_index: int
    cursor: int
    frame: Frame
    result: Result
    certain_frame: Frame
    processed: int = 0
    dropped: int = 0
    redetections: int = 0
    last_change: str = ""

    @classmethod
    def at(cls, frame: Frame, box: Box, target_id: str) -> Target:
        """Set a target on a frame; the given box is its first result, with score 1."""
        result = Result(box, 1.0, state=State.TRACKING)
        return cls(target_id, box, frame.index, frame.index, frame, result, frame)

    def take_up(self, frame: Frame) -> None:
        """Go on to a frame; those in between are dropped."""
        self.dropped += frame.index - self.cursor - 1
        self.cursor = frame.index

    def found(self, frame: Frame, result: Result) -> str:
        """Note the result of a frame.

        Returns:
            How it was lost or found again on this frame, in words; empty if neither.
        """
        change = self._change(frame, result)
        if change:
            self.last_change = f"{change}, at {seconds(frame.stamp)}"
        self.redetections += result.state.present and not self.result.state.present
        self.frame, self.result = frame, result
        self.processed += 1
        if result.state is State.TRACKING:
            self.certain_frame = frame
        return change

    @property
    def known_at(self) -> tuple[Frame, Box]:
        """The last frame with a believed box, and that box: where another tracker can start."""
        frame = self.frame if self.result.state.present else self.certain_frame
        return frame, self.result.box

    def counts(self, received: int) -> Counts:
        """Return the counts when the stream has brought `received` frames."""
        seen = received - self.first_index
        return Counts(seen, self.processed, self.dropped, self.redetections)

    def _change(self, frame: Frame, result: Result) -> str:
        before, now = self.result.state.present, result.state.present
        if before == now:
            return ""
        if before:
            return f"lost: score {result.score:.3f}, last box {_words(result.box)}"
        away = (frame.stamp - self.certain_frame.stamp) / 1e9
        return f"found again after {away:.2f} s: score {result.score:.3f}, box {_words(result.box)}"


def _words(box: Box) -> str:
    x, y, w, h = (round(value, 1) for value in box)
    return f"({x}, {y}, {w}, {h})"
