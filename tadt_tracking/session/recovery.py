"""Looking for a lost target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.result import Candidate, Result
from tadt_tracking.session.budget import Budget
from tadt_tracking.session.lookalikes import Lookalikes
from tadt_tracking.session.motion import Prior, moved_inside
from tadt_tracking.session.search_plan import SearchPlan
from tadt_tracking.session.visibility import as_far_as_visible
from tadt_tracking.trackers.base import Thresholds, Tracker

WORTH_A_LOOK = 0.25  # score of a candidate, which a search only sees to the nearest cell
# How far from a candidate a look centred on it may find the target, relative to their mean width
# and height. Their sizes may differ: a search is not sure of those.
AGREES = 1 / 3


class Look(NamedTuple):
    """What came of one frame's search.

    Attributes:
        found: the target, confirmed; None: not found.
        region: where it was looked for last, in pixels; None where the budget allowed no look.
    """

    found: Result | None
    region: Box | None


class Recovery:
    """Searches for a lost target, and confirms what is found before it counts.

    A candidate of the search is confirmed by two looks: updates of the tracker, learning nothing,
    centred on it, on its frame and on the next. Both must score enough, and the first must agree
    with the candidate.
    """

    def __init__(
        self,
        tracker: Tracker,
        thresholds: Thresholds,
        plan: SearchPlan,
        budget: Budget,
        lookalikes: Lookalikes,
        believed: Box,
    ) -> None:
        """Start on the frame on which the target was lost; `believed` is its last certain box."""
        self._tracker, self._thresholds = tracker, thresholds
        self._plan, self._budget, self._lookalikes = plan, budget, lookalikes
        self._believed = believed
        self._waiting = False  # a candidate passed the first look, the tracker is there

    @property
    def wide(self) -> bool:
        """Whether the search has gone beyond the target's last place."""
        return self._plan.wide

    def look(self, image: np.ndarray, prior: Prior, stamp: float) -> Look:
        """Look for the target on the next frame, at `stamp` in seconds."""
        if self._waiting:
            return self._second_look(image)
        if not self._tracker.can_search:
            return self._look_here(image)
        candidates, region = self._search(image, prior)
        best = self._lookalikes.best(candidates, stamp)
        if best is not None:
            self._first_look(image, best)
        return Look(None, region)

    def _search(self, image: np.ndarray, prior: Prior) -> tuple[list[Candidate], Box | None]:
        """Return candidates that are worth a look, and the region searched last."""
        self._tracker.move_to(image, moved_inside(self._believed, image))
        candidates, region = [], None
        span, size = self._tracker.search_span(), self._believed.size
        glances = self._plan.glances(image, prior.inside(image), span, size)
        for region, scale in self._budget.portion(glances):
            candidates += self._tracker.search(image, region, scale)
        return [c for c in candidates if c.score >= WORTH_A_LOOK], region

    def _look_here(self, image: np.ndarray) -> Look:
        """Look where the tracker is, which cannot search: it may come back by itself."""
        result = self._update(image)
        self._waiting = self._confirms(result)
        return Look(None, result.search_region)

    def _first_look(self, image: np.ndarray, candidate: Candidate) -> None:
        self._budget.spend()
        self._tracker.move_to(image, candidate.box)
        result = self._update(image)
        self._waiting = self._confirms(result) and _same_place(result.box, candidate.box)
        if not self._waiting:
            self._lookalikes.refuse(candidate.box)

    def _second_look(self, image: np.ndarray) -> Look:
        self._waiting = False
        result = self._update(image)
        if self._confirms(result):
            return Look(result, result.search_region)
        self._lookalikes.refuse(result.box)
        return Look(None, result.search_region)

    def _update(self, image: np.ndarray) -> Result:
        return as_far_as_visible(self._tracker.update(image), image)

    def _confirms(self, result: Result) -> bool:
        return result.score >= self._thresholds.regain_above


def _same_place(one: Box, other: Box) -> bool:
    offset = np.abs(np.subtract(one.center, other.center))
    return bool(np.all(offset <= AGREES * np.add(one.size, other.size) / 2))
