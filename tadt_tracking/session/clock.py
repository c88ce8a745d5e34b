"""Time between frames, as the pictures' stamps tell it."""

from __future__ import annotations

import math
from enum import Enum
from statistics import median_low

RATE = 0.1  # share of the newest interval in the usual one
AT_FIRST = 5  # intervals, whose median is the usual one: some may have been gaps
MOST_BELIEVED = 3.0  # usual intervals that a longer one counts as


class Passed(Enum):
    """What the time since the last frame tells."""

    USUAL = "much as ever"
    GAP = "frames are missing"
    ANEW = "time has gone back: how much has passed is unknown"


class Clock:
    """Notices frames that are missing, and time that starts anew.

    Attributes:
        intervals: usual ones since the last frame, at least 1; infinitely many where unknown.
    """

    def __init__(self, stamp: float, gap: float) -> None:
        """Start at `stamp`, in seconds; beyond `gap` usual intervals frames are missing.

        Raises:
            ValueError: the stamp is not finite.
        """
        self._stamp, self._gap = _finite(stamp), gap
        self._usual = math.inf
        self._first: list[float] = []
        self.intervals = 1.0

    def advance(self, stamp: float) -> Passed:
        """Take note of the next frame's stamp, in seconds.

        Raises:
            ValueError: the stamp is not finite.
        """
        elapsed = _finite(stamp) - self._stamp
        self._stamp = stamp
        if elapsed < 0:
            self.intervals = math.inf
            return Passed.ANEW
        self.intervals = max(elapsed / self._usual, 1.0)
        if elapsed == 0:
            return Passed.USUAL
        self._note(elapsed)
        return Passed.GAP if self.intervals > self._gap else Passed.USUAL

    def _note(self, elapsed: float) -> None:
        """Learn what is usual; of an even number of first intervals the shorter middle one is."""
        if len(self._first) < AT_FIRST:
            self._first.append(elapsed)
            self._usual = median_low(self._first)
        else:
            believed = min(elapsed, MOST_BELIEVED * self._usual)
            self._usual += RATE * (believed - self._usual)


def _finite(stamp: float) -> float:
    if not math.isfinite(stamp):
        raise ValueError(f"a stamp must be finite seconds, got {stamp!r}")
    return stamp
