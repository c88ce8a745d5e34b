"""A session whose frames are missing, or whose time goes back."""

import pytest
from scripted import FRAME, PICTURE, Run, box_at

from tadt_tracking.result import State
from tadt_tracking.trackers.base import ImageError

FAR = (500, 300)


def test_after_missing_frames_the_target_is_where_it_may_have_gone():
    run = Run()
    run.frames(3)
    run.world.only(180, 100)
    result = run.frame(elapsed=10 * FRAME)
    assert (result.state, result.box) == (State.TRACKING, box_at(180, 100))


def test_after_missing_frames_a_look_alike_does_not_win_over_staying():
    run = Run()
    run.frames(3)
    run.world.put(180, 100, score=0.7, seen=0.99)
    result = run.frame(elapsed=10 * FRAME)
    assert result.box == box_at(100, 100)
    assert run.frame().box == box_at(100, 100)


@pytest.mark.parametrize("elapsed", [FRAME, 30.0])
def test_a_first_interval_that_was_a_gap_is_not_the_usual_one(elapsed):
    run = Run()
    run.frame(elapsed)
    run.frames(3)
    run.world.only(180, 100)
    result = run.frame(elapsed=10 * FRAME)
    assert (result.state, result.box) == (State.TRACKING, box_at(180, 100))


def test_a_picture_that_is_refused_does_not_use_up_a_gap():
    run = Run()
    run.frames(3)
    run.world.only(180, 100)
    with pytest.raises(ImageError):
        run.session.update(PICTURE[..., 0], run.stamp + 10 * FRAME)
    result = run.frame(elapsed=11 * FRAME)
    assert (result.state, result.box) == (State.TRACKING, box_at(180, 100))


def test_nothing_is_learned_on_the_frame_after_a_gap():
    run = Run()
    run.frames(3)
    known = len(run.tracker.learned)
    run.frame(elapsed=10 * FRAME)
    assert len(run.tracker.learned) == known
    assert run.tracker.unseen == pytest.approx(10)
    run.frame()
    assert len(run.tracker.learned) == known + 1
    assert run.tracker.unseen == 0


def _left(regions):
    return min(region.x for region in regions)


def _right(regions):
    return max(region.x + region.w for region in regions)


def test_wider_gap_is_searched_wider():
    sides = []
    for elapsed in (0.4, 0.6, 60.0):
        run = Run()
        run.frames(3)
        run.frame(elapsed)
        left, right = (side(run.tracker.searched) for side in (_left, _right))
        sides.append(right - left)
    assert sides[0] < sides[1] < sides[2] == 400


def test_time_that_goes_back_is_a_jump_of_unknown_length():
    run = Run()
    run.frames(50)
    run.world.only(180, 100)
    result = run.frame(elapsed=-4.0)
    assert _right(run.tracker.searched) == 400
    assert (result.state, result.box) == (State.TRACKING, box_at(180, 100))
    assert run.states(3) == ["TRACKING"] * 3


def test_velocity_is_forgotten_when_time_goes_back():
    run = Run()
    for x in range(110, 310, 10):
        run.world.only(x, 100)
        assert run.frame().state is State.TRACKING
    run.frame(elapsed=-1.0)
    before = len(run.tracker.searched)
    run.frame(elapsed=5 * FRAME)
    searched = run.tracker.searched[before:]
    assert (_left(searched) + _right(searched)) / 2 == 300


def test_time_may_go_back_while_lost():
    run = Run()
    run.lose()
    run.frame(elapsed=-0.3)
    run.world.put(*FAR)
    assert "TRACKING" in run.states(60)


def test_bad_stamps_are_refused_and_change_nothing():
    run = Run()
    run.frames(3)
    with pytest.raises(ValueError, match="stamp must be finite seconds, got nan"):
        run.session.update(PICTURE, float("nan"))
    with pytest.raises(ValueError, match="stamp must be finite"):
        run.session.init(PICTURE, box_at(300, 200), float("inf"))
    assert run.frame().box == box_at(100, 100)
