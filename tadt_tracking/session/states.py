"""The state machine: what a session believes of its target, from one score a frame.

The evidence against the target is added up as in Page's test ("Continuous Inspection Schemes",
Biometrika 1954): how far a score lies below the threshold, in log-odds, is added, how far above is
taken off, and the sum never falls below zero. So one very low score or several rather low ones lose
the target, while a single rather low one among good ones does not.

Apart from that a score may be low enough for a doubt: the target may well be there, and nothing is
lost by it, but the state is not TRACKING, and from the next frame on nothing is learnt until the
doubt is over. Meanwhile somebody else may have taken the target's place, so it takes a score by all
that is known of the target to end it.
"""

from __future__ import annotations

import math

from tadt_tracking.result import State
from tadt_tracking.trackers.base import Thresholds

SUREST = 0.995  # scores beyond count as this one, so that no frame alone speaks for many


class StateMachine:
    """Believes, doubts, loses and regains a target.

    Attributes:
        state: what is believed now.
    """

    def __init__(self, thresholds: Thresholds, patience: float) -> None:
        """Start with a target that is seen.

        Args:
            thresholds: the scores that speak against it or make it doubted.
            patience: evidence against it, in log-odds, at which it is lost.
        """
        self._thresholds, self._patience = thresholds, patience
        self._against = 0.0
        self.state = State.TRACKING

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against the target any more: its look is worth learning."""
        return self.state is State.TRACKING and self._against == 0

    def judge(self, score: float, doubted_score: float | None = None) -> State:
        """Take note of the score of a present target, and return the new state.

        Args:
            score: speaks for or against it, and may begin a doubt.
            doubted_score: keeps up a doubt that there is; None: the score does.
        """
        doubted = self.state is State.UNCERTAIN and doubted_score is not None
        against = _log_odds(self._thresholds.lose_below) - _log_odds(score)
        self._against = max(self._against + against, 0.0)
        if self._against > self._patience:
            self.state = State.LOST
        elif (doubted_score if doubted else score) >= self._thresholds.doubt_below:
            self.state = State.TRACKING
        else:
            self.state = State.UNCERTAIN
        return self.state

    def lose(self) -> None:
        """The target is lost, whatever its scores were."""
        self.state = State.LOST

    def search(self) -> None:
        """The lost target is looked for beyond its last place from now on."""
        self.state = State.SEARCHING

    def regain(self) -> None:
        """The lost target is found; half of what loses it again is held against it at first."""
        self._against, self.state = self._patience / 2, State.TRACKING


def _log_odds(probability: float) -> float:
    inside = min(max(probability, 1 - SUREST), SUREST)
    return math.log(inside / (1 - inside))
