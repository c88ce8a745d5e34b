"""Whether the target is in a window."""

import math

import numpy as np
import pytest
import torch

from tadt_tracking.trackers.appearance import AGE
from tadt_tracking.trackers.evidence import Logistic
from tadt_tracking.trackers.presence import PEAKS, STALE, FirstLook, Presence

SIZE = (12.0, 20.0)
HERE = torch.tensor([0.0, 0.0, *SIZE])


GREY = np.full((44, 44, 3), 128, np.uint8)  # a window without colours
LOGISTIC = Logistic((5, 5), -2)
MIXED = torch.randn(32, 3, generator=torch.Generator().manual_seed(0)) / 10


def _describe(window):
    """Return features by which every colour is unlike all others."""
    colors = torch.from_numpy(window[2::4, 2::4].astype(np.float32))
    features = torch.cos(colors @ MIXED.T).permute(2, 0, 1)
    return features, features


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)


def _presence(picture, logistic):
    """One of a target of 12 x 20 pixels, in windows of 11 x 11 cells of 4 pixels."""
    first = FirstLook(picture, (30, 30), SIZE, (1.0, 1.0), (22, 44))
    return Presence(first, _describe, stride=4, beside=False, logistic=logistic)


@pytest.fixture
def presence(picture):
    return _presence(picture, LOGISTIC)


@pytest.fixture
def window(picture):
    """The features of the first frame's window."""
    return _describe(picture[8:52, 8:52])[0]


def _judged(presence, looks, answers, box=HERE, seen=GREY):
    return presence.judge(presence.observe(looks, answers, box).tolist(), seen)


def test_the_first_look_is_like_the_target(presence, window):
    sighting = _judged(presence, window, presence.answers(window))
    assert sighting.answer == presence.answers(window)[5, 5]
    assert sighting.likeness > 0.9
    assert sighting.evidence[1] > 1
    assert sighting.score > 0.7


def test_what_the_classifier_takes_for_the_target_counts_less_if_it_looks_otherwise(
    presence, window
):
    answers = torch.zeros(11, 11)
    answers[5, 5] = 1.0
    around = window.roll(5, 2)  # what was beside the target is in its place
    same, other = (_judged(presence, looks, answers) for looks in (window, around))
    assert same.answer == other.answer == 1
    assert other.likeness < 0.3 < 0.9 < same.likeness
    assert other.score < same.score - 0.1


def test_evidence_is_relative_to_what_is_usual_where_a_target_is_learnt(presence, window):
    answers = torch.zeros(11, 11)
    answers[5, 5] = 0.4
    before = _judged(presence, window, answers)
    for _ in range(20):
        presence.learn(torch.zeros(32, 11, 11), (0.0, 0.0), before)
    after = _judged(presence, window, answers)
    assert before.evidence[0] < math.log(0.5) < math.log(0.8) < after.evidence[0]
    assert after.score > before.score


def test_a_likeness_that_is_low_wherever_a_target_is_learnt_becomes_usual(presence, window):
    answers = torch.zeros(11, 11)  # not certain, so that its look is not learnt
    other = window.roll(3, 2)
    before = _judged(presence, other, answers)
    for _ in range(40):
        presence.learn(window, (0.0, 0.0), before)
    after = _judged(presence, other, answers)
    assert before.evidence[1] < 0.6 < 0.9 < after.evidence[1]


def test_after_a_while_a_target_is_judged_by_how_alike_it_stays_over_a_while(presence, window):
    """One that looks otherwise every time is as alike as usual when it comes back otherwise."""
    answers = torch.zeros(11, 11)
    answers[5, 5] = 1.0
    looks = [window.roll(shift, 2) for shift in range(3, 9)]
    for look in looks:
        for _ in range(AGE):
            presence.learn(look, (0.0, 0.0), _judged(presence, look, answers))
    back = window.roll((3, -2), (1, 2))
    followed = _judged(presence, back, answers)
    presence.lose_sight(STALE / 2)
    soon = _judged(presence, back, answers)
    presence.lose_sight(2 * STALE)
    found = _judged(presence, back, answers)
    scores = presence.scores(back, answers[5, 5][None], HERE[:, None], GREY)
    presence.lose_sight(STALE)
    assert _judged(presence, back, answers) == found, "no further"
    presence.learn(window, (0.0, 0.0), found)
    assert found.likeness == followed.likeness
    assert followed.evidence[1] < soon.evidence[1] < found.evidence[1], "the longer, the less"
    assert found.evidence[1] > followed.evidence[1] + 0.1
    assert found.score > followed.score
    assert scores == pytest.approx([found.score])
    again = _judged(presence, back, answers)
    presence.lose_sight(0)
    assert again == _judged(presence, back, answers), "seen again"
    presence.lose_sight(STALE)
    assert again != _judged(presence, back, answers)


def test_what_comes_back_is_no_more_alike_than_usual(presence, picture, window):
    """So that nothing makes up for an answer that is too low."""
    answers, seen = presence.answers(window), picture[8:52, 8:52]  # in its own colours
    followed = _judged(presence, window, answers, seen=seen)
    presence.lose_sight(1)
    found = _judged(presence, window, answers, seen=seen)
    assert found.evidence[1] > 1
    assert found.score == pytest.approx(LOGISTIC((found.evidence[0], 1.0)))
    assert found.score == found.known == pytest.approx(followed.known)
    assert found.score < followed.score


