"""Following a target over frames that are missing."""

from __future__ import annotations

import numpy as np

from tadt_tracking.result import Result
from tadt_tracking.session.motion import Prior, moved_inside
from tadt_tracking.session.search_plan import tiles, window_at
from tadt_tracking.trackers.base import Tracker

WIDEST = 2.0
SIGMAS = 4  # of the expected place, by which the region is wider than a tracker's window


def catch_up(
    tracker: Tracker, image: np.ndarray, stayed: Result, prior: Prior, side: float
) -> Result:
    """Look for a target where it may have gone while no frames came, and move the tracker there.

    Args:
        tracker: has been updated on this frame where it was, and is not learning.
        image: H x W x 3, uint8, BGR.
        stayed: what that update found.
        prior: where the target is expected.
        side: pixels of the region to search; at most `WIDEST` spans of the tracker are.

    Returns:
        `stayed`, or what an update at the best place of the region finds, if that scores more.
    """
    span = tracker.search_span()
    around = window_at(prior.inside(image).center, min(side, WIDEST * span), image)
    regions = tiles(around, span, max(stayed.box.size))
    found = [candidate for region in regions for candidate in tracker.search(image, region)]
    best = max(found, key=lambda candidate: candidate.score, default=None)
    if best is None or best.score <= stayed.score:
        return stayed
    tracker.move_to(image, best.box)
    there = tracker.update(image)
    if there.score > stayed.score:
        return there
    tracker.move_to(image, moved_inside(stayed.box, image))
    return stayed
