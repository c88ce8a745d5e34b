"""Ridge regression of a correlation filter over many samples, solved again as they change."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.conjugate_gradients import conjugate_steps


class OnlineRidge:
    """min_W sum_i a_i ||Y_i - W * X_i||^2 + lambda ||W||^2 over C x k x k filters W.

    That is the loss of ATOM's classifier (Danelljan et al., CVPR 2019, equation 4) for a filter
    without hidden layers. It is solved by conjugate gradients on the normal equations, from the
    last solution on: after a few new samples a few steps are enough. Outside its grid a sample
    counts as zero.

    Attributes:
        shares: the weights a_i of the samples, M; to be changed in place.
    """

    def __init__(
        self,
        samples: int,
        like: Tensor,
        *,
        kernel: int,
        regularization: float,
        stored: torch.dtype = torch.float32,
    ) -> None:
        """Make room for samples, all of weight 0, and begin with the filter 0.

        Args:
            samples: M, how many there may be.
            like: features as the samples will be: C x n x n, on their device.
            kernel: k, odd.
            regularization: lambda, relative to the number of cells n * n.
            stored: dtype of the samples, and of the products with them.
        """
        channels, cells = like.shape[0], like.shape[-1]
        self._cells, self._kernel = cells, kernel
        self._lambda = regularization * cells * cells
        self._samples = like.new_zeros((samples, channels, cells * cells), dtype=stored)
        self._labels = like.new_zeros((samples, cells, cells))
        self._taps = like.new_zeros((channels, kernel * kernel))
        self.shares = like.new_zeros(samples)

    @property
    def weights(self) -> Tensor:
        """W, C x k x k."""
        return self._taps.unflatten(1, (self._kernel, self._kernel))

    def put(self, index: int, features: Tensor, labels: Tensor) -> None:
        """Put X, C x n x n, and Y, n x n, into a place below M, whose weight stays."""
        self._samples[index] = features.flatten(1)
        self._labels[index] = labels

    def solve(self, steps: int) -> None:
        """Go so many steps of conjugate gradients from the present filter towards the best."""
        for _ in self.solving(steps):
            pass

    def solving(self, steps: int) -> Iterator[None]:
        """Do as `solve` does, and yield before each step, all of which take about as long.

        Responses are by then those of the filter so far. Samples and shares have to stay as they
        are until the last step.
        """
        used = int(self.shares.count_nonzero()) and int(self.shares.nonzero().max()) + 1
        samples, shares = self._samples[:used], self.shares[:used, None, None]
        taps = self._taps
        missing = shares * (self._labels[:used] - self._correlate(taps, samples))

        def product(direction: Tensor) -> Tensor:
            responses = shares * self._correlate(direction, samples)
            return self._adjoint(responses, samples) + self._lambda * direction

        residual = self._adjoint(missing, samples) - self._lambda * taps
        path = conjugate_steps(product, residual)
        for _ in range(steps):
            yield
            length, direction = next(path, (0.0, residual))  # solved: no step
            self._taps = self._taps + length * direction

    def respond(self, features: Tensor) -> Tensor:
        """Return W * X, m x m, for features C x m x m of any size."""
        return self._correlate(self._taps, features.flatten(1)[None])[0]

    def _correlate(self, taps: Tensor, samples: Tensor) -> Tensor:
        """Return W * X_i, M x m x m: every tap with every cell, each product moved to its place."""
        k, m = self._kernel, round(samples.shape[-1] ** 0.5)
        products = torch.matmul(taps.mT.to(samples.dtype), samples).float().unflatten(2, (m, m))
        padded = functional.pad(products, [k // 2] * 4).unflatten(1, (k, k))
        found = torch.zeros_like(padded[:, 0, 0, :m, :m])
        for row in range(k):
            for column in range(k):
                found += padded[:, row, column, row : row + m, column : column + m]
        return found

    def _adjoint(self, residual: Tensor, samples: Tensor) -> Tensor:
        """Return the gradient of sum_i <residual_i, W * X_i> by the taps, C x (k k)."""
        n, k = self._cells, self._kernel
        padded = functional.pad(residual, [k // 2] * 4)
        starts = range(k - 1, -1, -1)
        moved = [padded[:, i : i + n, j : j + n] for i in starts for j in starts]
        together = torch.stack(moved, 1).flatten(2).to(samples.dtype)
        return torch.bmm(samples, together.mT).float().sum(0)
