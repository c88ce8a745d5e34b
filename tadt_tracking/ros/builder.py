"""Builds another tracker in a thread of its own, while the present one goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tadt_tracking.ros.job_thread import Job, JobThread
from tadt_tracking.ros.reports import Listener, NamedSession


@dataclass(frozen=True)
class Change:
    """Another tracker that is asked for.

    Attributes:
        build: makes it, with a session; may take minutes.
        took_over: called in one of the worker's threads when it runs.
        stayed: likewise, when it cannot, and the present one stays.
    """

    build: Callable[[], NamedSession]
    took_over: Callable[[], None]
    stayed: Callable[[], None]

    def failed(self, listener: Listener, error: Exception) -> None:
        """Tell that it cannot run."""
        self.stayed()
        listener.failed("changing the tracker (the present one stays)", error)


class Builder:
    """Builds what was asked for last."""

    def __init__(self, built: Callable[[NamedSession, Change], None], listener: Listener) -> None:
        """Hold who hears of what is built, and of faults, in the builder's thread.

        Nothing runs before :meth:`start`.
        """
        self._built, self._listener = built, listener
        self._change: Change | None = None
        self._thread = JobThread("builder", self._next_job, partial(listener.failed, "building"))

    def start(self) -> None:
        """Start to build; does nothing where that goes on."""
        self._thread.start()

    def ask(self, change: Change) -> None:
        """Ask for a tracker; what was asked for before and is not begun is forgotten."""
        with self._thread.lock:
            self._change = change
            self._thread.lock.notify()

    def close(self) -> None:
        """End for good, without waiting for what is being built."""
        self._thread.leave()

    def _next_job(self) -> Job | None:
        change, self._change = self._change, None
        return None if change is None else partial(self._build, change)

    def _build(self, change: Change) -> None:
        try:
            loaded = change.build()
        except Exception as error:  # whatever it is, the present tracker can go on
            change.failed(self._listener, error)
        else:
            self._built(loaded, change)
