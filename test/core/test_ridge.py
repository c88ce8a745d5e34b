import torch
from torch.nn import functional

from tadt_tracking.ops.correlation import gaussian_labels
from tadt_tracking.ops.ridge import RidgeFilter

CELLS, KERNEL, CHANNELS, LAMBDA = 13, (3, 5), 4, 0.1


def _features():
    return torch.rand(CHANNELS, CELLS, CELLS, generator=torch.Generator().manual_seed(0))


def _closed_form(features, labels):
    """Solve the same problem by its dense normal equations: one row a cell, one column a weight."""
    padding = (KERNEL[0] // 2, KERNEL[1] // 2)
    rows = functional.unfold(features[None], KERNEL, padding=padding)[0].T
    gram = rows.T @ rows + LAMBDA * torch.eye(rows.shape[1])
    return torch.linalg.solve(gram, rows.T @ labels.flatten()).view(CHANNELS, *KERNEL)


def test_solution_is_that_of_the_normal_equations():
    features, labels = _features(), gaussian_labels(CELLS, (1.0, 1.0))
    found = RidgeFilter(features, KERNEL, LAMBDA).solve(labels, tolerance=0.0, iterations=200)
    torch.testing.assert_close(found, _closed_form(features, labels), atol=1e-4, rtol=1e-3)


def test_adjoint_is_the_transpose_of_respond():
    generator = torch.Generator().manual_seed(1)
    ridge = RidgeFilter(_features(), KERNEL, LAMBDA)
    weights = torch.randn(CHANNELS, *KERNEL, generator=generator)
    residual = torch.randn(CELLS, CELLS, generator=generator)
    left = (ridge.respond(weights) * residual).sum()
    right = (weights * ridge.adjoint(residual)).sum()
    torch.testing.assert_close(left, right, atol=1e-4, rtol=1e-4)


def test_fit_stops_at_the_tolerance():
    labels = gaussian_labels(CELLS, (3.0, 3.0))
    ridge = RidgeFilter(_features(), KERNEL, LAMBDA)
    errors = [
        (labels - ridge.respond(ridge.solve(labels, tolerance, 200))).square().sum()
        / labels.square().sum()
        for tolerance in (0.4, 0.25)
    ]
    assert errors[0] <= 0.4
    assert errors[1] <= 0.25 < errors[0]


def test_no_iterations_give_zero_weights():
    labels = gaussian_labels(CELLS, (1.0, 1.0))
    assert not RidgeFilter(_features(), KERNEL, LAMBDA).solve(labels, 0.0, 0).any()
