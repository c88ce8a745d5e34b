"""How a target and its surroundings have looked, and what looks like the target."""

import pytest
import torch
from torch.nn import functional

from tadt_tracking.trackers.appearance import AGE, Appearance


def _look(seed, points=9):
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(points, 64, generator=generator), dim=-1)


SURROUNDINGS = _look(9, points=50)


@pytest.fixture
def appearance():
    return Appearance(_look(0), SURROUNDINGS)


def test_the_first_look_is_like_the_target_and_its_surroundings_are_not(appearance):
    same, around = appearance.latest.likeness(torch.stack([_look(0), SURROUNDINGS[:9]])).tolist()
    assert same > 0.95
    assert around < 0.05


def test_points_count_wherever_they_are_and_each_for_its_share(appearance):
    moved = _look(0).flip(0)
    half = torch.cat([_look(0)[:3], SURROUNDINGS[:6]])
    all_there, a_third = appearance.latest.likeness(torch.stack([moved, half])).tolist()
    assert all_there == pytest.approx(appearance.latest.likeness(_look(0)[None]).item())
    assert a_third == pytest.approx(1 / 3, abs=0.05)


def test_the_newest_looks_are_learnt_and_the_first_is_never_forgotten(appearance):
    before = appearance.latest.likeness(_look(1)[None]).item()
    for _ in range(10):
        appearance.learn(_look(1), SURROUNDINGS, 1.0)
    first, newest = appearance.latest.likeness(torch.stack([_look(0), _look(1)])).tolist()
    assert before < 0.6
    assert first > 0.95
    assert newest > 0.95


def test_a_look_is_learnt_as_far_as_it_is_certain(appearance):
    appearance.learn(_look(1), SURROUNDINGS, 0.0)
    unlearnt = appearance.latest.likeness(_look(1)[None]).item()
    appearance.learn(_look(1), SURROUNDINGS, 0.3)
    little = appearance.latest.likeness(_look(1)[None]).item()
    appearance.learn(_look(1), SURROUNDINGS, 1.0)
    assert unlearnt < 0.6
    assert unlearnt + 0.05 < little < appearance.latest.likeness(_look(1)[None]).item() - 0.05


def test_what_comes_into_the_surroundings_speaks_against_its_like(appearance):
    before = appearance.latest.likeness(_look(2)[None]).item()
    appearance.learn(_look(0), torch.cat([_look(2), SURROUNDINGS[9:]]), 1.0)
    assert appearance.latest.likeness(_look(2)[None]).item() < 0.1 < before


def test_what_was_looked_like_a_while_ago_is_remembered(appearance):
    def now_and_earlier():
        memories = appearance.latest, appearance.earlier
        return [memory.likeness(_look(1)[None]).item() for memory in memories]

    for _ in range(2 * AGE - 1):
        appearance.learn(_look(1), SURROUNDINGS, 1.0)
    now, earlier = now_and_earlier()
    assert earlier < 0.6 < 0.95 < now, "the first frame's is the earlier one at first"
    appearance.learn(_look(2), SURROUNDINGS, 1.0)
    _, earlier = now_and_earlier()
    assert earlier > 0.95, "that of AGE frames ago now"
