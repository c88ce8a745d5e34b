"""Where a target is expected, and what the time between frames tells."""

import math

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.session.clock import Clock, Passed
from tadt_tracking.session.motion import PERSISTENCE, Motion, moved_inside

PICTURE = np.zeros((100, 200, 3), np.uint8)


def _moving(speed, frames=100, interval=0.05):
    motion = Motion(Box(0, 0, 20, 20), 0.0)
    for index in range(1, frames + 1):
        motion.see(Box(speed * index * interval, 0, 20, 20), index * interval)
    return motion, frames * interval


def test_target_goes_on_for_a_while():
    motion, now = _moving(speed=100)
    x = motion.predict(now).center[0]
    assert motion.predict(now + 0.1).center[0] - x == pytest.approx(10, rel=0.06)
    assert motion.predict(now + 60).center[0] - x == pytest.approx(100 * PERSISTENCE, rel=0.01)


def test_velocity_is_by_time_not_by_frame():
    slow, fast = (_moving(100, frames, interval) for frames, interval in ((50, 0.2), (1000, 0.01)))
    ahead = [motion.predict(now + 0.5).center[0] - 100 * now for motion, now in (slow, fast)]
    assert ahead[0] == pytest.approx(ahead[1], rel=0.01)


def test_uncertainty_grows_with_time_and_size():
    motion = Motion(Box(0, 0, 20, 20), 0.0)
    sigmas = [motion.predict(t).sigma for t in (0, 0.1, 1, 10)]
    assert sigmas == sorted(sigmas)
    assert sigmas[0] == 10
    assert Motion(Box(0, 0, 40, 40), 0.0).predict(1).sigma == 2 * sigmas[2]
    moving, now = _moving(speed=100)
    assert moving.predict(now + 1).sigma > sigmas[2]


def test_same_stamp_twice_changes_no_velocity():
    motion = Motion(Box(0, 0, 20, 20), 1.0)
    motion.see(Box(50, 0, 20, 20), 1.0)
    assert motion.predict(2.0).center == (60, 10)


def test_expected_place_is_in_the_picture():
    motion, now = _moving(speed=100)
    assert motion.predict(now).inside(PICTURE).center == (200, 10)
    assert moved_inside(Box(-50, 300, 20, 20), PICTURE) == Box(-10, 90, 20, 20)


def test_gap_is_relative_to_what_is_usual():
    clock = Clock(10.0, gap=3.0)
    told = [clock.advance(t) for t in (10.1, 10.2, 10.3, 10.55, 11.2, 11.3)]
    assert told == [Passed.USUAL] * 4 + [Passed.GAP, Passed.USUAL]


@pytest.mark.parametrize("before", [2, 20])
def test_slower_camera_becomes_usual(before):
    clock = Clock(0.0, gap=3.0)
    stamps = np.cumsum([0.1] * before + [1.0] * 30)
    told = [clock.advance(t) for t in stamps]
    assert told[before] is Passed.GAP
    assert told[-1] is Passed.USUAL


@pytest.mark.parametrize("short", [0, 1, 4, 20])
def test_one_interval_that_was_too_short_makes_gaps_of_two_others_at_most(short):
    intervals = [0.1] * 30
    intervals[short] = 1e-9
    clock = Clock(0.0, gap=3.0)
    told = [clock.advance(t) for t in np.cumsum(intervals)]
    assert told.count(Passed.GAP) <= 2


def test_time_that_goes_back_starts_anew():
    clock = Clock(100.0, gap=3.0)
    told = [clock.advance(t) for t in (100.1, 100.2, 5.0, 5.1, 5.1)]
    assert told == [Passed.USUAL] * 2 + [Passed.ANEW] + [Passed.USUAL] * 2


def test_clock_tells_how_many_usual_intervals_have_passed():
    clock, told = Clock(0.0, gap=3.0), []
    for stamp in (0.5, 0.5, 1.0, 1.4, 4.0, 0.0, 0.5):
        clock.advance(stamp)
        told.append(clock.intervals)
    assert told == pytest.approx([1, 1, 1, 1, 2.6 / 0.5, math.inf, 1.0], rel=1e-6)


@pytest.mark.parametrize("stamp", [math.nan, math.inf])
def test_stamp_must_be_finite(stamp):
    with pytest.raises(ValueError, match="finite seconds, got"):
        Clock(stamp, gap=3.0)
    clock = Clock(0.0, gap=3.0)
    with pytest.raises(ValueError, match="finite seconds, got"):
        clock.advance(stamp)
    assert clock.advance(0.1) is Passed.USUAL
