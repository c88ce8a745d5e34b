"""Input that was refused: counted, the last reason kept, logged without flooding."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

_REPEAT_NS = 5_000_000_000  # the same reason is logged again after this time
_REMEMBERED = 16  # reasons


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
        self._warn = warn
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._logged: dict[str, int] = {}  # reason without its numbers -> when
        self._last = Rejected()

    @property
    def last(self) -> Rejected:
        """The last refusal, and how many there were."""
        return self._last

    def add(self, kind: str, reason: str) -> None:
        """Note that input of a kind ("image", "target_init", ...) was refused."""
        with self._lock:
            self._last = Rejected(self._last.count + 1, kind, reason)
            # Numbers may be others every time: a size, a stamp.
            fresh = self._is_fresh(re.sub(r"\d+", "", f"{kind}: {reason}"))
        if fresh:
            self._warn(f"refused {kind}: {reason}")

    def _is_fresh(self, text: str) -> bool:
        now, logged = self._now_ns(), self._logged.get(text)
        if logged is not None and 0 <= now - logged < _REPEAT_NS:
            return False
        if len(self._logged) >= _REMEMBERED:
            self._logged.clear()
        self._logged[text] = now
        return True
