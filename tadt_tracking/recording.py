"""Writes what a tracker did as a table, a video and a summary; puts results to their pictures."""

from __future__ import annotations

import csv
import json
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.overlay import Overlay, draw

COLUMNS = ("frame", "stamp", "id", "x", "y", "w", "h", "score", "state", "latency_ms")
FALLBACK_RATE_HZ = 30.0  # of the video, where the stamps of the pictures cannot tell
VIDEO_RATES_HZ = (0.1, 120.0)  # MPEG-4 keeps rates as fractions of 16-bit numbers
_NANO = 1_000_000_000
_LATENCIES = 100_000  # percentiles are taken over this many results
_NOTHING = Overlay("IDLE", 0.0)


@dataclass(frozen=True)
class TrackedBox:
    """One result.

    Attributes:
        target_id: name of the target.
        box: the box in pixels, the last one believed while the target is not seen.
        seen: whether the target is seen.
        score: confidence in [0, 1]; 0 while it is not seen.
        latency_ms: time from the picture's stamp to the arrival of the result.
    """

    target_id: str
    box: Box
    seen: bool
    score: float
    latency_ms: float


@dataclass(frozen=True)
class Condition:
    """What the tracker told about itself with a result.

    Attributes:
        state: a key of `overlay.STATE_COLORS`.
        search: where the target was looked for, in pixels; None if that was not told.
    """

    state: str
    search: Box | None


@dataclass
class _Entry:
    """What is known of one stamp so far."""

    frame: int | None = None
    picture: np.ndarray | None = None
    result: TrackedBox | None = None
    condition: Condition | None = None

    @property
    def complete(self) -> bool:
        return None not in (self.frame, self.result, self.condition)


