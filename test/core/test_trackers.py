"""What every tracker has to bear: odd pictures and odd boxes."""

import numpy as np
import pytest
from targets import scene

from tadt_tracking import create_tracker
from tadt_tracking.box import Box
from tadt_tracking.trackers import TRACKERS


@pytest.fixture(scope="module", params=TRACKERS)
def tracker(request):
    return create_tracker(request.param, device="cpu")


def test_picture_that_shrinks_is_survived(tracker):
    picture, _ = scene((1500, 900), shape=(1080, 1920))
    tracker.init(picture, (1470, 876, 60, 48))
    assert np.isfinite(tracker.update(picture[:240, :320]).box).all()


@pytest.mark.parametrize("shape", [(1, 1), (9, 300), (2160, 3840)])
def test_any_size_of_picture_works(tracker, shape):
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    tracker.init(picture, (0, 0, max(1, shape[1] / 2), max(1, shape[0] / 2)))
    assert np.isfinite(tracker.update(picture).box).all()


@pytest.mark.parametrize(
    "box",
    [(-30, -30, 60, 60), (290, 200, 80, 80), (10, 10, 1, 1), (0, 0, 320, 3), (0, 0, 320, 240)],
)
def test_odd_boxes_work(tracker, box):
    picture, _ = scene((150, 120))
    tracker.init(picture, box)
    assert np.isfinite(tracker.update(picture).box).all()


def test_uniform_picture_gives_finite_results(tracker):
    grey = np.full((240, 320, 3), 128, np.uint8)
    tracker.init(grey, (100, 100, 50, 50))
    result = tracker.update(grey)
    assert np.isfinite(result.box).all()
    assert 0 <= result.score <= 1


def test_what_looks_like_the_target_beside_it_is_told(tracker):
    picture, box = scene((120, 120), size=(40, 40))
    tracker.init(picture, box)
    assert tracker.update(picture).distractors == ()
    left, top, width, height = (round(value) for value in box)
    target = picture[top : top + height, left : left + width]
    picture[top : top + height, left + 42 : left + 42 + width] = target
    tracker.learning = False
    result = tracker.update(picture)
    assert result.box.overlap(box) > 0.5
    copy = Box(left + 42, top, width, height)
    assert [round(other.overlap(copy)) for other in result.distractors] == [1]
