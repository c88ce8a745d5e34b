"""The newest frames of a stream, undecoded."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Frame:
    """One image message.

    Attributes:
        index: how many frames came before it.
        stamp: of the message's header, in nanoseconds.
        message: the image message, not decoded.
    """

    index: int
    stamp: int
    message: Any

    @property
    def seconds(self) -> float:
        """The stamp in seconds."""
        return self.stamp / 1e9


class FrameBuffer:
    """Holds the newest `capacity` frames of a stream. Not thread-safe."""

    def __init__(self, capacity: int) -> None:
        """Start empty."""
        self._frames: deque[Frame] = deque(maxlen=capacity)
        self.received = 0

    def add(self, stamp: int, message: Any) -> Frame:
        """Take in the next message; `stamp` in nanoseconds.

        A stamp that goes back means that the stream began anew (a recording played again, a
        simulation reset): what came before is forgotten.
        """
        if self._frames and stamp < self._frames[-1].stamp:
            self._frames.clear()
        frame = Frame(self.received, stamp, message)
        self._frames.append(frame)
        self.received += 1
        return frame

    @property
    def newest(self) -> Frame | None:
        """The frame that came last."""
        return self._frames[-1] if self._frames else None

    def find(self, stamp: int) -> Frame | None:
        """Return the newest frame with exactly this stamp, in nanoseconds."""
        return next((frame for frame in reversed(self._frames) if frame.stamp == stamp), None)

    def after(self, index: int) -> list[Frame]:
        """Return the frames that came after the one with this index, oldest first."""
        return [frame for frame in self._frames if frame.index > index]

    def clear(self) -> None:
        """Forget the frames; counting goes on."""
        self._frames.clear()

    def __str__(self) -> str:
        """Return how many frames there are, and their range of stamps in seconds."""
        if not self._frames:
            return "no frames"
        first, last = (seconds(self._frames[end].stamp) for end in (0, -1))
        return f"{len(self._frames)} frames from {first} to {last}"


class FrameQueue(FrameBuffer):
    """Hands out the newest frame, or first some of those that were missed. Not thread-safe."""

    def __init__(self, capacity: int, catch_up: int) -> None:
        """Start empty; at most `catch_up` missed frames are handed out."""
        super().__init__(capacity)
        self._limit = catch_up
        self._missed: deque[Frame] = deque()

    def catch_up(self, index: int) -> None:
        """Hand out frames that came after the one with this index first, evenly spread."""
        self._missed = deque(spread(self.after(index), self._limit))

    def skip_missed(self) -> None:
        """Hand out none of the missed frames."""
        self._missed.clear()

    def take_after(self, index: int) -> Frame | None:
        """Return the frame to work on after the one with this index, None while there is none."""
        if self._missed:
            return self._missed.popleft()
        newest = self.newest
        return newest if newest is not None and newest.index > index else None

    def clear(self) -> None:
        """Forget the frames, the missed ones too; counting goes on."""
        super().clear()
        self.skip_missed()


def spread(frames: Sequence[Frame], limit: int) -> list[Frame]:
    """Return at most `limit` of the frames, evenly spread, in order; the last is among them."""
    count = min(limit, len(frames))
    return [frames[-(-(k + 1) * len(frames) // count) - 1] for k in range(count)]


def seconds(stamp: int) -> str:
    """Return a stamp in nanoseconds as text in seconds."""
    return f"{stamp // 1_000_000_000}.{stamp % 1_000_000_000:09d} s"
