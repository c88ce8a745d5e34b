"""Which boxes of a window are worth a look."""

import numpy as np
import pytest
import torch

from tadt_tracking.box import Box
from tadt_tracking.trackers.evidence import Logistic
from tadt_tracking.trackers.presence import (
    CANDIDATES,
    PEAKS,
    FirstLook,
    Presence,
    candidates,
    lookalikes,
)

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


@pytest.fixture
def presence():
    """One of a target of 12 x 20 pixels, in windows of 11 x 11 cells of 4 pixels."""
    picture = np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)
    first = FirstLook(picture, (30, 30), (12, 20), (1.0, 1.0), (22, 44))

    def describe(window):
        return torch.from_numpy(window[2::4, 2::4].astype(np.float32)).permute(2, 0, 1)

    return Presence(first, describe, stride=4, beside=False, logistic=Logistic(10, 0.5))


def test_evidence_is_relative_to_what_is_usual_where_a_target_is_learnt(presence):
    assert presence.evidence(0.5) == presence.score(0.5) == 0.5
    for _ in range(20):
        presence.learn(torch.zeros(3, 11, 11), (0.0, 0.0), 0.4)
    assert presence.evidence(0.4) > 0.8
    assert presence.score(0.4) > 0.9


def test_peaks_lie_farther_apart_than_a_target_is_large(presence):
    answers = torch.zeros(11, 11)
    answers[5, 5], answers[5, 6], answers[6, 2], answers[0, 10] = 0.9, 0.8, 0.7, 0.6
    x, y, heights = presence.peaks(answers)
    assert heights.tolist() == pytest.approx([0.9, 0.7, 0.6])
    assert (x.tolist(), y.tolist()) == ([0, -12, 20], [0, 4, -20])


def test_look_alikes_are_the_probable_peaks_beside_the_target():
    target = Box.from_center(100, 80, 20, 30)
    peaks = [0, 30, -40, 0, 10, 0, 0.9, 0.7, 0.2]
    assert len(peaks) == 3 * PEAKS
    (other,) = lookalikes(peaks, (98, 80), (2.0, 1.5), target, lambda answer: answer)
    assert other == Box.from_center(158, 95, 20, 30)


def test_without_peaks_there_are_no_look_alikes():
    assert lookalikes([], (0, 0), (1, 1), Box(0, 0, 9, 9), float) == ()
