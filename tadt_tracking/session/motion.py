"""Where a target may have gone since it was last seen, by the time of the pictures."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.trackers.place import inside

SMOOTHING = 0.3  # s over which the velocity is averaged
PERSISTENCE = 1.0  # s for which a velocity lasts, on average
# Standard deviation of the place, in target sizes: at once, and more every second.
SPREAD_AT_ONCE, SPREAD_A_SECOND = 0.5, 1.5
SPREAD_OF_WAY = 0.5  # and of the way gone by the velocity


class Prior(NamedTuple):
    """Where a target is expected.

    Attributes:
        center: (x, y) in pixels of the image.
        sigma: standard deviation around it in pixels.
    """

    center: tuple[float, float]
    sigma: float

    def inside(self, image: np.ndarray) -> Prior:
        """Return it with its centre in the picture (H x W x ...)."""
        return self._replace(center=inside(self.center, image))


class Motion:
    """A velocity that lasts for a while, and a place that grows uncertain."""

    def __init__(self, box: Box, stamp: float) -> None:
        """Start with a target at rest; `stamp` in seconds."""
        self._box, self._stamp, self._velocity = box, stamp, np.zeros(2)

    def see(self, box: Box, stamp: float) -> None:
        """Take note of where the target is; `stamp` in seconds, later than the one before."""
        elapsed = stamp - self._stamp
        if elapsed > 0:
            way = np.subtract(box.center, self._box.center)
            share = 1 - math.exp(-elapsed / SMOOTHING)
            self._velocity += share * (way / elapsed - self._velocity)
        self._box, self._stamp = box, stamp

    def predict(self, stamp: float) -> Prior:
        """Return where the target is expected at `stamp`, in seconds."""
        elapsed = max(stamp - self._stamp, 0.0)
        way = self._velocity * PERSISTENCE * (1 - math.exp(-elapsed / PERSISTENCE))
        size = math.sqrt(self._box.w * self._box.h)
        spread = size * (SPREAD_AT_ONCE + SPREAD_A_SECOND * elapsed)
        x, y = np.add(self._box.center, way).tolist()
        return Prior((x, y), spread + SPREAD_OF_WAY * float(np.linalg.norm(way)))


def moved_inside(box: Box, image: np.ndarray) -> Box:
    """Return the box with its centre in the picture (H x W x ...), as near as can be."""
    return Box.from_center(*inside(box.center, image), *box.size)
