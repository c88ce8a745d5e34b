"""Measures of one-pass evaluation (Wu, Lim, Yang: Object Tracking Benchmark, PAMI 2015)."""

from __future__ import annotations

import numpy as np

OVERLAP_THRESHOLDS = np.linspace(0, 1, 21)
PRECISION_PIXELS = 20.0


def overlaps(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the intersection over union of N x 4 boxes (x, y, w, h), NaN where the truth is."""
    corner = np.maximum(boxes[:, :2], truth[:, :2])
    opposite = np.minimum(boxes[:, :2] + boxes[:, 2:], truth[:, :2] + truth[:, 2:])
    shared = np.prod(np.clip(opposite - corner, 0, None), axis=1)
    return shared / (np.prod(boxes[:, 2:], axis=1) + np.prod(truth[:, 2:], axis=1) - shared)


def center_errors(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the distances in pixels between the centres of N x 4 boxes, NaN where the truth is."""
    difference = (boxes[:, :2] + boxes[:, 2:] / 2) - (truth[:, :2] + truth[:, 2:] / 2)
    return np.linalg.norm(difference, axis=1)


def success_auc(boxes: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the success curve: mean share of frames above 21 overlaps 0 to 1."""
    values = overlaps(boxes, truth)
    values = values[~np.isnan(values)]
    return float(np.mean(values[:, None] > OVERLAP_THRESHOLDS[None]))


def precision(boxes: np.ndarray, truth: np.ndarray, pixels: float = PRECISION_PIXELS) -> float:
    """Return the share of frames whose centre error is at most `pixels`."""
    errors = center_errors(boxes, truth)
    return float(np.mean(errors[~np.isnan(errors)] <= pixels))


def ranking_area(scores: np.ndarray, good: np.ndarray) -> float:
    """Return the probability that a good frame scores higher than a bad one (area under ROC).

    Args:
        scores: N values.
        good: N booleans; both kinds must occur, else the answer is NaN.
    """
    if good.all() or not good.any():
        return float("nan")
    below = np.searchsorted(np.sort(scores[~good]), scores[good], side="left")
    upto = np.searchsorted(np.sort(scores[~good]), scores[good], side="right")
    return float(np.mean(below + upto) / 2 / np.sum(~good))


def reliability(scores: np.ndarray, good: np.ndarray, bins: int) -> list[tuple[int, float, float]]:
    """Return frames, mean score and share of good frames for each equal bin of scores in [0, 1].

    A calibrated score equals that share. Empty bins have NaN for both.
    """
    index = np.minimum((scores * bins).astype(int), bins - 1)
    rows = []
    for bin_ in range(bins):
        inside = index == bin_
        count = int(inside.sum())
        means = (scores[inside].mean(), good[inside].mean()) if count else (np.nan, np.nan)
        rows.append((count, float(means[0]), float(means[1])))
    return rows
