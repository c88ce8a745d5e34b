"""How a run is asked to stop: SIGTERM or SIGINT, after which it saves its state and ends."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

import cv2
import torch

from tadt_tracking.training.ranks import Ranks

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """A context in which the two signals only leave a note, which all processes see alike."""

    def __init__(self, ranks: Ranks) -> None:
        """Belong to the processes `ranks`."""
        self._ranks, self._noted = ranks, False

    def __enter__(self) -> StopRequest:
        """Take the signals."""
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def asked(self) -> bool:
        """Return whether any process was asked to stop; all must ask this together."""
        return bool(self._ranks.total(torch.tensor(int(self._noted))))

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = True


def leave_signals_alone(worker: int) -> None:
    """Set up a process that loads data: it ends with the one that trains, not before."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(0)
