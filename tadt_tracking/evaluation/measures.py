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
