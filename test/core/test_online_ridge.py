"""Ridge regression over many samples: against the definition, computed another way."""

import itertools

import pytest
import torch
from torch.nn import functional

from tadt_tracking.ops.online_ridge import OnlineRidge

CHANNELS, CELLS, KERNEL, LAMBDA = 3, 9, 5, 0.05


def draw(count, seed=0):
    chance = torch.Generator().manual_seed(seed)
    samples = torch.randn(count, CHANNELS, CELLS, CELLS, generator=chance)
    return samples, torch.rand(count, CELLS, CELLS, generator=chance)


def ridge_of(samples, labels, shares, room=6, **options):
    ridge = OnlineRidge(room, samples[0], kernel=KERNEL, regularization=LAMBDA, **options)
    for index, (sample, label) in enumerate(zip(samples, labels, strict=True)):
        ridge.put(index, sample, label)
    ridge.shares[: len(shares)] = torch.tensor(shares)
    return ridge


def convolved(samples, weights):
    return functional.conv2d(samples, weights[None], padding=KERNEL // 2)[:, 0]


def loss(weights, samples, labels, shares):
    errors = (labels - convolved(samples, weights)).square().sum((1, 2))
    return torch.tensor(shares) @ errors + LAMBDA * CELLS**2 * weights.square().sum()


def test_solution_minimises_the_weighted_loss():
    (samples, labels), shares = draw(4), [0.4, 0.1, 0.3, 0.2]
    ridge = ridge_of(samples, labels, shares)
    ridge.solve(200)
    weights = ridge.weights.clone().requires_grad_()
    loss(weights, samples, labels, shares).backward()
    assert weights.grad.abs().max() < 1e-3


def test_every_step_lowers_the_loss():
    (samples, labels), shares = draw(4), [0.25] * 4
    ridge = ridge_of(samples, labels, shares)
    losses = [loss(ridge.weights, samples, labels, shares)]
    for _ in range(5):
        ridge.solve(1)
        losses.append(loss(ridge.weights, samples, labels, shares))
    assert all(after < before for before, after in itertools.pairwise(losses))


def test_one_step_goes_down_the_gradient_as_far_as_it_helps():
    (samples, labels), shares = draw(4), [0.4, 0.1, 0.3, 0.2]
    ridge = ridge_of(samples, labels, shares)
    start = ridge.weights.clone().requires_grad_()
    loss(start, samples, labels, shares).backward()
    ridge.solve(1)
    lengths = -ridge.weights / start.grad
    length = lengths.mean().item()
    assert torch.allclose(lengths, torch.full_like(lengths, length), rtol=1e-3)
    reached = [
        loss(-factor * length * start.grad, samples, labels, shares).item()
        for factor in (0.9, 1.0, 1.1)
    ]
    assert reached[1] == min(reached)


@pytest.mark.parametrize("cells", [CELLS, 14])
def test_response_is_a_correlation_on_grids_of_any_size(cells):
    (samples, labels), shares = draw(2), [0.5, 0.5]
    ridge = ridge_of(samples, labels, shares)
    ridge.solve(3)
    features = torch.randn(CHANNELS, cells, cells, generator=torch.Generator().manual_seed(1))
    expected = convolved(features[None], ridge.weights)[0]
    assert torch.allclose(ridge.respond(features), expected, atol=1e-5)


def test_sample_without_weight_has_no_say():
    samples, labels = draw(3)
    all_three = ridge_of(samples, labels, [0.5, 0.0, 0.5])
    without = ridge_of(samples[[0, 2]], labels[[0, 2]], [0.5, 0.5])
    for ridge in (all_three, without):
        ridge.solve(20)
    assert torch.allclose(all_three.weights, without.weights, atol=1e-4)


def test_nothing_to_learn_from_leaves_the_filter_at_zero():
    ridge = OnlineRidge(4, torch.zeros(2, 5, 5), kernel=3, regularization=0.1)
    ridge.solve(3)
    assert not ridge.weights.any()


def test_samples_in_bfloat16_give_nearly_the_same_filter():
    (samples, labels), shares = draw(4), [0.25] * 4
    exact = ridge_of(samples, labels, shares)
    short = ridge_of(samples, labels, shares, stored=torch.bfloat16)
    for ridge in (exact, short):
        ridge.solve(10)
    error = (short.weights - exact.weights).norm() / exact.weights.norm()
    assert 0 < error < 0.03
