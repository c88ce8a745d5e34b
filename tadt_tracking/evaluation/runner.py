"""A tracker's run over a sequence: init on the first frame, then update to the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.measures import overlaps, precision, success_auc
from tadt_tracking.result import Result, State

if TYPE_CHECKING:  # OpenCV's trackers run here too, in an environment without torch
    from tadt_tracking.trackers import Tracker


@dataclass(frozen=True)
class Track:
    """What a tracker did on one sequence.

    Attributes:
        sequence: the sequence (or film), with its truth.
        boxes: N x 4 (x, y, w, h) pixels; the first is the given one.
        scores: N confidences in [0, 1]; NaN for the given box.
        seconds: N times of init (first) and updates.
        evidence: N x K values of what the scores were made of; NaN where the tracker tells none.
        present: N booleans, whether the target is reported to be in the box. Only a session can say
            that it is not.
        tracked: N booleans, whether it is so without doubt: State.TRACKING, or no session.
    """

    sequence: Sequence
    boxes: np.ndarray
    scores: np.ndarray
    seconds: np.ndarray
    evidence: np.ndarray
    present: np.ndarray
    tracked: np.ndarray

    @classmethod
    def of(cls, sequence: Sequence, results: list[Result], seconds: list[float]) -> Track:
        """Gather the results of all frames; the first holds the given box."""
        states = [result.state or State.TRACKING for result in results]
        return cls(
            sequence,
            boxes=np.array([result.box for result in results]),
            scores=np.array([result.score for result in results]),
            seconds=np.array(seconds),
            evidence=_rows([result.evidence for result in results]),
            present=np.array([state.present for state in states]),
            tracked=np.array([state is State.TRACKING for state in states]),
        )

    @property
    def auc(self) -> float:
        """Area under the success curve."""
        return success_auc(self.boxes, self.sequence.truth)

    @property
    def precision(self) -> float:
        """Share of frames with a centre error of at most 20 px."""
        return precision(self.boxes, self.sequence.truth)

    @property
    def overlaps(self) -> np.ndarray:
        """N overlaps with the truth, NaN where the target is absent."""
        return overlaps(self.boxes, self.sequence.truth)


@dataclass(frozen=True)
class Outcome:
    """What came of running a tracker over sequences.

    Attributes:
        name: the tracker and how it computed, for tables.
        tracks: one a sequence, in order.
        peak_mib: the most memory in MiB that its process had resident; of several the largest.
    """

    name: str
    tracks: list[Track]
    peak_mib: float


def run_sequence(tracker: Tracker, sequence: Sequence) -> Track:
    """Run a tracker over all frames of a sequence."""
    results, seconds = [Result(sequence.first_box, np.nan)], []
    for index, frame in enumerate(sequence.frames()):
        started = time.perf_counter()
        if index == 0:
            tracker.init(frame, sequence.first_box)
        else:
            results.append(tracker.update(frame))
        seconds.append(time.perf_counter() - started)
    if len(seconds) != len(sequence.truth):
        raise ValueError(
            f"{sequence.name}: {len(seconds)} frames but {len(sequence.truth)} lines of truth"
        )
    return Track.of(sequence, results, seconds)


def _rows(values: list[tuple[float, ...]]) -> np.ndarray:
    """Return values as rows, all of NaN where there are none."""
    count = max(map(len, values))
    return np.array([row or (np.nan,) * count for row in values], float).reshape(len(values), count)


def pool_by_sequence(tracks: Iterable[Track]) -> list[Track]:
    """Join the tracks on variants of a sequence into one, in which every frame weighs the same."""
    found: dict[str, list[Track]] = {}
    for track in tracks:
        found.setdefault(track.sequence.name, []).append(track)
    return [_pooled(variants) for variants in found.values()]


def _pooled(tracks: list[Track]) -> Track:
    truth = np.concatenate([track.sequence.truth for track in tracks])
    keys = ("boxes", "scores", "seconds", "evidence", "present", "tracked")
    parts = (np.concatenate([getattr(track, key) for track in tracks]) for key in keys)
    return Track(replace(tracks[0].sequence, truth=truth), *parts)
