"""What keeps the log from being flooded."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

_REPEAT_NS = 5_000_000_000  # the same text is let through again after this time
_REMEMBERED = 16  # texts


class Throttle:
    """Lets a text through that was not let through lately; to be asked from any thread."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        """Remember none; `now_ns` is the time in nanoseconds."""
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._passed: dict[str, int] = {}  # text without its numbers -> when

    def passes(self, text: str) -> bool:
        """Tell whether to log a text. Numbers in it may be others every time: a size, a stamp."""
        kind = re.sub(r"\d+", "", text)
        with self._lock:
            now, passed = self._now_ns(), self._passed.get(kind)
            if passed is not None and 0 <= now - passed < _REPEAT_NS:
                return False
            if len(self._passed) >= _REMEMBERED:
                self._passed.clear()
            self._passed[kind] = now
            return True
