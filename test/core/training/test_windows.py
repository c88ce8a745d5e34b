"""Windows around objects, and pictures read as large as they need."""

import math

import numpy as np
import pytest
import torch
from rectangles import GROUND, OBJECT, draw, found

from tadt_tracking.box import Box
from tadt_tracking.training.data.windows import (
    Jitter,
    Whole,
    cut,
    draw_stretch,
    read_picture,
)


def test_mirrored_window_has_its_box_mirrored():
    picture = np.full((100, 120, 3), GROUND, np.uint8)
    picture[30:60, 20:60] = OBJECT
    picture[30:60, 20:30] = (255, 255, 255)  # the object's left quarter
    box = Box(20, 30, 40, 30)
    plain, place = cut(picture, box, 127, Jitter())
    mirrored, same = cut(picture, box, 127, Jitter(whole=Whole(mirror=True)))
    assert np.abs(plain[:, ::-1].astype(int) - mirrored).max() <= 2
    assert (place == same).all()


def test_outside_of_the_picture_lies_its_mean_colour():
    picture = np.full((64, 64, 3), (10, 100, 200), np.uint8)
    window, _ = cut(picture, Box(0, 0, 32, 32), 255, Jitter())
    assert (window == (10, 100, 200)).all()


@pytest.mark.parametrize("part", [1, 2, 4, 8])
def test_picture_of_a_large_object_is_read_smaller(tmp_path, part):
    side = 72 * part  # twice as wide with its context: somewhat more than 127 px
    size = (side * 5 + 1, side * 4 + 3)
    whole = (2 * side, side, side, side)
    draw(tmp_path / "a.jpg", whole, size)
    picture, box = read_picture(str(tmp_path / "a.jpg"), Box(*whole))
    assert picture.shape[:2] == (math.ceil(size[1] / part), math.ceil(size[0] / part))
    window, place = cut(picture, box, 255, Jitter())
    image = torch.from_numpy(window.transpose(2, 0, 1).copy())
    assert found(image) == pytest.approx(place.tolist(), abs=1.0)


def test_picture_to_stretch_is_read_as_large_as_the_wider_axis_needs(tmp_path):
    draw(tmp_path / "a.jpg", (50, 40, 144, 144), (400, 400))
    whole = Box(50, 40, 144, 144)
    sides = {
        stretch: len(read_picture(str(tmp_path / "a.jpg"), whole, stretch)[0])
        for stretch in (0.5, 0.9, 1.0, 1.1, 2.0)
    }
    assert sides == {0.5: 400, 0.9: 200, 1.0: 200, 1.1: 200, 2.0: 400}


def test_stretches_are_drawn_evenly_and_none_takes_no_chance():
    rng = np.random.default_rng(0)
    stretches = np.log2([draw_stretch(1.0, rng) for _ in range(400)])
    assert -1 <= stretches.min() < -0.95 and 0.95 < stretches.max() <= 1
    before = rng.bit_generator.state
    assert draw_stretch(0.0, rng) == 1.0
    assert rng.bit_generator.state == before


def test_missing_picture_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.jpg"):
        read_picture(str(tmp_path / "missing.jpg"), Box(0, 0, 9, 9))
