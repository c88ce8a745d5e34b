"""Where a target is believed to be, as the trackers keep it between frames."""

from __future__ import annotations

import math

import numpy as np

from tadt_tracking.box import Box

MIN_SCALE, MAX_SCALE = 0.2, 5.0  # of the first size


class Place:
    """A target's centre, and its scale relative to the size it was given.

    Attributes:
        center: (x, y) in pixels of the image.
        first_size: width and height of the given box in pixels.
        scale: the target's present size, relative to that.
    """

    def __init__(self, box: Box) -> None:
        """Start at the given box."""
        self.center, self.first_size, self.scale = box.center, box.size, 1.0

    @property
    def box(self) -> Box:
        """The target's box."""
        width, height = (length * self.scale for length in self.first_size)
        return Box.from_center(*self.center, width, height)

    def move(self, right: float, down: float, image: np.ndarray) -> None:
        """Move by pixels, as far as the centre stays in the image."""
        self.center = (self.center[0] + right, self.center[1] + down)
        self.stay_inside(image)

    def move_to(self, box: Box, image: np.ndarray) -> None:
        """Take over a box's middle, and its size as far as the target's shape and bounds allow."""
        self.center = inside(box.center, image)
        width, height = self.first_size
        # Not by way of the present scale: the same box gives the same one, to the last bit.
        self.scale = _bounded(math.sqrt(box.w * box.h / (width * height)))

    def stay_inside(self, image: np.ndarray) -> None:
        """Keep the centre in the image, whose size may change from one to the next."""
        self.center = inside(self.center, image)

    def grow(self, factor: float) -> float:
        """Multiply the scale, within bounds; returns the factor by which it did change."""
        before = self.scale
        self.scale = _bounded(before * factor)
        return self.scale / before


def _bounded(scale: float) -> float:
    return min(max(scale, MIN_SCALE), MAX_SCALE)


def inside(center: tuple[float, float], image: np.ndarray) -> tuple[float, float]:
    """Return the point (x, y) of an image, H x W x ..., that is closest to a centre."""
    height, width = image.shape[:2]
    return min(max(center[0], 0.0), float(width)), min(max(center[1], 0.0), float(height))
