"""Drawing results."""

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.overlay import STATE_COLORS, Overlay, draw

PICTURE = np.full((240, 320, 3), 128, np.uint8)
BOX = Box(100, 80, 60, 50)


def on_edge(picture, color):
    """Return the share of the box's upper edge that has the colour."""
    return np.mean(np.all(picture[80, 100:160] == color, axis=1))


def test_the_picture_itself_is_left_alone():
    before = PICTURE.copy()
    drawn = draw(PICTURE, Overlay("TRACKING", 0.9, BOX, caption="frame 1"))
    assert np.array_equal(PICTURE, before)
    assert drawn.shape == PICTURE.shape and drawn.dtype == np.uint8
    assert not np.array_equal(drawn, before)


@pytest.mark.parametrize("state", ["TRACKING", "UNCERTAIN"])
def test_a_seen_target_has_a_whole_box_in_the_colour_of_its_state(state):
    assert on_edge(draw(PICTURE, Overlay(state, 0.9, BOX)), STATE_COLORS[state]) == 1


@pytest.mark.parametrize("state", ["LOST", "SEARCHING"])
def test_a_target_not_seen_has_a_dashed_box(state):
    assert 0.2 < on_edge(draw(PICTURE, Overlay(state, 0.0, BOX)), STATE_COLORS[state]) < 0.9


def test_inside_the_box_nothing_is_drawn():
    drawn = draw(PICTURE, Overlay("TRACKING", 0.9, BOX))
    assert (drawn[86:124, 106:154] == 128).all()


def test_the_search_region_is_marked():
    plain = Overlay("TRACKING", 0.9, BOX)
    search = Overlay("TRACKING", 0.9, BOX, search=Box(40, 30, 180, 150))
    changed = np.any(draw(PICTURE, plain) != draw(PICTURE, search), axis=2)
    assert changed[30, 40] and changed[180, 220]


@pytest.mark.parametrize("box", [Box(-50, -40, 80, 60), Box(300, 230, 90, 70), Box(0, 0, 320, 240)])
def test_a_box_that_leaves_the_picture_keeps_its_label_in_sight(box):
    drawn = draw(PICTURE, Overlay("TRACKING", 0.9, box))
    label = np.all(drawn == STATE_COLORS["TRACKING"], axis=2)
    assert label.sum() > 600  # more than the outline alone


def test_an_unknown_state_is_named():
    with pytest.raises(ValueError, match=r"'HAPPY'.*TRACKING"):
        draw(PICTURE, Overlay("HAPPY", 0.5))
