"""Work that no result should wait for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch


class Background:
    """Does one job at a time, beside its owner or in step with it.

    A job yields between its parts. In step, all of them are done when :meth:`do` returns, so that
    runs can be had again. Beside, an owner that calls once a frame has one part done a frame: a
    long job slows many frames a little, not two or three of them much. What of its effects is seen
    when depends on how busy the machine is.
    """

    def __init__(self, beside: bool) -> None:
        """Have a thread of its own, or none."""
        self._thread = ThreadPoolExecutor(1, "learning") if beside else None
        self._job: Iterator[None] = iter(())
        self._part: Future[bool] | None = None

    def go_on(self) -> bool:
        """Begin the next part of the job in hand, if one is due; returns whether there is a job.

        Raises:
            Exception: what the job raised.
        """
        if self._part is None:
            return False
        if self._part.done():
            part, self._part = self._part, None
            if part.result():
                self._begin()
        return self._part is not None

    def do(self, job: Iterator[None]) -> None:
        """Do a job, beside its owner the first part of it; to be called only with none in hand.

        Raises:
            Exception: what the job raised, in step.
        """
        self._job = job
        if self._thread is not None:
            self._begin()
            return
        for _ in job:
            pass

    def _begin(self) -> None:
        self._part = self._thread.submit(self._do_part)

    @torch.inference_mode()
    def _do_part(self) -> bool:
        """Do the next part; returns whether another is left."""
        return next(self._job, StopIteration) is not StopIteration
