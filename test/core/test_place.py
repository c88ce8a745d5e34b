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


def test_a_box_gives_the_same_scale_to_the_last_bit_wherever_it_was_before():
    """Else a search, which divides the picture by the target's scale, begins anew."""
    image, box = np.zeros((480, 640, 3), np.uint8), Box(10, 20, 33, 47)
    scales = set()
    for factor in np.linspace(0.5, 2, 100):
        place = Place(Box(0, 0, 31, 41))
        place.grow(factor)
        place.move_to(box, image)
        scales.add(place.scale)
    assert len(scales) == 1
