"""A thread that does one job after another."""

from __future__ import annotations

import threading
from collections.abc import Callable

Job = Callable[[], None]


class JobThread:
    """Does the jobs that `next_job` hands out, until it is halted."""

    def __init__(
        self, name: str, next_job: Callable[[], Job | None], failed: Callable[[Exception], None]
    ) -> None:
        """Hold what is to be done; nothing runs before :meth:`start`.

        Args:
            name: of the thread.
            next_job: returns the next job, or None while there is none; called under `lock`.
            failed: hears of what a job raised; the thread goes on.
        """
        self._name = name
        self._next_job = next_job
        self._failed = failed
        self._changed = threading.Condition()
        self._halting = False
        self._thread: threading.Thread | None = None

    @property
    def lock(self) -> threading.Condition:
        """Guards all that `next_job` looks at; notify it after a change."""
        return self._changed

    def start(self) -> None:
        """Start the thread; does nothing where it runs."""
        if self._thread is not None:
            return
        self._halting = False
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def halt(self) -> None:
        """End the thread when the job in hand is done; does nothing where none runs."""
        if self._thread is not None:
            self.leave()
            self._thread.join()
            self._thread = None

    def leave(self) -> None:
        """As :meth:`halt`, but wait for no job in hand; the thread cannot be started again."""
        with self._changed:
            self._halting = True
            self._changed.notify()

    def _run(self) -> None:
        while (job := self._wait_for_job()) is not None:
            try:
                job()
            except Exception as error:  # the end of the line: the next job may well succeed
                self._failed(error)

    def _wait_for_job(self) -> Job | None:
        with self._changed:
            while not self._halting:
                job = self._next_job()
                if job is not None:
                    return job
                self._changed.wait()
        return None