class Recording:
    """Collects pictures, results and conditions in any order; writes them in the order of stamps.

    A stamp is written when all three are there, together with all earlier stamps: a picture that
    still has no result then was not processed. At most `capacity` stamps are held back, and the
    first picture until a second one tells the video's rate.

    A picture whose stamp goes back means that the stream began anew (a recording played again, a
    simulation reset): what waits is written, and the stamps count from there on. The percentiles of
    the summary are those of the last 100,000 results.
    """

    def __init__(self, folder: Path, video_rate: float = 0.0, capacity: int = 90) -> None:
        """Open results.csv in `folder`, which is made if it is missing.

        Args:
            folder: takes results.csv, overlay.mp4 and summary.json.
            video_rate: pictures a second of the video; 0 takes it from the stamps.
            capacity: how many stamps may wait for their parts.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._video_rate = video_rate
        self._capacity = capacity
        self._table = (folder / "results.csv").open("w", newline="")
        self._rows = csv.writer(self._table)
        self._rows.writerow(COLUMNS)
        self._video: _Video | None = None
        self._waiting: dict[int, _Entry] = {}
        self._newest = -1  # stamp of the picture that came last
        self._written = -1  # the newest stamp that was written
        self._cut_off: set[int] = set()  # stamps that waited when the stream began anew
        self._last = _NOTHING
        self._given_up: int | None = None  # pictures with later stamps show no target
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._counts = Counter(pictures=0, results=0, results_without_picture=0, too_late=0)
        self._states: Counter[str] = Counter()

    def add_picture(self, stamp: int, picture: np.ndarray) -> None:
        """Take the next picture (H x W x 3, uint8, BGR); stamp in nanoseconds."""
        if stamp < self._newest:
            self._begin_anew()
        self._newest = stamp
        self._cut_off.discard(stamp)
        entry = self._entry(stamp)
        self._counts["pictures"] += 1
        if entry is None:
            self._counts["too_late"] += 1
            return
        entry.frame, entry.picture = self._counts["pictures"] - 1, picture
        self._write_ready(stamp)

    def add_result(self, stamp: int, result: TrackedBox) -> None:
        """Take the result for the picture with this stamp (nanoseconds)."""
        entry = self._entry(stamp)
        if entry is None:
            self._counts["too_late"] += 1
            return
        entry.result = result
        self._write_ready(stamp)

    def add_condition(self, stamp: int, condition: Condition) -> None:
        """Take the tracker's condition at the picture with this stamp (nanoseconds).

        IDLE tells that there is no target any more after that picture.
        """
        if condition.state == "IDLE":
            self._given_up = stamp
            return
        entry = self._entry(stamp)
        if entry is not None:
            entry.condition = condition
            self._write_ready(stamp)

    def close(self, **more: Any) -> dict[str, Any]:
        """Write what waits, finish all files, and return the summary, to which `more` is added."""
        self._write_all()
        self._table.close()
        if self._video is not None:
            self._video.close()
        summary = {
            **self._counts,
            "states": dict(self._states),
            "latency_ms": percentiles(self._latencies),
            "csv": str(self._folder / "results.csv"),
            "video": str(self._folder / "overlay.mp4") if self._video else None,
            **more,
        }
        (self._folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        return summary

    def _entry(self, stamp: int) -> _Entry | None:
        """Return the entry of a stamp, a new one if need be; None if it was already written."""
        if stamp <= self._written or stamp in self._cut_off:
            return None
        return self._waiting.setdefault(stamp, _Entry())

    def _begin_anew(self) -> None:
        self._cut_off = set(self._waiting)
        self._write_all()
        self._written = -1
        if self._given_up is not None:
            self._show_nothing()

    def _show_nothing(self) -> None:
        self._last, self._given_up = _NOTHING, None

    def _write_ready(self, stamp: int) -> None:
        if self._waiting[stamp].complete and self._rate_is_known():
            self._write_until(stamp)
        if len(self._waiting) > self._capacity:
            self._write_until(min(self._waiting))

    def _rate_is_known(self) -> bool:
        """Tell whether the video has its rate, or enough pictures wait to tell it."""
        return bool(self._video or self._video_rate) or len(self._waiting_pictures()) > 1

    def _waiting_pictures(self) -> list[int]:
        return [stamp for stamp, entry in self._waiting.items() if entry.picture is not None]

    def _write_all(self) -> None:
        self._write_until(max(self._waiting, default=self._written))

    def _write_until(self, stamp: int) -> None:
        for ready in sorted(key for key in self._waiting if key <= stamp):
            self._write(ready, self._waiting[ready])
            del self._waiting[ready]
            self._written = ready

    def _write(self, stamp: int, entry: _Entry) -> None:
        if self._given_up is not None and stamp > self._given_up:
            self._show_nothing()
        if entry.result is not None:
            self._write_row(stamp, entry)
        if entry.picture is not None:
            self._write_picture(entry)

    def _write_row(self, stamp: int, entry: _Entry) -> None:
        result, state = entry.result, _state(entry)
        box = [f"{value:.4f}" for value in result.box] if result.seen else [""] * 4
        frame = "" if entry.frame is None else entry.frame
        time = f"{stamp // _NANO}.{stamp % _NANO:09d}"
        score, latency = f"{result.score:.4f}", f"{result.latency_ms:.3f}"
        self._rows.writerow((frame, time, result.target_id, *box, score, state, latency))
        self._latencies.append(result.latency_ms)
        self._counts["results"] += 1
        self._counts["results_without_picture"] += entry.frame is None
        self._states[state] += 1

    def _write_picture(self, entry: _Entry) -> None:
        caption = f"frame {entry.frame}"
        if entry.result is not None:
            search = entry.condition.search if entry.condition else None
            self._last = Overlay(_state(entry), entry.result.score, entry.result.box, search)
            caption += f"   {entry.result.latency_ms:.0f} ms"
        elif self._last.box is not None:
            caption += "   not processed"
        if self._video is None:
            rate = self._video_rate or _rate(self._waiting_pictures())
            self._video = _Video(self._folder / "overlay.mp4", rate, entry.picture)
        self._video.write(draw(entry.picture, replace(self._last, caption=caption)))


class _Video:
    """An mp4 file; pictures of another size than the first are resized to it."""

    def __init__(self, path: Path, rate: float, first: np.ndarray) -> None:
        self._size = (first.shape[1], first.shape[0])
        coding = cv2.VideoWriter.fourcc(*"mp4v")
        kept = round(float(np.clip(rate, *VIDEO_RATES_HZ)), 2)
        self._writer = cv2.VideoWriter(str(path), coding, kept, self._size)
        if not self._writer.isOpened():
            raise OSError(f"cannot write video {path}")

    def write(self, picture: np.ndarray) -> None:
        same = (picture.shape[1], picture.shape[0]) == self._size
        self._writer.write(picture if same else cv2.resize(picture, self._size))

    def close(self) -> None:
        self._writer.release()


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """Return the median and the 95th percentile, None where there is no value."""
    if not values:
        return None
    middle, high = np.percentile(values, (50, 95))
    return {"p50": round(float(middle), 3), "p95": round(float(high), 3)}


def _state(entry: _Entry) -> str:
    """Return the state that was told; without one, what the result itself says."""
    if entry.condition is not None:
        return entry.condition.state
    return "TRACKING" if entry.result.seen else "LOST"


def _rate(stamps: list[int]) -> float:
    """Return the pictures a second that stamps in nanoseconds tell."""
    steps = np.diff(sorted(stamps))
    return float(_NANO / np.median(steps)) if len(steps) else FALLBACK_RATE_HZ
