"""A session over a scripted tracker: every way from one state to another."""

from itertools import cycle

import numpy as np
import pytest
from scripted import FRAME, NOTHING, PICTURE, Blind, Run, box_at

from tadt_tracking.box import Box, BoxError
from tadt_tracking.result import State
from tadt_tracking.session import Session, SessionSettings
from tadt_tracking.session.search_plan import SCALES
from tadt_tracking.settings import SettingError
from tadt_tracking.trackers import TRACKERS

FAR = (500, 300)


def test_present_target_is_tracked():
    run = Run()
    results = run.frames(5)
    assert {result.state for result in results} == {State.TRACKING}
    assert results[-1].box == box_at(100, 100)
    assert results[-1].score == 0.95
    assert run.tracker.searched == run.tracker.moved == []


def test_gone_target_is_lost_at_once_then_searched_for():
    run = Run()
    run.frames(3)
    run.world.only()
    states = run.states(30)
    around = states.index("SEARCHING")
    assert set(states[:around]) == {"LOST"}
    assert set(states[around:]) == {"SEARCHING"}
    assert len(run.tracker.searched) == 30


def test_lost_box_is_the_last_certain_one():
    run = Run()
    run.frames(3)
    run.world.only(110, 100, score=0.3)
    doubted = run.frame()
    assert (doubted.state, doubted.box) == (State.UNCERTAIN, box_at(110, 100))
    run.world.only()
    for _ in range(30):
        lost = run.frame()
        assert not lost.state.present
        assert lost.box == box_at(100, 100)
        assert lost.score == NOTHING


def test_what_is_seen_after_a_doubt_must_be_known_for_the_target():
    """Somebody else may have taken its place meanwhile, who scores as high."""
    run = Run()
    run.tracker.known = 0.1
    assert run.states(3) == ["TRACKING"] * 3, "followed without a doubt"
    run.world.only(100, 100, score=0.55)
    run.frame()
    run.world.only(100, 100)
    learned = len(run.tracker.learned)
    doubted = run.frames(30)
    assert {(r.state, r.score) for r in doubted} == {(State.UNCERTAIN, 0.1)}
    assert len(run.tracker.learned) == learned
    run.tracker.known = 0.9
    assert [(r.state, r.score) for r in run.frames(2)] == [(State.TRACKING, 0.95)] * 2
    run.frame()
    assert len(run.tracker.learned) > learned


def test_target_half_outside_the_picture_has_left_it_and_comes_back_when_it_is_seen():
    run = Run()
    run.frames(3)
    for x in (80, 60, 40, 20, 8):
        run.world.only(x, 100)
        assert run.frame().state is State.TRACKING
    run.world.only(0, 100)
    assert run.frame().state is State.LOST
    assert "TRACKING" not in run.states(30)
    run.world.only(8, 100)
    assert "TRACKING" in run.states(30)


def test_blurred_frames_lose_nothing_and_teach_nothing():
    run = Run()
    run.frames(3)
    known = len(run.tracker.learned)
    run.world.only(100, 100, score=0.35)
    assert run.states(2) == ["UNCERTAIN", "UNCERTAIN"]
    assert run.tracker.learned[known:] == [0.35], "the frame that raised the doubt, at most"
    run.world.only(100, 100)
    assert run.states(3) == ["TRACKING"] * 3
    assert run.tracker.searched == []
    assert run.tracker.learned[known + 1 :] == [0.95] * 2


def test_nothing_is_learned_while_lost_nor_right_after():
    run = Run()
    run.lose()
    known = len(run.tracker.learned)
    run.frames(20)
    run.world.put(*FAR, score=0.81)
    while run.frame().state is not State.TRACKING:
        assert len(run.tracker.learned) == known
    run.frame()
    assert len(run.tracker.learned) == known
    run.frames(4)
    assert len(run.tracker.learned) > known


