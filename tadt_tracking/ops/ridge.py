"""Ridge regression of a multi-channel correlation filter to labels."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor

from tadt_tracking.ops.conjugate_gradients import conjugate_steps
from tadt_tracking.ops.correlation import kernel_spectrum, padded_size


class RidgeFilter:
    """Solves min_W ||Y - W * X||^2 + lambda ||W||^2 over filters W of a given size.

    This is the ridge loss of TADT (CVPR 2019, equation 3). It is solved by conjugate gradients on
    the normal equations; both products with X are taken in the Fourier domain.
    """

    def __init__(self, features: Tensor, kernel: tuple[int, int], regularization: float) -> None:
        """Prepare the problem.

        Args:
            features: X, C x n x n, float32.
            kernel: odd height and width of the filter in cells.
            regularization: lambda.
        """
        self._cells = features.shape[-1]
        self._kernel = kernel
        self._lambda = regularization
        self._size = padded_size(self._cells, kernel)
        self._spectrum = torch.fft.rfft2(features, s=self._size)

    def respond(self, weights: Tensor) -> Tensor:
        """Return W * X on the grid (n x n) for weights C x h x w."""
        product = (kernel_spectrum(weights, self._size) * self._spectrum).sum(0)
        return self._inverse(product)[: self._cells, : self._cells]

    def adjoint(self, residual: Tensor) -> Tensor:
        """Return the gradient of <residual, W * X> by the weights: C x h x w for n x n."""
        transformed = torch.fft.rfft2(residual, s=self._size).conj()
        rolled = torch.roll(
            self._inverse(transformed * self._spectrum),
            (self._kernel[0] // 2, self._kernel[1] // 2),
            (-2, -1),
        )
        return rolled[:, : self._kernel[0], : self._kernel[1]]

    def solve(self, labels: Tensor, tolerance: float, iterations: int) -> Tensor:
        """Fit the filter.

        Args:
            labels: Y, n x n.
            tolerance: stop when ||Y - W * X||^2 is at most this share of ||Y||^2.
            iterations: stop after so many steps.

        Returns:
            Weights W, C x h x w.
        """
        goal = tolerance * labels.square().sum()
        latest = torch.zeros_like(labels)

        def product(direction: Tensor) -> Tensor:
            nonlocal latest
            latest = self.respond(direction)
            return self.adjoint(latest) + self._lambda * direction

        gradient = self.adjoint(labels)
        weights, response = torch.zeros_like(gradient), torch.zeros_like(labels)
        for length, direction in islice(conjugate_steps(product, gradient), iterations):
            weights = weights + length * direction
            response = response + length * latest
            if (labels - response).square().sum() <= goal:
                break
        return weights

    def _inverse(self, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(spectrum, s=self._size)
