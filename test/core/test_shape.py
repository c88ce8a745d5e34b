"""What a network is off with a target's shape."""

import pytest

from tadt_tracking.trackers.shape import LARGEST, Shape


def test_what_was_off_at_first_is_corrected_later():
    shape = Shape.of((20, 50), (30, 40))
    assert shape.correct((30, 40)) == pytest.approx((20, 50))
    assert shape.correct((60, 80)) == pytest.approx((40, 100))
    assert shape.undo(shape.correct((7, 9))) == pytest.approx((7, 9))


def test_nothing_is_corrected_at_first():
    assert Shape().correct((7, 9)) == (7, 9)


@pytest.mark.parametrize("proposed", [(0, 1e9), (1e-9, 500)])
def test_absurd_proposals_correct_little(proposed):
    assert Shape.of((20, 50), proposed) == (LARGEST, 1 / LARGEST)