def test_a_tracker_is_told_for_how_long_its_target_was_out_of_sight_until_it_learns_it_again():
    run = Run()
    run.world.only(100, 100, score=0.35)
    run.frame()
    assert run.tracker.unseen == 0, "a doubt is no loss"
    run.world.only(100, 100)
    run.lose()
    assert run.tracker.unseen == pytest.approx(1)
    run.frame()
    run.frame(elapsed=3 * FRAME)
    assert run.tracker.unseen == pytest.approx(5), "by the time of the pictures"
    run.world.put(*FAR)
    seen = [(run.frame().state, run.tracker.learning, run.tracker.unseen) for _ in range(100)]
    assert all((unseen == 0) == learning for _, learning, unseen in seen)
    assert seen[-1] == (State.TRACKING, True, 0)


def test_a_target_that_is_found_is_in_sight():
    run = Run()
    run.lose()
    run.world.put(*FAR)
    assert any(run.frame().state is State.TRACKING for _ in range(100))
    run.world.only()
    assert run.frame().state is State.LOST
    assert run.tracker.unseen == pytest.approx(1)


@pytest.mark.parametrize("scale", SCALES)
def test_target_is_found_wherever_it_comes_back(scale):
    run = Run(picture=np.zeros((1080, 1920, 3), np.uint8))
    for place in [(1900, 1070), (15, 1000), (960, 540), (1900, 10)]:
        run.lose()
        run.frames(30)
        run.world.scale = scale
        run.world.put(*place)
        states = run.states(600)
        found = states.index("TRACKING")
        assert set(states[:found]) == {"SEARCHING"}
        assert set(states[found:]) == {"TRACKING"}
        assert run.frame().box == box_at(*place)
    assert run.session.redetections == 4


def test_target_that_jumps_is_found_without_a_sweep():
    run = Run()
    run.frames(3)
    run.world.only(180, 160)
    assert run.states(2) == ["LOST", "TRACKING"]
    assert len(run.tracker.searched) == 1


def test_search_starts_at_the_last_place():
    run = Run()
    run.lose()
    assert run.tracker.searched == [Box(0, 0, 200, 200)]


@pytest.mark.parametrize("tiles", [1, 3])
def test_budget_spreads_a_sweep_over_frames(tiles):
    run = Run(tiles_a_frame=tiles)
    run.lose()
    run.frame()
    before = len(run.tracker.searched)
    run.frame()
    assert len(run.tracker.searched) - before == tiles


def _until_looked_at(run, place):
    run.frame()
    while run.tracker.moved[-1] != box_at(*place):
        run.frame()


@pytest.mark.parametrize("looks", [(0.75, 0.75), (0.75, 0.85), (0.85, 0.75)])
def test_one_good_look_or_none_is_not_enough(looks):
    run = Run()
    run.lose()
    run.world.put(*FAR, score=looks[0], seen=0.95)
    _until_looked_at(run, FAR)
    run.world.put(*FAR, score=looks[1], seen=0.95)
    assert not run.frame().state.present


def test_two_good_looks_are_enough_whatever_the_search_scored():
    run = Run()
    run.lose()
    run.world.put(*FAR, score=0.85, seen=0.6)
    _until_looked_at(run, FAR)
    assert run.frame().state is State.TRACKING


@pytest.mark.parametrize(
    ("x", "y", "found"), [(506, 306, True), (508, 300, False), (500, 292, False)]
)
def test_look_elsewhere_than_the_candidate_does_not_confirm(x, y, found):
    run = Run()
    run.lose()
    run.world.put(500, 300, score=0.1, seen=0.9)
    run.world.put(x, y, score=0.9, seen=0.1)
    assert ("TRACKING" in run.states(100)) is found


def test_a_search_may_be_wrong_about_sizes():
    run = Run()
    run.lose()
    run.world.seen_size = (45.0, 20.0)  # no half of it is the target
    run.world.put(*FAR)
    assert "TRACKING" in run.states(100)


@pytest.mark.parametrize("looks", [(0.7, 0.7), (0.85, 0.7)])
def test_lookalike_that_is_refused_does_not_hide_the_target(looks):
    run = Run(picture=PICTURE[:200, :200])  # all is searched at once
    run.lose()
    run.world.put(170, 170, score=cycle(looks), seen=0.99)
    run.frames(5)
    run.world.put(170, 120, score=0.9, seen=0.8)
    states = run.states(12)
    assert "TRACKING" in states
    assert run.frame().box == box_at(170, 120)


