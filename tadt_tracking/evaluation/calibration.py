"""Fits what makes a probability of a tracker's evidence, and shows how far it can be believed.

Evidence tells whether the target is where the box is, not whether the box is as large as it. And a
tracker that has taken to something else, and learnt it, cannot tell. So the fit compares boxes that
cover the target with frames on which it is absent; what is shown has all the others, too. A session
runs the tracker, so that it learns as it would there, but one that never gives the target up.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tadt_tracking.evaluation.accuracy import reliability_table
from tadt_tracking.evaluation.measures import reliability
from tadt_tracking.evaluation.runner import Track
from tadt_tracking.trackers.evidence import Logistic

NEVER_LOST = {"lose_below": 0.0}  # setting of such a session: no frame speaks against a target
GOOD = 0.5  # overlap above which a box covers the target
BINS = 10
LEAST = 0.2  # weight of any kind of evidence, relative to the greatest
STEPS, PRECISION = 100, 1e-9  # of Newton's method: at most, and when to stop
# Weight of a prior by which standardised evidence counts some 5 times, beside about 20 runs: that
# keeps weights finite where evidence tells everything about these.
PRIOR = 1 / 5**2 / 20


class Samples(NamedTuple):
    """Frames of several runs.

    Attributes:
        evidence: N x K values.
        good: N booleans, whether the box covered the target; it does not where that is absent.
        weights: N values that sum to 1; every run has as much, half of it the good frames and half
            those on which the target is absent. 0 where it is there, but not covered well.
    """

    evidence: np.ndarray
    good: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, tracks: list[Track]) -> Samples:
        """Gather the frames on which the tracker told its evidence.

        Raises:
            ValueError: there are none, only good or bad ones, or all are alike.
        """
        told = [~np.isnan(track.evidence).any(1) for track in tracks]
        evidence = [track.evidence[known] for track, known in zip(tracks, told, strict=True)]
        overlaps = [track.overlaps[known] for track, known in zip(tracks, told, strict=True)]
        weights = np.concatenate([_weights(of_run) for of_run in overlaps])
        good = np.concatenate(overlaps) > GOOD
        evidence, clear = np.concatenate(evidence), weights > 0
        if len(set(good[clear])) < 2 or not np.ptp(evidence[clear], 0).all():
            raise ValueError("there must be good and bad frames, with evidence that differs")
        return cls(evidence, good, weights / weights.sum())


def _weights(overlaps: np.ndarray) -> np.ndarray:
    """Return the weights of a run's frames, whose overlaps are NaN where the target is absent."""
    weights = np.zeros(len(overlaps))
    for kind in (overlaps > GOOD, np.isnan(overlaps)):
        weights[kind] = 1 / max(kind.sum(), 1)
    return weights / max(weights.sum(), 1)


def fit(samples: Samples) -> Logistic:
    """Fit the constants to the greatest likelihood; all kinds of evidence are of like size.

    No kind of evidence gets less than `LEAST` of the greatest weight, however little it adds to the
    others on these runs: elsewhere the others may be wrong.
    """
    kinds = samples.evidence.shape[1]
    weak, strongest = np.zeros(kinds, bool), 0
    while True:
        mixing = np.eye(kinds)
        mixing[weak, strongest] = LEAST
        mixing = mixing[:, ~weak]
        slopes, bias = _fit(samples.evidence @ mixing, samples.good, samples.weights)
        weights = mixing @ slopes
        weaker = ~weak & (weights < LEAST * weights.max())
        if not weaker.any():
            return Logistic(tuple(weights.tolist()), bias)
        weak, strongest = weak | weaker, int(weights.argmax())


def _fit(evidence: np.ndarray, good: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights and bias for N x K evidence, by Newton's method with halved steps."""
    center, spread = np.average(evidence, axis=0, weights=weights), evidence.std(0)
    columns = np.column_stack([(evidence - center) / spread, np.ones(len(evidence))])
    ridge = np.full(columns.shape[1], PRIOR)
    ridge[-1] = 0.0

    def loss(at: np.ndarray) -> float:
        against = np.where(good, -1.0, 1.0) * (columns @ at)
        return float(weights @ np.logaddexp(0, against) + ridge @ at**2 / 2)

    at = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        probability = (1 + np.tanh(columns @ at / 2)) / 2
        gradient = columns.T @ (weights * (probability - good)) + ridge * at
        curvature = (columns.T * (weights * probability * (1 - probability))) @ columns
        step = np.linalg.solve(curvature + np.diag(ridge + 1e-12), gradient)
        while loss(at - step) > loss(at) and np.abs(step).max() > PRECISION:
            step = step / 2
        at = at - step
        if np.abs(step).max() < PRECISION:
            break
    slopes = at[:-1] / spread
    return slopes, float(at[-1] - slopes @ center)


def report(name: str, samples: Samples, fitted: Logistic) -> str:
    """Return the constants, and how far the probabilities that they make can be believed."""
    scores = fitted(samples.evidence)
    table = reliability_table(name, scores, samples.good, BINS)
    weights = ", ".join(f"{weight:.3g}" for weight in fitted.weights)
    return f"weights {weights}; bias {fitted.bias:.3g}\n\n{table}"


def plot(path: Path, name: str, samples: Samples, fitted: Logistic) -> None:
    """Draw the reliability diagram: score against share of good frames, and how frames spread.

    Raises:
        ValueError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError("--plot needs matplotlib: see requirements/plots.txt") from error
    rows = reliability(fitted(samples.evidence), samples.good, BINS)
    counts, means, shares = (np.array(column) for column in zip(*rows, strict=True))
    figure = Figure(figsize=(5, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    above.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="as it should be")
    above.plot(means, shares, marker="o", label=name)
    above.set(ylabel="share with overlap > 0.5", ylim=(0, 1), xlim=(0, 1))
    above.legend(loc="upper left")
    below.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.9 / BINS, color="0.6")
    below.set(xlabel="score", ylabel="frames")
    figure.savefig(path)
