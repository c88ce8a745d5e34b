"""What colours a target has.

Deep features tell what kind of thing it is, and make little of whether a runner is in yellow or in
red. A histogram of colours, as in mean-shift tracking (Comaniciu, Ramesh, Meer, "Kernel-Based
Object Tracking", PAMI 2003), tells those apart, wherever their limbs are.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tadt_tracking.crops import crop
from tadt_tracking.trackers.evidence import Average, Varying

SIDE = 24  # samples of a box, a row and a column
BELL = 0.3  # width of their weights, relative to the box: at its border is what is around a target
# Of L, a and b of CIELAB (0 to 255, a and b being 128 for grey): the first bin's start, the width
# of a bin, and their number. What lies beyond counts for the last one.
BINS = ((0, 64, 4), (80, 6, 16), (80, 6, 16))
# Of a similarity: what is typical and how that varies, how many frames that counts for, and the
# least share of a later frame in what is usual, and in the colours themselves.
TYPICAL, TYPICAL_SPREAD, COUNTS, RATE = 0.9, 0.05, 5, 0.02
LEAST = 0.3  # similarity that a target must have, however it changes


class Colors:
    """The colours that a target has had, of the last frames learnt more than of those before.

    Boxes are (cx, cy, w, h) in pixels of a window from its middle; windows are s x s x 3, uint8.
    """

    def __init__(self, window: np.ndarray, box: Sequence[float]) -> None:
        """Begin with those of the first frame."""
        self._mean = Average(_histogram(window, box), 1, RATE)
        self._usual = Varying(TYPICAL, TYPICAL_SPREAD, COUNTS, RATE)

    def alike(self, window: np.ndarray, box: Sequence[float]) -> float:
        """Return how alike what is in a box is, relative to what the target often is; 1 at most.

        That is the usual similarity less what is usual of its changes: one that turns round has
        other colours from there.
        """
        often = max(self._usual.mean - self._usual.spread, LEAST)
        return min(self._similarity(_histogram(window, box)) / often, 1.0)

    def learn(self, window: np.ndarray, box: Sequence[float]) -> None:
        """Learn the colours of the target in a box."""
        histogram = _histogram(window, box)
        self._usual.note(self._similarity(histogram))
        self._mean.note(histogram)

    def _similarity(self, histogram: np.ndarray) -> float:
        """Return the Bhattacharyya coefficient, 0 to 1."""
        return float(np.sqrt(histogram * self._mean.value).sum())


def _histogram(window: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """Return the shares of colours in a box, those near its middle counting most."""
    x, y, width, height = box
    middle = (window.shape[1] / 2 + x, window.shape[0] / 2 + y)
    patch = crop(window, middle, (width, height), (SIDE, SIDE))
    lab = cv2.cvtColor(patch, cv2.COLOR_BGR2LAB).astype(np.int32)
    index = np.zeros((SIDE, SIDE), np.int32)
    for values, (start, step, count) in zip(np.moveaxis(lab, 2, 0), BINS, strict=True):
        index = index * count + ((values - start) // step).clip(0, count - 1)
    counts = tuple(count for *_, count in BINS)
    histogram = np.bincount(index.ravel(), _WEIGHTS, int(np.prod(counts))).reshape(counts)
    for axis in range(3):
        histogram = _smoothed(histogram, axis)
    return histogram / histogram.sum()


def _smoothed(histogram: np.ndarray, axis: int) -> np.ndarray:
    """Let a quarter of every bin count for each of its neighbours along an axis."""
    along = np.moveaxis(histogram, axis, 0)
    smooth = along / 2
    smooth[1:] += along[:-1] / 4
    smooth[:-1] += along[1:] / 4
    return np.moveaxis(smooth, 0, axis)


def _bell() -> np.ndarray:
    offsets = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    along = np.exp(-0.5 * (offsets / BELL) ** 2)
    return np.outer(along, along).ravel()


_WEIGHTS = _bell()
