"""Measures for targets that leave and come back.

Precision, recall and F of VOT-LT: Lukezic et al., "Now you see me: evaluating performance in
long-term visual tracking", 2018, section 3. TPR, TNR and MaxGM of OxUvA: Valmadre et al.,
"Long-term Tracking in the Wild: A Benchmark", ECCV 2018, section 4.

Everywhere: N overlaps with the truth, NaN where the target is absent, and N booleans, whether the
tracker reports the target to be present. The frame on which the box was given is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FOUND = 0.5  # overlap above which the target counts as found


class LongTerm(NamedTuple):
    """The best point of a tracking F-measure's curve.

    Attributes:
        f: harmonic mean of precision and recall, its maximum over confidence thresholds.
        precision: mean overlap on the frames on which the target is reported (0 where absent).
        recall: mean overlap on the frames on which the target is visible (0 where not reported).
        threshold: confidence from which on it counts as reported.
    """

    f: float
    precision: float
    recall: float
    threshold: float


class Presence(NamedTuple):
    """How well presence is told, at one working point.

    Attributes:
        tpr: share of the visible frames on which the target is reported and found.
        tnr: share of the absent frames on which it is reported absent; NaN: there are none.
    """

    tpr: float
    tnr: float

    @property
    def max_gm(self) -> float:
        """The largest geometric mean of both, were some reports taken back at random.

        With a share q of the reports kept it is sqrt(q TPR (q TNR + 1 - q)), largest at
        q = 1 / (2 (1 - TNR)), or at 1.
        """
        kept = 1.0 if self.tnr >= 0.5 else 1 / (2 * (1 - self.tnr))
        return float(np.sqrt(kept * self.tpr * (kept * self.tnr + 1 - kept)))


def best_f(overlaps: Sequence[np.ndarray], confidences: Sequence[np.ndarray]) -> LongTerm:
    """Return the largest F over thresholds common to all sequences, which weigh the same.

    Args:
        overlaps: of every sequence.
        confidences: likewise; -inf on frames on which the target is not reported at all.
    """
    every = np.unique(np.concatenate(confidences))
    thresholds = every[np.isfinite(every)]
    if not len(thresholds):
        return LongTerm(0.0, 1.0, 0.0, np.inf)
    curves = [
        precision_recall(of, told, thresholds)
        for of, told in zip(overlaps, confidences, strict=True)
    ]
    precision, recall = np.mean(curves, axis=0)
    f = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    best = int(f.argmax())
    return LongTerm(*(float(values[best]) for values in (f, precision, recall, thresholds)))


def precision_recall(
    overlaps: np.ndarray, confidences: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return tracking precision and recall of a sequence at each threshold.

    Precision is 1 where nothing is reported, as in the VOT toolkit.
    """
    order = np.argsort(-confidences)
    shared = np.concatenate([[0.0], np.cumsum(np.nan_to_num(overlaps)[order])])
    reported = np.searchsorted(-confidences[order], -thresholds, side="right")
    precision = np.where(reported > 0, shared[reported] / np.maximum(reported, 1), 1.0)
    return precision, shared[reported] / np.sum(~np.isnan(overlaps))


def presence(overlaps: np.ndarray, reported: np.ndarray) -> Presence:
    """Return true positive and true negative rates."""
    absent = np.isnan(overlaps)
    tpr = np.mean(found(overlaps, reported)[~absent])
    return Presence(float(tpr), float(np.mean(~reported[absent])) if absent.any() else np.nan)


def found(overlaps: np.ndarray, reported: np.ndarray) -> np.ndarray:
    """Return for every frame whether the target is there, reported, and in the box."""
    return reported & (np.nan_to_num(overlaps) > FOUND)


def after_absence(overlaps: np.ndarray) -> np.ndarray:
    """Return for every frame whether it is visible and behind the first absence."""
    absent = np.isnan(overlaps)
    return ~absent & np.logical_or.accumulate(absent)


def recoveries(overlaps: np.ndarray, reported: np.ndarray) -> list[int | None]:
    """Return for each reappearance how many frames pass until the target is found; 0: at once.

    None: it is not, until it is gone again or the sequence ends.
    """
    absent, hits = np.isnan(overlaps), found(overlaps, reported)
    starts = np.flatnonzero(absent[:-1] & ~absent[1:]) + 1
    waits: list[int | None] = []
    for start in starts:
        visible = hits[start:][: _length(~absent[start:])]
        waits.append(int(visible.argmax()) if visible.any() else None)
    return waits


def _length(values: np.ndarray) -> int:
    """Return how many of the first values are true, without a break."""
    return len(values) if values.all() else int(values.argmin())
