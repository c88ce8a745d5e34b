"""Principal channels: what is kept of feature maps, and how strong it is."""

import pytest
import torch

from tadt_tracking.ops.whitening import Whitening


def _maps(spreads, seed=0, maps=6, cells=15):
    """Return N x 40 x n x n maps around a mean, spread by so much along turned axes."""
    chance = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(40, 40, generator=chance))[0]
    values = torch.randn(maps, len(spreads), cells, cells, generator=chance)
    scaled = values * torch.tensor(spreads)[:, None, None]
    return torch.einsum("ck,nkhw->nchw", axes[:, : len(spreads)], scaled) + 5, axes


def test_what_differs_is_kept_and_the_rest_left_out():
    maps, axes = _maps([4.0, 3.0, 2.0])
    whitening = Whitening(maps, 3)
    place = maps[0] - 5
    noise = axes[:, 20, None, None] * torch.ones(15, 15)
    plain, noisy = (whitening(place + 5 + extra) for extra in (0, 3 * noise))
    assert plain.shape == (3, 15, 15)
    assert noisy == pytest.approx(plain, abs=1e-3)
    # Nothing that differs is lost: the three channels tell the forty.
    kept, seen = plain.flatten(1).mT, place.flatten(1).mT
    solution = torch.linalg.lstsq(kept, seen).solution
    assert (kept @ solution - seen).square().mean() < 1e-2 * seen.square().mean()


def test_the_mean_is_taken_off():
    maps, _ = _maps([4.0, 3.0, 2.0])
    found = torch.stack([Whitening(maps, 3)(one) for one in maps])
    assert found.mean((0, 2, 3)) == pytest.approx(torch.zeros(3), abs=1e-4)


def test_strong_channels_are_weakened_and_weak_ones_not_blown_up():
    maps, _ = _maps([100.0, 10.0, 0.01])
    found = torch.stack([Whitening(maps, 3)(one) for one in maps])
    weakest, middle, strongest = found.square().mean((0, 2, 3)).sqrt().tolist()
    assert strongest == pytest.approx(1, abs=0.3)
    assert strongest < 7 * middle  # ten times before
    assert weakest < 1e-3


def test_features_of_any_size_are_taken():
    maps, _ = _maps([4.0, 3.0, 2.0])
    whitening = Whitening(maps, 2)
    part = whitening(maps[0][:, 4:9, 2:])
    assert part == pytest.approx(whitening(maps[0])[:, 4:9, 2:], abs=1e-4)


def test_maps_without_any_difference_give_zeros():
    maps = torch.full((2, 8, 4, 4), 3.0)
    assert Whitening(maps, 4)(maps[0]) == pytest.approx(torch.zeros(4, 4, 4), abs=1e-4)
