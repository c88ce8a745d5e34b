"""Visual tracking of one target, for Python and ROS 2."""

from __future__ import annotations

from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

# The source tree and the prefix that holds the generated messages make up one package.
__path__ = extend_path(__path__, __name__)

if TYPE_CHECKING:
    from tadt_tracking.session import create_session
    from tadt_tracking.trackers import create_tracker

__all__ = ["create_session", "create_tracker"]


def __getattr__(name: str) -> Any:
    """Import the public surface on first use, so that message types load without torch."""
    if name == "create_session":
        from tadt_tracking.session import create_session

        return create_session
    if name == "create_tracker":
        from tadt_tracking.trackers import create_tracker

        return create_tracker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
