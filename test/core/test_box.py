import numpy as np
import pytest

from tadt_tracking.box import Box, BoxError


def test_box_is_the_tuple_that_it_was_made_of():
    box = Box(1, 2, 3, 4)
    assert box == (1.0, 2.0, 3.0, 4.0)
    assert all(isinstance(value, float) for value in box)


def test_center_and_size_round_trip():
    box = Box(10, 20, 5, 7)
    assert Box.from_center(*box.center, *box.size) == box


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_value_that_is_not_finite_is_named(position, value):
    values = [1.0, 2.0, 3.0, 4.0]
    values[position] = value
    with pytest.raises(BoxError, match=f"{value}.*not finite"):
        Box(*values)


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (-1, 4), (4, -1)])
def test_empty_box_is_named(size):
    with pytest.raises(BoxError, match="empty"):
        Box(1, 2, *size)


def test_box_is_read_from_text():
    assert Box.parse("1, 2.5,3,4") == Box(1, 2.5, 3, 4)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "1,2,x,4", "1,2,0,4", "nan,2,3,4"])
def test_text_that_is_no_box_is_named(text):
    with pytest.raises(BoxError, match="box"):
        Box.parse(text)


def test_part_inside_the_picture():
    picture = np.zeros((50, 100, 3))
    assert Box(-5, 40, 20, 20).clip(picture) == Box(0, 40, 15, 10)
    assert Box(-5, -5, 200, 200).clip(picture) == Box(0, 0, 100, 50)


def test_overlap():
    box = Box(0, 0, 10, 10)
    assert box.overlap(box) == 1
    assert box.overlap(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert box.overlap(Box(10, 0, 10, 10)) == 0
    assert box.overlap(Box(20, 20, 1, 1)) == 0


@pytest.mark.parametrize("box", [(100, 0, 5, 5), (0, 50, 5, 5), (-5, 0, 5, 5), (0, -9, 5, 9)])
def test_box_wholly_outside_is_refused_with_both_sizes(box):
    with pytest.raises(BoxError, match="outside the 100x50 picture"):
        Box(*box).require_in(np.zeros((50, 100, 3)))


@pytest.mark.parametrize("box", [(99, 49, 5, 5), (-4, -4, 5, 5), (-10, -10, 200, 200)])
def test_box_partly_inside_is_accepted(box):
    assert Box(*box).require_in(np.zeros((50, 100, 3))) == box
