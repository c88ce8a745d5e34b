"""How a tracker reads its own evidence that the target is where it looks."""

from __future__ import annotations

import math

RATE, RATE_BELOW = 0.1, 0.02  # a frame, of what is usual: as usual, and after a fall


class Usual:
    """What the evidence usually is, so that a fall is noticed whatever the target."""

    def __init__(self) -> None:
        """Start with nothing being usual, so that nothing counts as a fall."""
        self.level = 0.0

    def note(self, evidence: float, share: float) -> bool:
        """Tell whether the evidence is at least a share of the usual one, and take note of it."""
        enough = evidence >= share * self.level
        self.level += (RATE if enough else RATE_BELOW) * (evidence - self.level)
        return enough


def probability(evidence: float, slope: float, middle: float) -> float:
    """Return the logistic function of the evidence: a half at `middle`, rising with `slope`."""
    return 1 / (1 + math.exp(-slope * (evidence - middle)))
