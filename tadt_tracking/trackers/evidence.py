"""How a tracker reads its own evidence that the target is where it looks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RATE, RATE_BELOW = 0.1, 0.02  # a frame, of what is usual: as usual, and after a fall

# Of what a classifier usually answers: the power of it that counts, the lowest that is believed,
LEVEL_POWER, LOWEST_LEVEL = 0.75, 0.3
# the first answers, which are all averaged, and the share of every later one that is high enough.
FIRST_ANSWERS, ANSWER_RATE, ENOUGH = 10, 0.05, 0.6


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


class UsualAnswer:
    """What a classifier usually answers where its target is: less for one that is hard to tell.

    A fall from a third to nothing says as much as one from 0.9 to a half.
    """

    def __init__(self) -> None:
        """Start with what is learnt where the target is: 1."""
        self._level, self._noted = 1.0, 0

    def relative(self, answer: float) -> float:
        """Return an answer relative to the usual one, about 1 where the target is."""
        return answer / min(max(self._level, LOWEST_LEVEL), 1.0) ** LEVEL_POWER

    def note(self, answer: float) -> None:
        """Take note of what is answered where the target was found; one far too low is not."""
        self._noted += 1
        if self._noted <= FIRST_ANSWERS or self.relative(answer) >= ENOUGH:
            self._level += max(ANSWER_RATE, 1 / self._noted) * (answer - self._level)


class Logistic(NamedTuple):
    """P(target there | evidence) = 1 / (1 + exp(-slope (evidence - middle)))."""

    slope: float
    middle: float

    def __call__(self, evidence: np.ndarray | float) -> np.ndarray | float:
        """Return the probabilities."""
        return (1 + np.tanh(self.slope / 2 * (evidence - self.middle))) / 2
