"""How much is searched on a frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

SMOOTHING = 0.5  # share of the newest time in what a piece is expected to take
ROUNDING = 1e-9


class Budget:
    """Spreads pieces of work over frames: so many a frame, or so much time a frame, on average.

    Counted pieces make results that can be had again; a piece costs much the same on every frame,
    so that a count bounds the time, too. Time suits a machine to which a frame's rate matters more.
    A piece is begun only when what it will cost has been saved up, so that a budget below the cost
    of one piece leaves frames without any.
    """

    def __init__(
        self, pieces: float, ms: float, now: Callable[[], float] = time.perf_counter
    ) -> None:
        """Begin with nothing saved.

        Args:
            pieces: pieces a frame, where `ms` is 0.
            ms: milliseconds a frame.
            now: returns the time in seconds.
        """
        self._timed = ms > 0
        self._allowance = ms if self._timed else pieces
        self._cost = 0.0 if self._timed else 1.0  # of a piece, as far as is known
        self._saved = 0.0
        self._now = now

    def portion(self, work: Iterable[T]) -> Iterator[T]:
        """Give as much of `work` as this frame allows; time is that between two pieces asked for.

        Called once a frame. What is not used is saved for the next, up to one piece.
        """
        self._saved = min(self._saved + self._allowance, self._allowance + self._cost)
        pieces = iter(work)
        while self._saved + ROUNDING >= self._cost:
            started = self._now()
            try:
                yield next(pieces)
            except StopIteration:
                return
            if self._timed:
                self._cost += SMOOTHING * ((self._now() - started) * 1e3 - self._cost)
            self.spend()

    def spend(self) -> None:
        """Take off what a piece costs; for one that could not wait, the next frames save it."""
        self._saved -= self._cost
