"""The one box type that every layer speaks."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class BoxError(ValueError):
    """A box that no tracker can use; the message holds the offending values."""


class _Fields(NamedTuple):
    x: float
    y: float
    w: float
    h: float


class Box(_Fields):
    """An axis-aligned box (x, y, w, h): top-left corner and size, 0-based pixels, floats.

    Pixel (0, 0) covers the area from (0, 0) to (1, 1). The box is checked when it is made: a value
    that is not finite, or a size that is not positive, raises :class:`BoxError`. It unpacks like
    the tuple that it is.
    """

    __slots__ = ()

    def __new__(cls, x: float, y: float, w: float, h: float) -> Box:
        """Check and make the box."""
        values = tuple(float(v) for v in (x, y, w, h))
        if not all(math.isfinite(v) for v in values):
            raise BoxError(f"box {values} holds a value that is not finite")
        if values[2] <= 0 or values[3] <= 0:
            raise BoxError(f"box {values} is empty: width and height must be positive")
        return super().__new__(cls, *values)

    @classmethod
    def from_center(cls, cx: float, cy: float, w: float, h: float) -> Box:
        """Make a box from its centre and size, in pixels."""
        return cls(cx - w / 2, cy - h / 2, w, h)

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read a box written as "x,y,w,h".

        Raises:
            BoxError: the text is not four numbers, or no box; the message holds it.
        """
        try:
            x, y, w, h = (float(part) for part in text.split(","))
        except ValueError as error:
            raise BoxError(f"box {text!r} is not x,y,w,h in pixels") from error
        return cls(x, y, w, h)

    @property
    def center(self) -> tuple[float, float]:
        """Centre (cx, cy) in pixels."""
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def size(self) -> tuple[float, float]:
        """Size (w, h) in pixels."""
        return self.w, self.h

    def overlap(self, other: Box) -> float:
        """Intersection over union with `other`, in [0, 1]."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.w * self.h + other.w * other.h - shared)

    def clip(self, image: np.ndarray) -> Box:
        """Return the part of the box that lies in `image` (H x W x ...).

        Raises:
            BoxError: no part does.
        """
        height, width = image.shape[:2]
        left, top = max(self.x, 0.0), max(self.y, 0.0)
        right, bottom = min(self.x + self.w, width), min(self.y + self.h, height)
        if left >= right or top >= bottom:
            raise BoxError(f"box {tuple(self)} lies outside the {width}x{height} picture")
        return Box(left, top, right - left, bottom - top)

    def require_in(self, image: np.ndarray) -> Box:
        """Return the box if part of it lies in `image` (H x W x ...), else raise `BoxError`."""
        self.clip(image)
        return self
