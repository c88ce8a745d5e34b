"""What a network's widths and heights have to be multiplied by to be a target's.

A network that has seen little makes all targets as wide and high as the usual one; how far it is
off with this one the first frame tells, where the size is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LARGEST = 2.0  # factor, either way
SMALLEST_PROPOSED = 1.0  # pixels


class Shape(NamedTuple):
    """Factors between the network's view of a target's size and the size that it has.

    Attributes:
        width, height: size / network's size.
    """

    width: float = 1.0
    height: float = 1.0

    @classmethod
    def of(cls, given: Sequence[float], proposed: Sequence[float]) -> Shape:
        """Compare a known size (w, h) with what the network proposes there, in the same unit."""
        factors = (g / max(p, SMALLEST_PROPOSED) for g, p in zip(given, proposed, strict=True))
        return cls(*(min(max(factor, 1 / LARGEST), LARGEST) for factor in factors))

    def correct(self, size: Sequence[float]) -> tuple[float, float]:
        """Return the target's size for the network's (numbers or tensors)."""
        return size[0] * self.width, size[1] * self.height

    def undo(self, size: Sequence[float]) -> tuple[float, float]:
        """Return the network's size for the target's."""
        return size[0] / self.width, size[1] / self.height
