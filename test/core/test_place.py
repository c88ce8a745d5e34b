"""Place: a target's centre and scale between frames."""

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.trackers.place import MAX_SCALE, MIN_SCALE, Place

IMAGE = np.zeros((100, 200, 3), np.uint8)


def test_it_starts_as_the_box():
    assert Place(Box(10, 20, 30, 40)).box == Box(10, 20, 30, 40)


def test_it_moves_and_grows_around_its_centre():
    place = Place(Box(10, 20, 30, 40))
    place.move(5, -4, IMAGE)
    assert place.grow(2) == 2
    assert place.box == Box(0, -4, 60, 80)


def test_its_centre_stays_in_the_image():
    place = Place(Box(150, 50, 20, 20))
    place.move(1e6, -1e6, IMAGE)
    assert place.center == (200, 0)
    place.stay_inside(IMAGE[:, :50])
    assert place.center == (50, 0)


@pytest.mark.parametrize(("factor", "bound"), [(100, MAX_SCALE), (0.001, MIN_SCALE)])
def test_its_scale_is_bounded_and_says_what_it_did(factor, bound):
    place = Place(Box(0, 0, 10, 10))
    assert place.grow(factor) == bound
    assert place.grow(factor) == 1
