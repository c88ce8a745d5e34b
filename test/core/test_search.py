"""What every tracker does that can look for a lost target, on synthetic pictures."""

import cv2
import numpy as np
import pytest
from targets import scene

from tadt_tracking import create_tracker
from tadt_tracking.box import Box

LARGE = (480, 640)
TRACKERS = {
    "tadt": {"name": "tadt"},
    "hcf": {"name": "hcf"},
    "narrow": {"name": "dasiamrpn", "variant": "narrow"},
    "r50": {"name": "dasiamrpn", "variant": "r50"},
}


@pytest.fixture(scope="module", params=TRACKERS)
def tracker(request):
    return create_tracker(**TRACKERS[request.param], device="cpu", background=False)


def _beside(tracker, box, scale=1.0, reach=0.2):
    """A region that can be searched, a target in it but not in its middle."""
    span = scale * tracker.search_span()
    return Box.from_center(box.center[0] - reach * span, box.center[1] + span / 8, span, span)


def test_target_elsewhere_is_found_where_it_is(tracker):
    tracker.init(*scene((80, 80), shape=LARGE))
    moved, truth = scene((300, 250), shape=LARGE)
    best, *others = tracker.search(moved, _beside(tracker, truth))
    assert best.box.overlap(truth) > 0.6
    assert best.score > 0.5
    assert all(other.score <= best.score for other in others)
    tracker.move_to(moved, best.box)
    assert tracker.update(moved).box.overlap(truth) > 0.7


def test_a_target_that_lies_just_inside_the_region_is_found(tracker):
    """Regions overlap by a target, so that each is wholly in one of them."""
    tracker.init(*scene((80, 80), shape=LARGE))
    moved, truth = scene((300, 250), shape=LARGE)
    reach = 0.5 - max(truth.size) / 2 / tracker.search_span()
    best = tracker.search(moved, _beside(tracker, truth, reach=reach))[0]
    assert best.box.overlap(truth) > 0.5
    assert best.score > 0.5


@pytest.mark.parametrize("scale", [1.5, 1 / 1.5])
def test_target_of_another_size_is_found(tracker, scale):
    tracker.init(*scene((100, 100)))
    picture, box = scene((230, 160))
    resized = cv2.resize(picture, None, fx=scale, fy=scale)
    truth = Box(*(scale * length for length in box))
    best = tracker.search(resized, _beside(tracker, truth, scale), scale)[0]
    assert best.box.overlap(truth) > 0.5
    assert best.score > 0.5


def test_search_finds_nothing_where_the_target_is_not(tracker):
    picture, box = scene((80, 80), shape=LARGE)
    tracker.init(picture, box)
    span = tracker.search_span()
    assert all(c.score < 0.5 for c in tracker.search(picture, Box(400, 240, span, span)))


def test_search_leaves_place_and_size(tracker):
    picture, box = scene((100, 100))
    tracker.init(picture, box)
    before = tracker.update(picture).box
    tracker.search(scene((220, 150))[0], Box(0, 0, 320, 240))
    assert tracker.update(picture).box.overlap(before) > 0.9


def test_a_target_that_keeps_changing_is_told_more_easily_after_it_was_out_of_sight(tracker):
    """What is as like it as is usual at once is more like it than is usual after a while."""
    picture, box = scene((150, 120))
    turned = picture.copy()
    target = (slice(int(box.y), int(box.y + box.h)), slice(int(box.x), int(box.x + box.w)))
    turned[target] = cv2.addWeighted(picture[target], 0.4, 255 - picture[target], 0.6, 0)
    tracker.init(picture, box)
    for share in np.linspace(0, 1, 25):
        tracker.update(cv2.addWeighted(picture, 1 - share, turned, share, 0))
    usual = tracker._presence._usual_likeness
    assert usual.relative(0.5, staleness=1.0) > 1.01 * usual.relative(0.5, staleness=0.0)


def test_what_comes_back_no_more_alike_than_usual_counts_as_usual(tracker):
    picture, box = scene((150, 120))
    tracker.init(picture, box)
    followed = tracker.update(picture)
    assert followed.evidence[1] > 1, "it has not changed yet"
    tracker.learning = False
    tracker.lose_sight(1)
    back = tracker.update(picture)
    assert back.score == back.known < followed.score


def test_what_comes_back_in_other_colours_is_found_less(tracker):
    """While the target is followed, the same picture is taken for it: light may change."""
    picture, box = scene((150, 120))
    red, blue = ((picture * tint).astype(np.uint8) for tint in ((0.7, 0.85, 1), (1, 0.85, 0.7)))
    region = Box(0, 0, *picture.shape[1::-1])
    tracker.init(red, box)
    tracker.learning = False
    (followed, *_) = tracker.search(blue, region)
    tracker.lose_sight(1)
    same, other = (tracker.search(image, region)[0] for image in (red, blue))
    assert min(followed.box.overlap(box), same.box.overlap(box)) > 0.5
    assert min(followed.score, same.score) > other.score + 0.3
