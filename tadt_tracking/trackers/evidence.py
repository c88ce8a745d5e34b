"""How a tracker reads its own evidence that the target is where it looks."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

RATE, RATE_BELOW = 0.1, 0.02  # a frame, of what is usual: as usual, and after a fall

# Of what a classifier usually answers: the power of it that counts, the lowest that is believed,
LEVEL_POWER, LOWEST_LEVEL = 0.75, 0.3
# the first answers, which are all averaged, and the share of every later one that is high enough.
FIRST_ANSWERS, ANSWER_RATE, ENOUGH = 10, 0.05, 0.6
# Of how that varies: what is typical, what is believed at least and at most, the share of every
# answer, after as many as the typical one counts for, and how high for the level it must be.
TYPICAL_SPREAD, SPREADS, SPREAD_RATE, TYPICAL_COUNTS, STEADY = 0.15, (0.06, 0.35), 0.03, 10, 0.4

# Of a likeness: what is typical, how many frames that counts for, and the share of a later one.
TYPICAL_LIKENESS, LIKENESS_COUNTS, LIKENESS_RATE = 0.65, 5, 0.05

FAINTEST = 0.05  # answer, relative to the usual one, below which all count as this one


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


class Average:
    """The mean of all values; once there are many, one in which new values have a fixed share.

    Attributes:
        value: the mean.
        counts: values that it is made of.
    """

    def __init__(self, value: float, counts: int, rate: float) -> None:
        """Start with a value that counts for so many; `rate` is the least share of a new one."""
        self.value, self.counts, self._rate = value, counts, rate

    def note(self, value: float) -> None:
        """Take note of a new value."""
        self.counts += 1
        self.value += max(self._rate, 1 / self.counts) * (value - self.value)


class Varying:
    """The mean of all values, as an `Average`, and how much they vary."""

    def __init__(self, mean: float, spread: float, counts: int, rate: float) -> None:
        """Start with a mean and a spread that count for so many values; see `Average`."""
        self._mean = Average(mean, counts, rate)
        self._variance = Average(spread**2, counts, rate)

    @property
    def mean(self) -> float:
        """The mean."""
        return self._mean.value

    @property
    def spread(self) -> float:
        """The standard deviation."""
        return math.sqrt(self._variance.value)

    def note(self, value: float) -> None:
        """Take note of a new value."""
        self._mean.note(value)
        self._variance.note((value - self.mean) ** 2)


class UsualAnswer:
    """What a classifier usually answers where its target is, and how much that varies.

    It is less for a target that is hard to tell, and varies more for one that changes its look. So
    a fall from a third to nothing says as much as one from 0.9 to a half; and one that would be
    nothing new for a diver is an alarm for a car.
    """

    def __init__(self) -> None:
        """Start with what is learnt where the target is, 1, and what varies as is typical."""
        self._level = Average(1.0, 0, ANSWER_RATE)
        self._shares = Varying(1.0, TYPICAL_SPREAD, TYPICAL_COUNTS, SPREAD_RATE)

    @property
    def level(self) -> float:
        """What is usual, 1 at most; what is believed of it at least."""
        return min(max(self._level.value, LOWEST_LEVEL), 1.0)

    def relative(self, answer: float) -> float:
        """Return an answer relative to the usual ones, about 1 where the target is."""
        smallest, largest = SPREADS
        spread = min(max(self._shares.spread, smallest), largest)
        beyond = self._of_level(answer) - self._shares.mean
        return 1 + beyond * math.sqrt(TYPICAL_SPREAD / spread)

    def note(self, answer: float) -> None:
        """Take note of what is answered where the target was found; one far too low is not."""
        share = self._of_level(answer)
        if share >= STEADY:
            self._shares.note(share)
        believed = self._level.counts < FIRST_ANSWERS or share >= ENOUGH
        self._level.note(answer if believed else self._level.value)

    def _of_level(self, answer: float) -> float:
        return answer / self.level**LEVEL_POWER


class UsualLikeness:
    """How much a target usually is like itself, at once and after it was out of sight.

    That is less for one that turns, above all after a while, and where what is around is like it.
    """

    def __init__(self) -> None:
        """Start with what is typical."""
        self._at_once, self._later = (
            Average(TYPICAL_LIKENESS, LIKENESS_COUNTS, LIKENESS_RATE) for _ in range(2)
        )

    def relative(self, likeness: float, staleness: float) -> float:
        """Return a likeness relative to the usual one, about 1 where the target is.

        What is usual lies between that at once (staleness 0) and that after a while (1).
        """
        at_once, later = self._at_once.value, self._later.value
        return likeness / (at_once + staleness * (later - at_once))

    def note(self, likeness: float, later: float) -> None:
        """Take note of a likeness at once, and of what it would be after a while."""
        self._at_once.note(likeness)
        self._later.note(later)


def evidence(answer: float, likeness: float) -> tuple[float, float]:
    """Return what speaks for the target, of an answer and a likeness relative to the usual ones.

    Of the answer that is the logarithm: no likeness makes up for one of nothing.
    """
    return math.log(max(answer, FAINTEST)), likeness


class Logistic(NamedTuple):
    """P(target there | evidence) = 1 / (1 + exp(-(weights . evidence + bias))).

    Attributes:
        weights: K, one for each kind of evidence.
        bias: added to their sum.
    """

    weights: tuple[float, ...]
    bias: float

    def __call__(
        self, evidence: np.ndarray | tuple[float, ...], against: float = 0.0
    ) -> np.ndarray | float:
        """Return the probabilities for evidence of shape ... x K, less `against` in log-odds."""
        log_odds = np.asarray(evidence) @ np.asarray(self.weights) + self.bias - against
        return (1 + np.tanh(log_odds / 2)) / 2
