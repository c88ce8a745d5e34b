"""How a run is asked to stop: SIGTERM or SIGINT, after which it saves its state and ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import cv2
import torch

from tadt_tracking.training.ranks import Ranks

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_requests(ranks: Ranks) -> Iterator[Callable[[], bool]]:
    """Let the two signals only leave a note while the context lasts.

    Args:
        ranks: the processes that train together.

    Returns:
        Function that tells whether any of them was asked to stop; all must call it together.
    """
    noted = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield lambda: bool(ranks.total(torch.tensor(len(noted))))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_signals_alone(worker: int) -> None:
    """Set up a process that loads data: it ends with the one that trains, not before."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(0)
