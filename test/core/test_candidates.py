"""Which boxes of a window are worth a look."""

import numpy as np
import pytest
import torch

from tadt_tracking.box import Box
from tadt_tracking.trackers.candidates import CANDIDATES, candidates, lookalikes

PICTURE = np.zeros((200, 300, 3), np.uint8)
MIDDLE = (150.0, 100.0)


def _found(*boxes, pixel=(1.0, 1.0)):
    """Candidates among boxes (cx, cy, w, h, rank, score) in pixels from the middle."""
    cx, cy, w, h, ranks, scores = torch.tensor(boxes, dtype=torch.float32).T
    # As many more as are picked, which are nowhere in the picture.
    beyond = torch.tensor([[500.0 + 50 * i, 0, 10, 10] for i in range(CANDIDATES)]).T
    several = torch.cat([torch.stack([cx, cy, w, h]), beyond], 1)
    padding = torch.zeros(CANDIDATES)
    ranks, scores = (torch.cat([values, padding]) for values in (ranks, scores))
    return candidates(PICTURE, MIDDLE, pixel, several, ranks, lambda i: scores[i].tolist())


def test_places_and_sizes_are_those_of_the_picture():
    (found,) = _found((-20, 40, 16, 12, 1, 0.75), pixel=(2.0, 0.5))
    assert found.box == pytest.approx((94, 117, 32, 6))
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


def test_look_alikes_are_boxes_of_the_target_s_size_beside_it():
    target = Box.from_center(100, 80, 20, 30)
    (other,) = lookalikes([(0, 0), (30, 10)], (98, 80), (2.0, 1.5), target)
    assert other == Box.from_center(158, 95, 20, 30)


def test_without_places_there_are_no_look_alikes():
    assert lookalikes([], (0, 0), (1, 1), Box(0, 0, 9, 9)) == ()
