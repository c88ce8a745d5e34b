"""One-pass evaluation: init on the first frame, then update to the end."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.measures import overlaps, precision, success_auc
from tadt_tracking.trackers import Tracker


@dataclass(frozen=True)
class Track:
    """What a tracker did on one sequence.

    Attributes:
        sequence: the sequence, with its truth.
        boxes: N x 4 (x, y, w, h) pixels; the first is the given one.
        scores: N confidences in [0, 1]; the first is 1.
        seconds: N times of init (first) and updates.
    """

    sequence: Sequence
    boxes: np.ndarray
    scores: np.ndarray
    seconds: np.ndarray

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


def run_sequence(tracker: Tracker, sequence: Sequence) -> Track:
    """Run a tracker over all frames of a sequence."""
    boxes, scores, seconds = [], [], []
    for index, frame in enumerate(sequence.frames()):
        started = time.perf_counter()
        if index == 0:
            tracker.init(frame, sequence.first_box)
            box, score = sequence.first_box, 1.0
        else:
            result = tracker.update(frame)
            box, score = result.box, result.score
        seconds.append(time.perf_counter() - started)
        boxes.append(box)
        scores.append(score)
    if len(boxes) != len(sequence.truth):
        raise ValueError(
            f"{sequence.name}: {len(boxes)} frames but {len(sequence.truth)} lines of truth"
        )
    return Track(sequence, np.array(boxes), np.array(scores), np.array(seconds))
