"""What is usual, and what a fall is; evidence as a probability."""

import math

import numpy as np
import pytest

from tadt_tracking.trackers.evidence import (
    FAINTEST,
    Average,
    Logistic,
    Usual,
    UsualAnswer,
    UsualLikeness,
    evidence,
)


def test_a_fall_is_noticed_once_something_is_usual():
    usual = Usual()
    assert usual.note(0.01, 0.5), "at first nothing is a fall"
    for _ in range(50):
        assert usual.note(0.8, 0.5)
    assert usual.level == pytest.approx(0.8, rel=0.01)
    assert not usual.note(0.3, 0.5)
    assert usual.note(0.5, 0.5)


def test_what_is_usual_falls_slower_than_it_rises():
    usual = Usual()
    for _ in range(100):
        usual.note(1.0, 0.5)
    for _ in range(10):
        assert not usual.note(0.1, 0.5)
    assert usual.level > 0.8


def test_evidence_that_stays_low_becomes_usual():
    usual = Usual()
    for _ in range(100):
        usual.note(1.0, 0.5)
    assert any(usual.note(0.4, 0.5) for _ in range(200))


def test_answers_count_relative_to_the_usual_one():
    strong, weak = UsualAnswer(), UsualAnswer()
    assert strong.relative(0.5) == 0.5, "at first what was learnt is what is usual"
    for _ in range(30):
        strong.note(0.9)
        weak.note(0.4)
    assert strong.relative(0.9) == pytest.approx(1, abs=0.1)
    assert weak.relative(0.4) > 1.5 * strong.relative(0.4) > 0


def test_the_same_fall_counts_for_more_the_less_answers_vary():
    steady, unsteady = UsualAnswer(), UsualAnswer()
    for index in range(100):
        steady.note(0.8 + 0.01 * (-1) ** index)
        unsteady.note(0.8 + 0.25 * (-1) ** index)
    assert steady.relative(0.8) == pytest.approx(unsteady.relative(0.8), abs=0.05)
    assert steady.relative(0.5) < unsteady.relative(0.5) - 0.2


def test_answers_that_are_far_too_low_never_become_usual():
    usual = UsualAnswer()
    for _ in range(30):
        usual.note(0.9)
    before = usual.relative(0.2)
    for _ in range(100):
        usual.note(0.2)
    assert usual.relative(0.2) == before


def test_usual_answers_may_fall_slowly_and_are_never_believed_to_be_nothing():
    usual = UsualAnswer()
    for answer in np.linspace(0.9, 0.5, 100):
        usual.note(answer)
    assert usual.relative(0.5) > 0.75
    nothing = UsualAnswer()
    nothing.note(0.0)
    assert 0 < nothing.relative(0.1) < 0.3


def test_probability_is_a_half_where_evidence_and_bias_balance_and_rises():
    probability = Logistic((10, 5), -3)
    assert probability((0.2, 0.2)) == 0.5
    assert 0 < probability((-1, 0.2)) < 0.01 < 0.99 < probability((1, 0.2)) < 1
    assert probability((0.2, 0.1)) < 0.5 < probability((0.2, 0.3))
    assert probability(np.full((4, 2), 0.2)).tolist() == [0.5] * 4


def test_an_average_is_the_mean_of_few_values_and_follows_after_many():
    average = Average(1.0, 1, rate=0.1)
    for value in (2.0, 6.0):
        average.note(value)
    assert average.value == pytest.approx(3)
    for _ in range(20):
        average.note(3.0)
    average.note(4.0)
    assert average.value == pytest.approx(3.1)


def test_a_likeness_is_relative_to_the_usual_one():
    usual = UsualLikeness()
    assert usual.relative(0.65, 0.0) == pytest.approx(1), "what is typical"
    assert usual.relative(0.65, 1.0) == pytest.approx(1), "after a while as well"
    usual.note(0.95, 0.65)
    assert 0.65 / 0.72 < usual.relative(0.65, 0.0) < 1, "one frame changes it a little"
    for _ in range(100):
        usual.note(0.9, 0.3)
    assert usual.relative(0.45, 0.0) == pytest.approx(0.5, rel=0.01)
    assert usual.relative(0.45, 0.5) == pytest.approx(0.75, rel=0.01)
    assert usual.relative(0.45, 1.0) == pytest.approx(1.5, rel=0.01)


def test_an_answer_counts_by_its_logarithm_and_one_of_nothing_as_the_faintest():
    assert evidence(1.0, 0.7) == (0.0, 0.7)
    assert evidence(0.5, 0.7)[0] - evidence(0.25, 0.7)[0] == pytest.approx(math.log(2))
    assert evidence(-0.3, 0.7) == evidence(0.0, 0.7) == (math.log(FAINTEST), 0.7)
