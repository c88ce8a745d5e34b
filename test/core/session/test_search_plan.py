"""What is searched in which order, and how much of it on a frame."""

import math
from collections import Counter

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.session.budget import Budget
from tadt_tracking.session.motion import Prior
from tadt_tracking.session.search_plan import (
    MOST_TILES,
    SCALES,
    Glance,
    SearchPlan,
    tiles,
    window_at,
)

PICTURE = np.zeros((480, 640, 3), np.uint8)
PRIOR = Prior((500.0, 100.0), 10.0)
TARGET = (40.0, 30.0)


def _frame(plan, span=100.0, prior=PRIOR, picture=PICTURE):
    return list(plan.glances(picture, prior, span, TARGET))


def _searched_wide(span=100.0, prior=PRIOR):
    """A plan that has been through the region around the expected place."""
    plan = SearchPlan(growth=3.0)
    _frame(plan, span, prior)
    return plan


def _covered(regions, picture, size, origin=(0, 0)):
    """Whether a target of `size` lies wholly in a region, wherever it is in the picture."""
    height, width = picture.shape[:2]
    left, top = origin
    return all(
        any(
            r.x <= x and r.y <= y and x + size[0] <= r.x + r.w and y + size[1] <= r.y + r.h
            for r in regions
        )
        for x in left + np.linspace(0, width - size[0], 60)
        for y in top + np.linspace(0, height - size[1], 60)
    )


def test_search_begins_around_the_expected_place_and_then_goes_everywhere():
    plan = SearchPlan(growth=3.0)
    glances = plan.glances(PICTURE, PRIOR, 100.0, TARGET)
    around = []
    while not plan.wide:
        around.append(next(glances))
    (first, scale), *others, _ = around
    assert (first.center, first.size, scale) == (PRIOR.center, (100, 100), 1)
    distances = np.array([glance.region.center for glance in others]) - PRIOR.center
    assert np.abs(distances).max() <= 150
    assert {glance.scale for glance in others} == {1}
    boxes = [glance.region for glance in around]
    assert _covered(boxes, PICTURE[:150, 380:620], TARGET, (380, 0))


def test_whole_picture_is_searched_at_every_scale_again_and_again():
    plan = _searched_wide()
    for _ in range(2):
        swept = _frame(plan)
        for scale in SCALES:
            size = tuple(scale * length for length in TARGET)
            regions = [glance.region for glance in swept if glance.scale == scale]
            assert _covered(regions, PICTURE, size)
            assert max(region.w for region in regions) <= 100 * scale


def test_nothing_is_searched_twice_on_a_frame():
    plan = _searched_wide()
    swept = _frame(plan)
    assert len(set(swept)) == len(swept)


def test_likely_places_are_searched_more_often():
    plan = _searched_wide()
    glances = [next(plan.glances(PICTURE, PRIOR, 100.0, TARGET)) for _ in range(600)]
    counts = Counter(glance for glance in glances if glance.scale == 1)
    here = Glance(window_at(PRIOR.center, 100.0, PICTURE), 1.0)
    farthest = max(counts, key=lambda glance: math.dist(glance.region.center, PRIOR.center))
    assert counts[here] == max(counts.values()) > 5 * counts[farthest] > 0


def test_place_that_has_grown_uncertain_is_searched_more_evenly():
    def share(sigma):
        prior = PRIOR._replace(sigma=sigma)
        plan = _searched_wide(prior=prior)
        glances = [next(plan.glances(PICTURE, prior, 100.0, TARGET)) for _ in range(600)]
        return glances.count(Glance(window_at(PRIOR.center, 100.0, PICTURE), 1.0)) / 600

    assert share(10.0) > 3 * share(1000.0) > 0


def test_expected_place_is_searched_where_it_has_moved():
    plan = SearchPlan(growth=3.0)
    next(plan.glances(PICTURE, PRIOR, 100.0, TARGET))
    elsewhere = Prior((200.0, 300.0), 10.0)
    for _ in range(20):
        glance = next(plan.glances(PICTURE, elsewhere, 100.0, TARGET))
        assert np.abs(np.subtract(glance.region.center, elsewhere.center)).max() <= 150


@pytest.mark.parametrize("shape", [(480, 640), (1080, 1920), (120, 2000), (200, 200)])
@pytest.mark.parametrize("span", [90.0, 300.0, 511.0, 5000.0])
def test_sweep_covers_every_place(shape, span):
    picture = np.zeros(shape, np.uint8)
    regions = tiles(Box(0, 0, *shape[::-1]), span, max(TARGET))
    assert _covered(regions, picture, TARGET)
    assert all(max(r.size) <= span and r.clip(picture) == pytest.approx(r) for r in regions)


def test_no_more_tiles_than_needed():
    assert len(tiles(Box(0, 0, 640, 480), 640.0, 40.0)) == 1
    assert len(tiles(Box(0, 0, 640, 480), 480.0, 40.0)) == 2


@pytest.mark.parametrize("span", [0.01, 3.0, 20.0])
def test_a_tiny_target_does_not_make_tiles_without_number(span):
    found = tiles(Box(0, 0, 3840, 2160), span, span / 4)
    assert len(found) <= MOST_TILES**2
    assert found[0][:2] == (0, 0)
    last = found[-1]
    assert (last.x + last.w, last.y + last.h) == pytest.approx((3840, 2160))


def test_picture_of_another_size_is_divided_anew():
    plan = _searched_wide(span=300.0)
    small = PICTURE[:200, :250]
    assert {glance.region for glance in _frame(plan, 300.0, picture=small)} == {
        Box(0, 0, 250, 200),
        *tiles(Box(0, 0, 250, 200), 200.0, 40 / 1.5),
    }


def test_window_is_moved_into_the_picture():
    assert window_at((10, 470), 100, PICTURE) == Box(0, 380, 100, 100)
    assert window_at((320, 240), 500, PICTURE) == Box(70, 0, 500, 480)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [(1, [1, 1, 1, 1]), (3, [3, 3, 3, 3]), (0.5, [0, 1, 0, 1]), (1.5, [1, 2, 1, 2])],
)
def test_counted_budget(pieces, expected):
    budget = Budget(pieces, ms=0)
    assert [len(list(budget.portion(range(100)))) for _ in range(4)] == expected


def test_tenths_add_up():
    budget = Budget(0.1, ms=0)
    assert sum(len(list(budget.portion(range(9)))) for _ in range(100)) == 10


def test_unused_budget_is_not_hoarded():
    budget = Budget(1, ms=0)
    for _ in range(10):
        assert list(budget.portion([])) == []
    assert len(list(budget.portion(range(100)))) <= 2


def test_what_could_not_wait_is_saved_by_the_next_frames():
    budget = Budget(1, ms=0)
    done = 0
    for _ in range(10):
        for _ in budget.portion(range(100)):
            done += 1
            budget.spend()  # a look at what was found
            done += 1
    assert done == 10


class _Stopwatch:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.mark.parametrize(("ms", "cost_ms", "pieces"), [(30, 10, 3), (5, 20, 0.25), (25, 10, 2.5)])
def test_timed_budget_holds_on_average(ms, cost_ms, pieces):
    clock = _Stopwatch()
    budget = Budget(1, ms=ms, now=clock)
    done = 0
    for _ in range(200):
        for _ in budget.portion(range(100)):
            clock.seconds += cost_ms / 1e3
            done += 1
    assert done / 200 == pytest.approx(pieces, rel=0.05)


def test_nothing_is_taken_that_is_not_given():
    work = iter(range(10))
    assert list(Budget(2, ms=0).portion(work)) == [0, 1]
    assert next(work) == 2
