"""A session over sequences that tell no time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.engines import Compute
from tadt_tracking.result import Result
from tadt_tracking.session import Session, create_session

INTERVAL = 1 / 30  # s between two frames


class SteadySession:
    """A session behind the interface of a bare tracker: its frames come at a steady rate."""

    def __init__(self, session: Session) -> None:
        """Hold a session."""
        self._session, self._frame = session, 0

    @property
    def compute(self) -> Compute:
        """How and where its tracker computes."""
        return self._session.tracker.compute

    def init(self, image: np.ndarray, box: Box) -> None:
        """See :class:`Session`."""
        self._frame = 0
        self._session.init(image, box, 0.0)

    def update(self, image: np.ndarray) -> Result:
        """See :class:`Session`."""
        self._frame += 1
        return self._session.update(image, self._frame * INTERVAL)

    def warm_up(self) -> None:
        """See :class:`Session`."""
        self._session.warm_up()


def create_steady_session(name: str, **options: Any) -> SteadySession:
    """Make one; arguments and errors as of `create_session`."""
    return SteadySession(create_session(name, **options))
