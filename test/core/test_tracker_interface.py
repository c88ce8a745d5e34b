"""What the interface does for every tracker: checks, and what one that cannot search says."""

import numpy as np
import pytest

from tadt_tracking.box import Box, BoxError
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.result import Candidate, Result
from tadt_tracking.settings import Settings
from tadt_tracking.trackers.base import ImageError, Tracker

PICTURE = np.zeros((120, 160, 3), np.uint8)
BOX = Box(40, 30, 20, 10)


class Short(Tracker):
    """Never moves, and cannot search."""

    def __init__(self):
        super().__init__(Settings(), Compute.choose(ComputeSettings(device="cpu", engine="torch")))

    def _init(self, image, box):
        self.box = box

    def _update(self, image):
        return Result(self.box, 0.9)


class Long(Short):
    """Finds the target in the middle of every region."""

    can_search = True

    def search_span(self):
        return 100.0

    def _search_for(self, image, region, scale):
        size = (scale * length for length in self.box.size)
        return [Candidate(Box.from_center(*region.center, *size), 0.7)]

    def _move_to(self, image, box):
        self.box = box


def _started(kind):
    tracker = kind()
    tracker.init(PICTURE, BOX)
    return tracker


def test_tracker_that_cannot_search_says_so():
    tracker = _started(Short)
    assert not tracker.can_search
    for call in (
        lambda: tracker.search(PICTURE, BOX),
        lambda: tracker.move_to(PICTURE, BOX),
        tracker.search_span,
    ):
        with pytest.raises(RuntimeError, match="Short cannot search"):
            call()


@pytest.mark.parametrize("method", ["search", "move_to"])
def test_search_checks_what_it_is_given(method):
    with pytest.raises(RuntimeError, match=rf"{method}\(\) before init"):
        getattr(Long(), method)(PICTURE, BOX)
    with pytest.raises(ImageError, match="float"):
        getattr(_started(Long), method)(PICTURE.astype(float), BOX)
    with pytest.raises(BoxError, match="outside"):
        getattr(_started(Long), method)(PICTURE, Box(500, 0, 10, 10))


def test_search_gets_the_part_of_its_region_in_the_picture():
    found = _started(Long).search(PICTURE, Box(-50, 0, 100, 200))
    assert found == [Candidate(Box.from_center(25, 60, 20, 10), 0.7)]
    (larger,) = _started(Long).search(PICTURE, Box(-50, 0, 100, 200), scale=1.5)
    assert larger.box.size == (30, 15)


def test_every_init_lets_it_learn_again():
    tracker = _started(Long)
    tracker.learning = False
    tracker.init(PICTURE, BOX)
    assert tracker.learning


def test_warm_up_leaves_it_not_started():
    tracker = Long()
    tracker.warm_up()
    with pytest.raises(RuntimeError, match="before init"):
        tracker.update(PICTURE)
