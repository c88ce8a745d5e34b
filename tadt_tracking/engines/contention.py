"""Where a network's threads run while other processes keep the cores busy."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from tadt_tracking.engines.time_slice import threads_in_short_slices

CONTENDED = 0.2  # share of a pass that the calling thread waits for a core, from which it is tried
ROUND = 5  # passes, the median of which counts
WORTH = 0.95  # of the spread threads' time, which gathered threads must undercut to stay so
RETRY = 150  # passes for which the outcome of a trial is believed
PROBE_EVERY, PROBE = 24, 2  # passes gathered, and then spread, to see whether the load is gone
GONE = 0.8  # of the gathered threads' time, which a probe then undercuts


class Plan:
    """Decides from the times of passes whether a network's threads gather on half of the cores.

    A thread that waits for the others gives its core away at every look (sched_yield), and Linux
    charges it for a whole time slice each time. Beside a busy process it so gets less than half of
    its core, and the others wait for it in turn. Two of our threads on one core give it to each
    other instead; the system moves the other process to the core that we left, where it has as
    much as before. Whether it can depends on what else runs where. So this does not guess: where
    threads wait for cores it tries, keeps the faster, and looks again now and then.
    """

    def __init__(self) -> None:
        """Begin with the threads spread over all cores."""
        self.gathered = False
        self._passes: list[tuple[float, float]] = []
        self._next: Callable[[], None] = self._after_spread
        self._length = ROUND
        self._spread = self._gathered = 0.0  # seconds a pass
        self._rest = 0  # passes for which the gathered threads' time is still believed

    def note(self, seconds: float, waited: float) -> None:
        """Take note of a pass: how long it took, and how much of that its thread waited."""
        self._passes.append((seconds, waited))
        self._rest = max(self._rest - 1, 0)
        if len(self._passes) == self._length:
            self._next()
            self._passes.clear()

    def _after_spread(self) -> None:
        contended = statistics.median(waited / s for s, waited in self._passes) > CONTENDED
        self._spread = self._median()
        if contended and (self._rest == 0 or self._gathered < WORTH * self._spread):
            self._go_on(True, ROUND, self._after_trial)

    def _after_trial(self) -> None:
        self._gathered, self._rest = self._median(), RETRY
        if self._gathered < WORTH * self._spread:
            self._go_on(True, PROBE_EVERY, self._after_gathered)
        else:
            self._go_on(False, ROUND, self._after_spread)

    def _after_gathered(self) -> None:
        self._gathered, self._rest = self._median(), RETRY
        self._go_on(False, PROBE, self._after_probe)

    def _after_probe(self) -> None:
        if min(seconds for seconds, _ in self._passes) < GONE * self._gathered:
            self._go_on(False, ROUND, self._after_spread)
        else:
            self._go_on(True, PROBE_EVERY, self._after_gathered)

    def _go_on(self, gathered: bool, length: int, then: Callable[[], None]) -> None:
        self.gathered, self._length, self._next = gathered, length, then

    def _median(self) -> float:
        return statistics.median(seconds for seconds, _ in self._passes)

    @contextmanager
    def of_pass(self) -> Iterator[None]:
        """Run a pass of the network, its threads placed as planned, and take note of it."""
        with gathered_threads() if self.gathered else nullcontext():
            waited, started = _seconds_waited(), time.perf_counter()
            yield
            self.note(time.perf_counter() - started, _seconds_waited() - waited)


@contextmanager
def gathered_threads() -> Iterator[None]:
    """Keep the calling thread, and those that work with it in step, on half of its cores.

    Those in step are known by their short time slices. Afterwards each may run where it might
    before.
    """
    cores = sorted(os.sched_getaffinity(0))
    half = cores[len(cores) // 2 :]
    before: dict[int, set[int]] = {}
    for thread in threads_in_short_slices():
        with suppress(OSError):  # the thread has ended
            before[thread] = os.sched_getaffinity(thread)
    for thread in before:
        _place(thread, half)
    try:
        yield
    finally:
        for thread, allowed in before.items():
            _place(thread, allowed)


def _place(thread: int, cores: list[int] | set[int]) -> None:
    with suppress(OSError):  # the thread has ended, or its cores were taken from this process
        os.sched_setaffinity(thread, cores)


def _seconds_waited() -> float:
    """Return how long the calling thread has been ready but without a core; 0 if untold."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