def test_after_a_while_a_target_that_stays_the_same_must_be_the_same(presence, window):
    answers = torch.zeros(11, 11)
    answers[5, 5] = 1.0
    for _ in range(40):
        presence.learn(window, (0.0, 0.0), _judged(presence, window, answers))
    presence.lose_sight(STALE)
    assert _judged(presence, window, answers).evidence[1] == pytest.approx(1, abs=0.05)


def test_what_is_around_a_target_is_learnt_with_it(presence, window):
    other = _describe(np.random.default_rng(1).integers(0, 255, (44, 44, 3), dtype=np.uint8))[0]
    answers = torch.zeros(11, 11)
    there = torch.tensor([-12.0, 0, *SIZE])
    before = _judged(presence, other, answers, there).likeness
    presence.learn(other, (0.0, 0.0), _judged(presence, other, answers))
    assert _judged(presence, other, answers, there).likeness < 0.3 < before - 0.1


@pytest.mark.parametrize(
    ("usual", "answer", "learnt"),
    [(1.0, 0.3, True), (1.0, 0.2, False), (0.4, 0.15, True), (0.4, 0.06, False)],
)
def test_a_frame_is_learnt_where_the_answer_is_a_quarter_of_the_usual_one(
    presence, window, usual, answer, learnt
):
    answers = torch.full((11, 11), usual)
    for _ in range(30):
        presence.learn(window, (0.0, 0.0), _judged(presence, window, answers))
    shares = presence._classifier._ridge.shares.clone()
    seen = _judged(presence, window, torch.full((11, 11), answer))
    presence.learn(window, (0.0, 0.0), seen)
    assert (not presence._classifier._ridge.shares.equal(shares)) == learnt


def test_a_look_is_learnt_as_far_as_the_classifier_is_certain(picture, window):
    """One that it does not know is not learnt, however like the target it was before."""
    other = _describe(np.random.default_rng(1).integers(0, 255, (44, 44, 3), dtype=np.uint8))[0]
    learnt = []
    for answer in (0.0, 1.0):
        presence = _presence(picture, Logistic((5, 5), -2))
        answers = torch.full((11, 11), answer)
        presence.learn(other, (0.0, 0.0), _judged(presence, other, answers))
        learnt.append(_judged(presence, other, answers).likeness)
    assert learnt[0] + 0.1 < learnt[1]


def test_look_alikes_are_probable_places_and_lie_farther_apart_than_a_target_is_large(
    presence, window
):
    answers = torch.zeros(11, 11)
    answers[5, 5], answers[5, 6], answers[6, 2], answers[0, 10] = 1.0, 0.9, 0.7, 0.3
    window[:, 3:10, :5] = window[:, 2:9, 3:8]  # another target, around row 6 and column 2
    assert PEAKS == 3
    here, beside = _judged(presence, window, answers).others
    assert here == pytest.approx((0, 0), abs=2)
    assert beside == pytest.approx((-12, 4), abs=2)


@pytest.mark.parametrize(("column", "told"), [(6, 1), (7, 2)])  # 4 and 8 pixels; 6 are half of it
def test_a_look_alike_is_told_from_half_a_target_away_on(picture, window, column, told):
    presence = _presence(picture, Logistic((5, 0), 2.5))  # whatever it looks like
    answers = torch.zeros(11, 11)
    answers[5, 5], answers[5, column] = 1.0, 0.9
    assert len(_judged(presence, window, answers).others) == told


def test_scores_of_boxes_are_those_of_a_look_at_each(picture, presence, window):
    presence.lose_sight(1)
    answers = presence.answers(window)
    boxes = torch.stack([HERE, HERE + torch.tensor([8.0, 4, 0, 0])], 1)
    seen = picture[8:52, 8:52]
    expected = [_judged(presence, window, answers, box, seen).score for box in boxes.T]
    at = presence.at(answers, boxes[:2])
    assert presence.scores(window, at, boxes, seen) == pytest.approx(expected, abs=1e-5)


RED, BLUE = (np.full((44, 44, 3), color, np.uint8) for color in ((0, 0, 200), (200, 0, 0)))


@pytest.fixture
def red(picture):
    """What judges a red target by its colours alone."""
    picture[:] = RED[0, 0]
    return _presence(picture, Logistic((0, 0), 2))


def test_what_comes_back_in_other_colours_is_less_probable(red, window):
    """Its features and answers may be what they were."""
    answers = torch.zeros(11, 11)
    followed = _judged(red, window, answers, seen=BLUE)
    red.lose_sight(1)
    same, other = (_judged(red, window, answers, seen=seen) for seen in (RED, BLUE))
    assert followed.score == same.score, "light may change on a target that is followed"
    assert followed.evidence == same.evidence == other.evidence
    assert other.score < 0.01 < 0.8 < same.score
    assert followed.known == other.known == other.score, "it is not known by them"


def test_colours_are_learnt_where_the_target_was_judged_last(red, window):
    answers = torch.zeros(11, 11)
    for _ in range(20):
        red.learn(window, (0.0, 0.0), _judged(red, window, answers, seen=BLUE))
    red.lose_sight(1)
    assert _judged(red, window, answers, seen=BLUE).score > 0.5
