"""Which boxes of a window are worth a look."""

import numpy as np
import pytest
import torch

from tadt_tracking.trackers.presence import CANDIDATES, candidates

PICTURE = np.zeros((200, 300, 3), np.uint8)
MIDDLE = (150.0, 100.0)


def _found(*boxes):
    """Candidates among boxes (cx, cy, w, h, rank, evidence) in pixels from the middle."""
    cx, cy, w, h, ranks, evidence = torch.tensor(boxes, dtype=torch.float32).T
    # As many more as are picked, which are nowhere in the picture.
    beyond = torch.tensor([[500.0 + 50 * i, 0, 10, 10] for i in range(CANDIDATES)]).T
    several = torch.cat([torch.stack([cx, cy, w, h]), beyond], 1)
    padding = torch.zeros(CANDIDATES)
    of_all = (torch.cat([values, padding]) for values in (ranks, evidence))
    return candidates(PICTURE, MIDDLE, several, *of_all, lambda value: value)


def test_places_and_sizes_are_those_of_the_picture():
    (found,) = _found((-20, 40, 16, 12, 1, 0.75))
    assert found.box == pytest.approx((122, 134, 16, 12))
    assert found.score == 0.75


def test_most_probable_comes_first_whatever_its_rank():
    found = _found((-30, 0, 8, 8, 0.9, 0.25), (30, 0, 8, 8, 0.8, 0.5))
    assert [candidate.score for candidate in found] == [0.5, 0.25]


def test_one_box_a_place_the_best_ranked():
    tall, wide = (0, 0, 6, 30, 0.9, 0.5), (2, 1, 30, 6, 0.6, 0.75)
    (found,) = _found(tall, wide)
    assert found.box.size == (6, 30)


def test_what_is_hardly_like_the_target_or_outside_the_picture_is_left_out():
    assert _found((0, 0, 8, 8, 1, 0.01), (160, 0, 8, 8, 1, 0.9)) == []
