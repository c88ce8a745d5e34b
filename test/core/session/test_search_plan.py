"""What is searched in which order, and how much of it on a frame."""

import math

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.session.budget import Budget
from tadt_tracking.session.motion import Prior
from tadt_tracking.session.search_plan import SearchPlan, tiles, window_at

PICTURE = np.zeros((480, 640, 3), np.uint8)
PRIOR = Prior((500.0, 100.0), 10.0)
TARGET = (40.0, 30.0)


def _plan(window=90.0, growth=3.0):
    return SearchPlan(window, growth)


def _frame(plan, span=300.0, prior=PRIOR, picture=PICTURE):
    return list(plan.regions(picture, prior, span, TARGET))


def _covered(regions, picture, size):
    """Whether a target of `size` lies wholly in a region, wherever it is in the picture."""
    height, width = picture.shape[:2]
    return all(
        any(
            r.x <= x and r.y <= y and x + size[0] <= r.x + r.w and y + size[1] <= r.y + r.h
            for r in regions
        )
        for x in np.linspace(0, width - size[0], 60)
        for y in np.linspace(0, height - size[1], 60)
    )


def test_search_grows_then_goes_over_the_picture():
    plan = _plan(window=300 / 9)
    assert [region.w for region in _frame(plan)] == pytest.approx([100, 300])
    assert not plan.wide
    swept = _frame(plan)
    assert plan.wide
    assert len(swept) > 4
    assert _frame(plan) == swept, "then all over again"


def test_uncertain_place_makes_the_first_window_larger():
    first = next(_plan(300 / 9).regions(PICTURE, PRIOR._replace(sigma=50.0), 300.0, TARGET))
    assert first.w == 200


@pytest.mark.parametrize("window", [100.0, 70.0, 130.0, 500.0])
def test_there_is_always_a_window_first(window):
    plan = _plan(window)
    assert [region.size for region in _frame(plan)] == [(300, 300)]
    assert not plan.wide


@pytest.mark.parametrize("shape", [(480, 640), (1080, 1920), (120, 2000), (200, 200)])
@pytest.mark.parametrize("span", [90.0, 300.0, 511.0, 5000.0])
def test_sweep_covers_every_place(shape, span):
    picture = np.zeros(shape, np.uint8)
    regions = tiles(picture, span, max(TARGET))
    assert _covered(regions, picture, TARGET)
    assert all(max(r.size) <= span and r.clip(picture) == pytest.approx(r) for r in regions)


def test_no_more_tiles_than_needed():
    assert len(tiles(PICTURE, 640.0, 40.0)) == 1
    assert len(tiles(PICTURE, 480.0, 40.0)) == 2


def test_likely_tiles_come_first():
    plan = _plan()
    _frame(plan)
    swept = _frame(plan)
    distances = [math.dist(tile.center, PRIOR.center) for tile in swept]
    assert distances == sorted(distances)
    elsewhere = _frame(plan, prior=Prior((50.0, 400.0), 10.0))
    assert elsewhere[0] == swept[-1]


def test_frames_share_a_sweep():
    plan, whole = _plan(), _plan()
    _frame(plan), _frame(whole)
    pieces = []
    for _ in range(3):
        regions = plan.regions(PICTURE, PRIOR, 300.0, TARGET)
        pieces += [next(regions), next(regions)]
    assert pieces == _frame(whole)[:6]


def test_picture_of_another_size_is_divided_anew():
    plan = _plan()
    _frame(plan)
    next(plan.regions(PICTURE, PRIOR, 300.0, TARGET))
    small = PICTURE[:200, :250]
    assert _frame(plan, picture=small) == [Box(0, 0, 250, 200)]


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
