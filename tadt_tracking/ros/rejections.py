"""Input that was refused: counted, the last reason kept, logged without flooding."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tadt_tracking.ros.throttle import Throttle


@dataclass(frozen=True)
class Rejected:
    """What was refused so far; `kind` and `reason` are empty before the first time."""

    count: int = 0
    kind: str = ""
    reason: str = ""


class Rejections:
    """Takes refusals from any thread."""

    def __init__(self, warn: Callable[[str], None], now_ns: Callable[[], int]) -> None:
        """Start with none.

        Args:
            warn: writes a line to the log.
            now_ns: the time in nanoseconds.
        """
        self._warn, self._throttle = warn, Throttle(now_ns)
        self._lock = threading.Lock()
        self._last = Rejected()

    @property
    def last(self) -> Rejected:
        """The last refusal, and how many there were."""
        return self._last

    def add(self, kind: str, reason: str) -> None:
        """Note that input of a kind ("image", "target_init", ...) was refused."""
        with self._lock:
            self._last = Rejected(self._last.count + 1, kind, reason)
        text = f"refused {kind}: {reason}"
        if self._throttle.passes(text):
            self._warn(text)
