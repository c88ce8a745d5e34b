"""How a target has looked, and what looks like it."""

import pytest
import torch
from torch.nn import functional

from tadt_tracking.trackers.appearance import FIRST_SHARE, Appearance


def _look(seed):
    return functional.normalize(
        torch.randn(9, 64, generator=torch.Generator().manual_seed(seed)), dim=-1
    )


def test_the_first_look_is_like_itself_and_another_is_not():
    appearance = Appearance(_look(0))
    same, other = appearance.likeness(torch.stack([_look(0), _look(1)])).tolist()
    assert same == pytest.approx(1)
    assert abs(other) < 0.2


def test_the_newest_looks_are_learnt_and_the_first_is_never_forgotten():
    appearance = Appearance(_look(0))
    for _ in range(100):
        appearance.learn(_look(1))
    first, newest = appearance.likeness(torch.stack([_look(0), _look(1)])).tolist()
    assert newest == pytest.approx(1 - FIRST_SHARE, abs=0.1)
    assert first == pytest.approx(FIRST_SHARE, abs=0.1)


def test_one_odd_look_hardly_counts():
    appearance = Appearance(_look(0))
    appearance.learn(_look(1))
    same, odd = appearance.likeness(torch.stack([_look(0), _look(1)])).tolist()
    assert same > 0.9
    assert odd < 0.3
