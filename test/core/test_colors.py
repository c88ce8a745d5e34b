"""The colours of a target."""

import itertools

import numpy as np
import pytest

from tadt_tracking.trackers.colors import Colors

BOX = (0.0, 0.0, 24.0, 40.0)
SHIRT, OTHER_SHIRT, SHORTS, ROAD = (30, 200, 230), (40, 40, 200), (60, 60, 60), (120, 130, 125)


def _window(shirt=SHIRT, shorts=SHORTS, right=0, brighter=0):
    """A window of 80 x 80 pixels with a runner, `right` of its middle, on a road."""
    window = np.empty((80, 80, 3), np.uint8)
    window[:] = ROAD
    window[20:40, 28 + right : 52 + right] = shirt
    window[40:60, 28 + right : 52 + right] = shorts
    noise = np.random.default_rng(0).integers(-8, 9, window.shape)
    return (window + noise + brighter).clip(0, 255).astype(np.uint8)


@pytest.fixture
def colors():
    """Those of a runner who has been followed for a while."""
    return _learnt([SHIRT])


def _learnt(shirts):
    colors = Colors(_window(), BOX)
    for _ in range(20):
        for shirt in shirts:
            colors.learn(_window(shirt=shirt), BOX)
    return colors


def test_the_same_colours_are_alike_wherever_they_are(colors):
    assert colors.alike(_window(), BOX) == 1
    assert colors.alike(_window(right=20), (20.0, 0.0, 24.0, 40.0)) == 1
    assert colors.alike(_window(shirt=SHORTS, shorts=SHIRT), BOX) > 0.95, "limbs may move"


def test_a_shirt_of_another_colour_is_less_alike_and_a_road_hardly(colors):
    shirt = colors.alike(_window(shirt=OTHER_SHIRT), BOX)
    assert colors.alike(_window(shirt=ROAD, shorts=ROAD), BOX) < 0.5 < shirt < 0.7


def test_a_little_more_light_changes_little(colors):
    assert colors.alike(_window(brighter=20), BOX) > 0.9


def test_a_box_beside_the_target_is_less_alike_the_farther_it_is(colors):
    nearer, farther = (colors.alike(_window(), (x, 0.0, 24.0, 40.0)) for x in (8.0, 16.0))
    assert farther < nearer - 0.1 < 0.9 < nearer


def test_new_colours_are_learnt(colors):
    other = _window(shirt=OTHER_SHIRT)
    before = colors.alike(other, BOX)
    for _ in range(10):
        colors.learn(other, BOX)
    assert colors.alike(other, BOX) > before + 0.2
    assert colors.alike(_window(), BOX) > 0.9, "and the old ones are known still"


def test_what_changes_its_colours_is_judged_less_strictly(colors):
    changing = _learnt([SHIRT, (30, 40, 230), (30, 40, 30), (200, 40, 200)])
    other = _window(shirt=(200, 60, 60))
    assert changing.alike(other, BOX) > colors.alike(other, BOX) + 0.1


def test_one_that_turns_round_now_and_then_may_come_back_from_behind():
    front, behind = _window(), _window(shirt=(20, 20, 90), shorts=(150, 60, 20))
    colors, unseen = Colors(front, BOX), Colors(front, BOX)
    for step in range(60):
        colors.learn(behind if step % 5 == 4 else front, BOX)
        unseen.learn(front, BOX)
    assert unseen.alike(behind, BOX) < 0.1 < 0.7 < colors.alike(behind, BOX)


def test_one_that_has_every_colour_in_turn_is_not_everything():
    shades = [np.array(shade) for shade in itertools.product((10, 130, 250), repeat=3)]
    colors = Colors(_plain(shades[0]), BOX)
    for shade in 4 * shades:
        colors.learn(_plain(shade), BOX)
    assert colors.alike(_plain((10, 70, 190)), BOX) < 0.8


def _plain(color):
    return np.full((80, 80, 3), color, np.uint8)


def test_no_colour_is_another_one_for_a_step_of_light():
    for grey in range(40, 220):
        assert Colors(_plain(grey), BOX).alike(_plain(grey + 1), BOX) > 0.8, grey


def test_what_is_at_a_boxs_border_counts_less_than_its_middle():
    rim, middle = _plain(60), _plain(60)
    rim[20:60, 28:32] = rim[20:60, 48:52] = SHIRT  # as many pixels as below
    middle[20:60, 36:44] = SHIRT
    colors = Colors(_plain(60), BOX)
    for _ in range(60):
        colors.learn(_plain(60), BOX)
    assert colors.alike(rim, BOX) > colors.alike(middle, BOX) + 0.05


def test_boxes_may_leave_the_window_and_be_smaller_than_a_pixel(colors):
    assert 0 <= colors.alike(_window(), (38.0, 0.0, 24.0, 40.0)) <= 1
    assert 0 <= colors.alike(_window(), (0.0, 0.0, 0.3, 0.3)) <= 1
