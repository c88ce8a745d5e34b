"""Sessions: any tracker, made to know when it has lost its target and to find it again."""

from __future__ import annotations

from typing import Any

from tadt_tracking.session.session import Session
from tadt_tracking.session.settings import SessionSettings
from tadt_tracking.trackers import create_tracker

__all__ = ["Session", "SessionSettings", "create_session"]


def create_session(name: str, **options: Any) -> Session:
    """Make a session of a tracker.

    Args:
        name: a key of `TRACKERS`.
        options: fields of `SessionSettings`, and all that `create_tracker` takes.

    Raises:
        SettingError: unknown setting or value out of range, listing what is valid.
        ValueError, WeightsError: see `create_tracker`.
    """
    of_session, others = SessionSettings.split(options)
    settings = SessionSettings.from_dict(of_session)
    return Session(create_tracker(name, **others), settings)
