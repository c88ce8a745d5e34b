"""Evidence adds up: one bad frame is not a lost target, an abrupt end is."""

import pytest

from tadt_tracking.result import State
from tadt_tracking.session.settings import SessionSettings
from tadt_tracking.session.states import LONGEST_DOUBT, SETTLED, SETTLED_SHARE, StateMachine
from tadt_tracking.settings import SettingError
from tadt_tracking.trackers.base import Thresholds


def _judged(*scores, patience=3.0, machine=None):
    machine = machine or StateMachine(Thresholds(0.5, 0.6, 0.8), patience)
    return [machine.judge(score).name for score in scores]


def test_good_scores_keep_it_tracked():
    assert _judged(0.9, 0.65, 0.6, 0.99) == ["TRACKING"] * 4


def test_scores_in_between_are_doubted_but_do_not_lose():
    assert _judged(0.9, 0.5, 0.56) == ["TRACKING", "UNCERTAIN", "UNCERTAIN"]
    assert "LOST" not in _judged(*[0.5] * 200)


def test_abrupt_end_is_lost_at_once():
    assert _judged(0.9, 0.02) == ["TRACKING", "LOST"]


def test_blurred_frame_is_doubted_and_forgiven():
    assert _judged(0.9, 0.2, 0.9) == ["TRACKING", "UNCERTAIN", "TRACKING"]


def test_doubt_adds_up():
    assert _judged(0.2, 0.2, 0.2) == ["UNCERTAIN", "UNCERTAIN", "LOST"]
    assert _judged(*[0.4] * 8)[-2:] == ["UNCERTAIN", "LOST"]


def test_slightly_low_scores_between_good_ones_never_add_up():
    assert "LOST" not in _judged(*[0.4, 0.65] * 50)


def test_doubt_ends_with_a_score_that_gives_no_cause_for_it():
    assert _judged(0.1, 0.61) == ["UNCERTAIN", "TRACKING"]
    assert _judged(0.1, 0.56) == ["UNCERTAIN", "UNCERTAIN"]


WATCHED = Thresholds(0.01, 0.6, 0.8)  # under which little is lost


def test_what_is_doubted_for_long_is_asked_for_less():
    low = 0.6 * SETTLED_SHARE
    machine = StateMachine(WATCHED, 3.0)
    assert _judged(*[low + 0.01] * (SETTLED - 1), machine=machine)[-1] == "UNCERTAIN"
    assert _judged(low - 0.01, low + 0.01, machine=machine) == ["UNCERTAIN", "TRACKING"]
    assert _judged(*[low - 0.01] * 50, machine=machine) == ["UNCERTAIN"] * 50


def test_score_that_speaks_against_the_target_never_ends_a_doubt():
    machine = StateMachine(Thresholds(0.5, 0.6, 0.8), 1000.0)
    assert _judged(*[0.49] * 50, machine=machine) == ["UNCERTAIN"] * 50
    assert _judged(0.5, machine=machine) == ["TRACKING"]


def test_good_frames_restore_what_is_asked():
    machine = StateMachine(WATCHED, 3.0)
    _judged(*[0.2] * 50, machine=machine)
    assert _judged(*[0.9] * SETTLED, machine=machine) == ["TRACKING"] * SETTLED
    assert _judged(0.59, machine=machine) == ["UNCERTAIN"]


def test_what_is_found_again_is_asked_for_as_much_as_at_first():
    machine = StateMachine(WATCHED, 3.0)
    _judged(*[0.2] * 50, machine=machine)
    machine.regain()
    assert _judged(0.59, machine=machine) == ["UNCERTAIN"]


def test_no_doubt_lasts_for_ever():
    states = _judged(*[0.2] * (LONGEST_DOUBT + 1), machine=StateMachine(WATCHED, 3.0))
    assert states == ["UNCERTAIN"] * LONGEST_DOUBT + ["LOST"]


def test_target_that_cannot_be_there_is_lost_at_once():
    assert _judged(0.001, machine=StateMachine(WATCHED, 3.0)) == ["UNCERTAIN"]
    assert _judged(0.0, machine=StateMachine(WATCHED, 3.0)) == ["LOST"]


def test_only_what_nothing_speaks_against_is_trusted():
    machine = StateMachine(Thresholds(0.5, 0.6, 0.8), 3.0)
    assert machine.trusted
    trusted = []
    for score in (0.9, 0.1, 0.81, 0.81, 0.9):
        machine.judge(score)
        trusted.append(machine.trusted)
    assert trusted == [True, False, False, True, True]


def test_what_was_found_again_is_lost_sooner():
    found = StateMachine(Thresholds(0.5, 0.6, 0.8), 3.0)
    found.regain()
    assert found.state is State.TRACKING
    assert not found.trusted
    assert _judged(0.15, machine=found) == ["LOST"]
    assert _judged(0.15) == ["UNCERTAIN"]


def test_no_score_counts_for_many():
    assert _judged(0.0001, patience=5.2) == _judged(0.005, patience=5.2) == ["LOST"]
    assert _judged(0.0001, patience=5.4) == ["UNCERTAIN"]
    assert _judged(1.0, 1.0, 0.2, 0.2, 0.2)[-1] == "LOST"


def test_presence_is_told_by_the_state():
    present = [state.name for state in State if state.present]
    assert present == ["TRACKING", "UNCERTAIN"]


def test_thresholds_are_the_trackers_unless_given():
    own = Thresholds(0.4, 0.5, 0.7)
    assert SessionSettings().thresholds(own) == own
    assert SessionSettings(regain_above=0.9).thresholds(own) == (0.4, 0.5, 0.9)
    assert SessionSettings(lose_below=0).thresholds(own) == (0.0, 0.5, 0.7)
    assert SessionSettings(doubt_below=0.6).thresholds(own) == (0.4, 0.6, 0.7)


def test_doubt_of_the_tracker_lies_between_the_thresholds_that_are_given():
    own = Thresholds(0.4, 0.5, 0.7)
    assert SessionSettings(lose_below=0.6).thresholds(own) == (0.6, 0.6, 0.7)
    assert SessionSettings(lose_below=0.1, regain_above=0.2).thresholds(own) == (0.1, 0.2, 0.2)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"lose_below": 0.8}, "'lose_below' must not exceed 'regain_above', got 0.8 and 0.7"),
        ({"doubt_below": 0.8}, "'doubt_below' must not exceed 'regain_above', got 0.8 and 0.7"),
        ({"doubt_below": 0.3}, "'lose_below' must not exceed 'doubt_below', got 0.4 and 0.3"),
    ],
)
def test_thresholds_in_the_wrong_order_are_told(given, told):
    with pytest.raises(SettingError, match=told):
        SessionSettings(**given).thresholds(Thresholds(0.4, 0.5, 0.7))


def test_threshold_is_a_probability_or_the_trackers():
    with pytest.raises(SettingError, match="-1 or at least 0"):
        SessionSettings(regain_above=-0.5)


def test_threshold_below_what_a_frame_can_say_never_loses():
    machine = StateMachine(Thresholds(0.005, 0.5, 0.8), 2.0)
    assert _judged(*[0.0] * 200, machine=machine) == ["UNCERTAIN"] * 200
