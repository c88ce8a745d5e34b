"""How much each feature channel tells about one target (TADT, CVPR 2019, section 3).

Both importances are globally averaged gradients of a loss on the first frame (equation 1): of the
ridge loss for channels active at the target, of the ranking loss for channels that notice scale.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tadt_tracking.ops.correlation import gaussian_labels
from tadt_tracking.ops.ridge import RidgeFilter

REGULARIZATION = 1e-3
TOLERANCE = 0.02
ITERATIONS = 50
LABEL_SIGMA = 0.1  # of the target's size
RANKING_STEPS = 10


def regression_importance(features: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Return how much each channel tells the target from its surroundings.

    A filter of the target's size is fitted to Gaussian labels (equation 2); a channel matters as
    far as raising it everywhere would lower the loss ||Y - W * X||^2: minus half the gradient by
    the features (equation 4), summed over the window and the border that the filter reaches.

    Args:
        features: C x n x n of the first frame's search window, float32, the target in the middle.
        kernel: odd height and width of the target in cells.

    Returns:
        C values, greater for more important channels.
    """
    features = features / features.norm(dim=0).mean()
    sigma = (LABEL_SIGMA * kernel[0], LABEL_SIGMA * kernel[1])
    labels = gaussian_labels(features.shape[-1], sigma).to(features.device)
    ridge = RidgeFilter(features, kernel, REGULARIZATION)
    weights = ridge.solve(labels, TOLERANCE, ITERATIONS)
    # The gradient is the full convolution of the residual with W, whose sum is the sums' product.
    return (labels - ridge.respond(weights)).sum() * weights.sum((1, 2))


def ranking_importance(pyramid: Tensor, distances: Tensor) -> Tensor:
    """Return how much each channel notices that the target's size is off.

    A linear ranker f(x) = <w, x> is fitted so that samples nearer the true size score higher, by
    the smooth pairwise loss log(1 + sum over pairs of exp(f(x_i) - f(x_j))) with x_j the nearer
    one (equation 5); its gradient by w (equation 6), averaged over the samples' area, is the
    importance.

    Args:
        pyramid: S x C x h x w, the target's features at S sizes, float32.
        distances: S distances from the true size (any monotonous measure).

    Returns:
        C values, greater for more important channels.
    """
    samples = pyramid / pyramid.norm(dim=1).mean()
    farther, nearer = torch.nonzero(distances[:, None] > distances[None, :] + 1e-6, as_tuple=True)
    ranker = torch.zeros_like(samples[0])
    for _ in range(RANKING_STEPS):
        values = (samples * ranker).sum((1, 2, 3))
        margins = torch.cat([values[farther] - values[nearer], values.new_zeros(1)])
        share = torch.softmax(margins, 0)[:-1]
        pull = torch.zeros_like(values).index_add(0, nearer, share).index_add(0, farther, -share)
        descent = (pull[:, None, None, None] * samples).sum(0)
        ranker = ranker + descent / descent.square().sum().clamp_min(1e-6)
    return descent.mean((1, 2))
