"""Following a target over frames that are missing."""

from __future__ import annotations

import numpy as np

from tadt_tracking.result import Result
from tadt_tracking.session.motion import Prior, moved_inside
from tadt_tracking.session.search_plan import window_at
from tadt_tracking.trackers.base import Tracker


def catch_up(
    tracker: Tracker, image: np.ndarray, stayed: Result, prior: Prior, side: float
) -> Result:
    """Look for a target where it may have gone while no frames came, and move the tracker there.

    Args:
        tracker: has been updated on this frame where it was, and is not learning.
        image: H x W x 3, uint8, BGR.
        stayed: what that update found.
        prior: where the target is expected.
        side: pixels of the window to search; the tracker's span limits it.

    Returns:
        `stayed`, or what an update at the best place of the window finds, if that scores more.
    """
    side = min(side, tracker.search_span())
    found = tracker.search(image, window_at(prior.inside(image).center, side, image))
    if not found or found[0].score <= stayed.score:
        return stayed
    tracker.move_to(image, found[0].box)
    there = tracker.update(image)
    if there.score > stayed.score:
        return there
    tracker.move_to(image, moved_inside(stayed.box, image))
    return stayed
