import torch
from torch.nn import functional

from tadt_tracking.ops.channel_importance import (
    ITERATIONS,
    LABEL_SIGMA,
    REGULARIZATION,
    TOLERANCE,
    ranking_importance,
    regression_importance,
)
from tadt_tracking.ops.correlation import gaussian_labels
from tadt_tracking.ops.ridge import RidgeFilter

TARGET = slice(8, 13)  # the middle 5 cells of 21


def _noise(*shape):
    return 0.1 * torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_importance_is_minus_half_the_summed_gradient_of_the_ridge_loss():
    features = _noise(8, 21, 21)
    features[3, TARGET, TARGET] += 1
    kernel = (5, 5)
    scaled = features / features.norm(dim=0).mean()
    labels = gaussian_labels(21, (LABEL_SIGMA * 5, LABEL_SIGMA * 5))
    weights = RidgeFilter(scaled, kernel, REGULARIZATION).solve(labels, TOLERANCE, ITERATIONS)
    bordered = functional.pad(scaled, (2, 2, 2, 2)).requires_grad_()
    response = functional.conv2d(bordered[None], weights[None])[0, 0]
    (gradient,) = torch.autograd.grad((labels - response).square().sum(), bordered)
    expected = -gradient.sum((1, 2)) / 2
    found = regression_importance(features, kernel)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-2)


def test_channel_that_fades_with_wrong_scale_beats_a_constant_one():
    distances = torch.tensor([0.2, 0.1, 0.0, 0.1, 0.2])
    pyramid = _noise(5, 6, 7, 7)
    pyramid[:, 1] += 1
    pyramid[:, 4] += (1 - 3 * distances)[:, None, None]
    importance = ranking_importance(pyramid, distances)
    assert importance.argmax() == 4
    assert importance[4] > 3 * importance[1].abs()
