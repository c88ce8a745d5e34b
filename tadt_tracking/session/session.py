"""A target followed for long: seen, doubted, lost, looked for and found again.

The way from local to global follows DaSiamRPN (Zhu et al., "Distractor-aware Siamese Networks",
ECCV 2018, section 3.4): below a score the target is lost and the search window grows, above a
stricter one it is found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.result import Result, State
from tadt_tracking.session.budget import Budget
from tadt_tracking.session.catch_up import SIGMAS, catch_up
from tadt_tracking.session.clock import Clock, Passed
from tadt_tracking.session.lookalikes import Lookalikes
from tadt_tracking.session.motion import Motion
from tadt_tracking.session.recovery import Recovery
from tadt_tracking.session.search_plan import SearchPlan
from tadt_tracking.session.settings import SessionSettings
from tadt_tracking.session.states import StateMachine
from tadt_tracking.session.visibility import as_far_as_visible
from tadt_tracking.trackers import Tracker
from tadt_tracking.trackers.base import require_bgr


class Session:
    """Runs a tracker, decides whether its target is there, and finds it again when it was not.

    Attributes:
        tracker: what it runs.
        settings: its own settings.
        redetections: times that the target was found again since `init`.
    """

    def __init__(self, tracker: Tracker, settings: SessionSettings) -> None:
        """Hold a tracker; see `create_session`.

        Raises:
            SettingError: the settings do not go together with the tracker's thresholds.
        """
        self.tracker, self.settings = tracker, settings
        self._thresholds = settings.thresholds(tracker.thresholds)
        self._clock: Clock | None = None
        self._recovery: Recovery | None = None
        self.redetections = 0

    def init(
        self, image: np.ndarray, box: Sequence[float], stamp: float, *, lost: bool = False
    ) -> None:
        """Start to follow the target.

        Args:
            image: H x W x 3, uint8, BGR.
            box: (x, y, w, h) in pixels; it may leave the image in part.
            stamp: the image's time in seconds.
            lost: whether the target is known to have been lost since; then it is looked for from
                the next image on, as if this session had lost it.

        Raises:
            ImageError: the image has another shape or type.
            BoxError: the box is not finite, empty, or wholly outside the image.
            ValueError: the stamp is not finite.
        """
        clock = Clock(stamp, self.settings.gap)
        self.tracker.init(image, box)
        self._clock, self._motion = clock, Motion(Box(*box), stamp)
        self._states = StateMachine(self._thresholds, self.settings.patience)
        self._lookalikes = Lookalikes()
        self._believed = Box(*box)
        self._lost_score = 0.0
        self._unseen = 0.0
        self._recovery = None
        self.redetections = 0
        if lost:
            self._states.lose()
            self._recovery = self._give_up(0.0)

    def update(self, image: np.ndarray, stamp: float) -> Result:
        """Find the target in the next image (H x W x 3, uint8, BGR), taken at `stamp` in seconds.

        Stamps may jump: after a gap, or where time has gone back, the target is looked for at once
        wherever it may have gone meanwhile.

        Returns:
            The believed box with its score and the state. While the target is lost they are the
            last certain box and the score with which the target was lost.

        Raises:
            ImageError: the image has another shape or type.
            RuntimeError: `init` was never called.
            ValueError: the stamp is not finite.
        """
        if self._clock is None:
            raise RuntimeError("update() before init(): give the target's box first")
        require_bgr(image)  # time goes on with good images alone
        passed = self._clock.advance(stamp)
        self._unseen += self._clock.intervals
        if passed is Passed.ANEW:
            self._motion = Motion(self._believed, stamp)
        if self._recovery is not None:
            return self._recover(self._recovery, image, stamp)
        return self._follow(image, stamp, passed)

    def warm_up(self) -> None:
        """Pay one-time costs (kernels, memory) before the first frame."""
        self.tracker.warm_up()

    def _follow(self, image: np.ndarray, stamp: float, passed: Passed) -> Result:
        """Follow a target that is present, and judge whether it still is."""
        after_gap = passed is not Passed.USUAL
        self.tracker.learning = self._states.trusted and not after_gap
        if after_gap:
            self.tracker.lose_sight(self._unseen)
        result = self.tracker.update(image)
        if after_gap and self.tracker.can_search:
            prior = self._motion.predict(stamp)
            span = math.inf if passed is Passed.ANEW else _side(result) + SIGMAS * prior.sigma
            result = catch_up(self.tracker, image, result, prior, span)
        result = as_far_as_visible(result, image)
        state = self._states.judge(result.score, result.doubted_score)
        if state is State.LOST:
            return self._lose(result, image, stamp)
        if state is State.TRACKING:
            self._see(result, stamp)
            return replace(result, state=state)
        return replace(result, score=result.doubted_score, state=state)

    def _see(self, result: Result, stamp: float) -> None:
        self._believed, self._unseen = result.box, 0.0
        self._motion.see(result.box, stamp)
        if self._states.trusted:
            self._lookalikes.see(result.distractors, stamp)

    def _lose(self, result: Result, image: np.ndarray, stamp: float) -> Result:
        """Give the target up, and begin to look for it on the same frame."""
        self._recovery = self._give_up(result.score)
        return self._recover(self._recovery, image, stamp)

    def _give_up(self, score: float) -> Recovery:
        """Learn no more, and return what looks for the target, lost with a score."""
        self.tracker.learning = False
        self._lost_score = score
        return Recovery(
            self.tracker,
            self._thresholds,
            SearchPlan(self.settings.growth),
            Budget(self.settings.tiles_a_frame, self.settings.search_budget_ms),
            self._lookalikes,
            self._believed,
        )

    def _recover(self, recovery: Recovery, image: np.ndarray, stamp: float) -> Result:
        self.tracker.lose_sight(self._unseen)
        look = recovery.look(image, self._motion.predict(stamp), stamp)
        if look.found is not None:
            return self._regain(look.found, stamp)
        if recovery.wide:
            self._states.search()
        state = self._states.state
        return Result(self._believed, self._lost_score, look.region, state=state)

    def _regain(self, found: Result, stamp: float) -> Result:
        self._recovery = None
        self._states.regain()
        self._motion = Motion(found.box, stamp)
        self._believed, self._unseen = found.box, 0.0
        self.redetections += 1
        return replace(found, state=self._states.state)


def _side(result: Result) -> float:
    """Return the side in pixels of the window in which the target was looked for."""
    return max((result.search_region or result.box).size)
