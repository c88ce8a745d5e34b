"""The state machine: what a session believes of its target, from one score a frame.

The evidence against the target is added up as in Page's test ("Continuous Inspection Schemes",
Biometrika 1954): how far a score lies below the threshold, in log-odds, is added, how far above is
taken off, and the sum never falls below zero. So one very low score or several rather low ones lose
the target, while a single rather low one among good ones does not.

Apart from that a score may be low enough for a doubt: the target may well be there, but the state
is not TRACKING, and from the next frame on nothing is learnt until the doubt is over. Meanwhile
somebody else may have taken the target's place, so it takes a score by all that is known of the
target to end it. What is doubted frame after frame and not lost has more likely changed its look
than gone: the score that is asked falls. But a doubt does not last for ever: in the end the target
is lost, so that it is looked for.
"""

from __future__ import annotations

import math

from tadt_tracking.result import State
from tadt_tracking.trackers.base import Thresholds

# Scores beyond count as this one, so that no frame alone speaks for many; but one of 0 is no
# evidence: the target has left the picture (session/visibility.py).
SUREST = 0.995
# Doubted frames, less those that are not, after which the score that is asked has fallen to this
# share of `doubt_below`, evenly from frame to frame; and those after which the target is lost.
SETTLED, SETTLED_SHARE = 10, 0.5
LONGEST_DOUBT = 100


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
        self._against, self._doubts = 0.0, 0
        self.state = State.TRACKING

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against the target any more: its look is worth learning."""
        return self.state is State.TRACKING and self._against == 0

    def judge(self, score: float, doubted_score: float | None = None) -> State:
        """Take note of the score of a present target, and return the new state.

        Args:
            score: speaks for or against it, and may begin a doubt; 0 if it cannot be there.
            doubted_score: keeps up a doubt that there is; None: the score does.
        """
        doubted = self.state is State.UNCERTAIN and doubted_score is not None
        against = _log_odds(self._thresholds.lose_below) - _log_odds(score)
        self._against = max(self._against + against, 0.0)
        if (doubted_score if doubted else score) >= self._asked:
            self._doubts = max(min(self._doubts, SETTLED) - 1, 0)
            self.state = State.TRACKING
        else:
            self._doubts += 1
            self.state = State.UNCERTAIN
        if self._loses(score):
            self.state = State.LOST
        return self.state

    @property
    def _asked(self) -> float:
        """The score below which the target is doubted now; none that speaks against it will do."""
        settled = min(self._doubts / SETTLED, 1.0)
        asked = self._thresholds.doubt_below * (1 - settled * (1 - SETTLED_SHARE))
        return max(asked, self._thresholds.lose_below)

    def _loses(self, score: float) -> bool:
        """Whether the target is lost with a score, if it can be at all."""
        gone = score == 0 or self._against > self._patience or self._doubts > LONGEST_DOUBT
        return gone and self._thresholds.lose_below > 1 - SUREST

    def lose(self) -> None:
        """The target is lost, whatever its scores were."""
        self.state = State.LOST

    def search(self) -> None:
        """The lost target is looked for beyond its last place from now on."""
        self.state = State.SEARCHING

    def regain(self) -> None:
        """The lost target is found; half of what loses it again is held against it at first."""
        self._against, self._doubts = self._patience / 2, 0
        self.state = State.TRACKING


def _log_odds(probability: float) -> float:
    inside = min(max(probability, 1 - SUREST), SUREST)
    return math.log(inside / (1 - inside))
