"""Work that no result should wait for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch


class Background:
    """Does one job at a time, beside its owner or in step with it.

    In step, a job is done when :meth:`do` returns, so that runs can be had again; beside, what an
    owner gets to see of a job's effects depends on how busy the machine is.
    """

    def __init__(self, beside: bool) -> None:
        """Have a thread of its own, or none."""
        self._thread = ThreadPoolExecutor(1, "learning") if beside else None
        self._job: Future[None] | None = None

    @property
    def free(self) -> bool:
        """Whether there is no job in hand."""
        return self._job is None or self._job.done()

    def do(self, job: Callable[[], None]) -> None:
        """Do a job; to be called only while `free`.

        Raises:
            Exception: what this job raised, or beside its owner the one before it.
        """
        if self._thread is None:
            job()
            return
        if self._job is not None:
            self._job.result()
        self._job = self._thread.submit(torch.inference_mode()(job))
