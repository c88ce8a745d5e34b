"""What is usual, and what a fall is; evidence as a probability."""

import pytest

from tadt_tracking.trackers.evidence import Usual, probability


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


def test_probability_is_a_half_in_the_middle_and_rises():
    assert probability(0.2, 10, 0.2) == 0.5
    assert 0 < probability(-1, 10, 0.2) < 0.01 < 0.99 < probability(1, 10, 0.2) < 1
