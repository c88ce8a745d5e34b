"""Targets that leave the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tadt_tracking.box import Box, BoxError
from tadt_tracking.result import Result

VISIBLE = 0.55  # share of a box that lies in the picture, where the target has not left it


def as_far_as_visible(result: Result, image: np.ndarray) -> Result:
    """Return the result, with the score 0 where `VISIBLE` of its box or less is in the picture.

    What is seen of the target then overlaps the box by about half, however sure a tracker is that
    it still sees an end of it. Trackers keep a box's middle in the picture (H x W x ...), so that
    little more than half of the box at a border means half or less.
    """
    return result if _share_inside(result.box, image) > VISIBLE else replace(result, score=0.0)


def _share_inside(box: Box, image: np.ndarray) -> float:
    try:
        return box.overlap(box.clip(image))
    except BoxError:  # no part is
        return 0.0