def test_refused_place_gets_another_chance():
    run = Run()
    run.lose()
    run.world.put(*FAR, score=0.7)
    run.frames(100)
    run.world.put(*FAR, score=0.9)
    assert "TRACKING" in run.states(60)


def test_distractor_seen_beside_the_target_is_not_taken_for_it():
    run = Run()
    run.tracker.distractors = (box_at(200, 100),)
    run.world.put(200, 100, score=0.9)
    run.frames(3)
    run.world.only(200, 100, score=0.9)
    assert "TRACKING" not in run.states(8)
    assert "TRACKING" in run.states(20), "what is known of it goes out of date"


def test_tracker_is_back_at_the_last_place_after_a_refusal():
    run = Run()
    run.lose()
    run.world.put(*FAR, score=0.7)
    run.frames(60)
    assert box_at(*FAR) in run.tracker.moved
    run.world.only()
    run.frames(2)
    assert run.tracker.box == box_at(100, 100)


def test_refused_first_box_leaves_the_target():
    run = Run()
    run.frames(3)
    with pytest.raises(BoxError):
        run.session.init(PICTURE, box_at(5000, 100), 1.0)
    assert run.frame().box == box_at(100, 100)


def test_new_target_ends_a_search():
    run = Run()
    run.lose()
    run.frames(5)
    run.world.put(300, 200)
    run.session.init(PICTURE, box_at(300, 200), run.stamp)
    assert run.states(2) == ["TRACKING"] * 2
    assert run.tracker.learned[-2:] == [0.95] * 2
    assert run.session.redetections == 0


def test_a_target_that_is_known_to_be_lost_is_looked_for_from_the_first_frame_on():
    run = Run()
    run.session.init(PICTURE, box_at(100, 100), run.stamp, lost=True)
    run.world.only(105, 100, score=0.7)  # enough to be followed, not to be found
    result = run.frame()
    assert (result.state, result.box) == (State.LOST, box_at(100, 100))
    assert run.tracker.learned == []
    run.world.only(*FAR)
    assert "TRACKING" in run.states(60)
    assert run.session.redetections == 1


def test_update_needs_a_target():
    session = Session(Run().tracker, SessionSettings())
    with pytest.raises(RuntimeError, match="before init"):
        session.update(PICTURE, 0.0)


def test_smaller_picture_while_lost_is_survived():
    run = Run()
    run.lose()
    run.picture = PICTURE[:50, :60]
    assert {"TRACKING", "UNCERTAIN"}.isdisjoint(run.states(5))


def test_tracker_that_cannot_search_may_come_back_by_itself():
    run = Run(Blind)
    run.frames(3)
    run.world.only()
    assert run.states(3) == ["LOST"] * 3
    run.world.put(110, 100, score=0.9)
    assert run.states(2) == ["LOST", "TRACKING"]
    assert run.frame(elapsed=100 * FRAME).state is State.TRACKING


def test_thresholds_are_checked_before_the_first_frame():
    with pytest.raises(SettingError, match="must not exceed"):
        Run(lose_below=0.9)


@pytest.mark.parametrize("name", TRACKERS)
def test_settings_of_session_and_tracker_have_names_of_their_own(name):
    from dataclasses import fields

    from tadt_tracking.engines import ComputeSettings

    kinds = (SessionSettings, ComputeSettings, TRACKERS[name].Settings)
    names = [field.name for kind in kinds for field in fields(kind)]
    assert len(names) == len(set(names))


def test_looks_at_what_is_refused_are_paid_from_the_search():
    run = Run(picture=PICTURE[:200, :200])  # all is searched at once
    run.frames(3)
    run.world.only(100, 100, score=0.02, seen=0.9)  # a search takes it for the target, a look not
    looks = []
    update = run.tracker._update
    run.tracker._update = lambda image: (looks.append(1), update(image))[1]
    run.frames(20)
    assert len(looks) > 5
    assert len(run.tracker.searched) + len(looks) <= 22, "one a frame, and what loses it"
