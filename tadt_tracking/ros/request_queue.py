"""What is asked of a worker, in order: jobs, and boxes, which may have to wait for their frame."""

from __future__ import annotations

from collections import deque

from tadt_tracking.ros.job_thread import Job
from tadt_tracking.ros.reports import InitRequest


class RequestQueue:
    """Requests in the order in which they came; whoever uses it holds a lock.

    Attributes:
        waiting: the box that waits for its frame, until :meth:`next` hands it out again.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.waiting: InitRequest | None = None
        self._asked: deque[Job | InitRequest] = deque()

    def put(self, asked: Job | InitRequest) -> None:
        """Take a request."""
        self._asked.append(asked)

    def next(self, newest: int | None) -> Job | InitRequest | None:
        """Hand out the next request, last the box whose frame may have come.

        Args:
            newest: stamp of the newest frame; None: there is none.
        """
        if self._asked:
            return self._asked.popleft()
        waiting = self.waiting
        if waiting is None or newest is None or waiting.stamp > newest:
            return None
        self.waiting = None
        return waiting

    def drop_boxes(self) -> list[str]:
        """Drop all boxes, keep the jobs; returns what each box was dropped before."""
        waiting, self.waiting = self.waiting, None
        jobs = [asked for asked in self._asked if not isinstance(asked, InitRequest)]
        boxes = len(self._asked) - len(jobs)
        self._asked = deque(jobs)
        came = [] if waiting is None else [f"{waiting} came"]
        return came + ["it was taken up"] * boxes
