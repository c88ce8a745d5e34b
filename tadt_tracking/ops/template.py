"""A target's features as a template, matched with those of a search window at several scales."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.correlation import correlate, kernel_spectrum, padded_size


class Template:
    """What the target looks like: how it looked at first, mixed with how it looked since.

    It keeps its tensors in place, so that recorded work on a GPU goes on to see them.
    """

    def __init__(self, window: Tensor, kernel: tuple[int, int], scales: tuple[float, ...]) -> None:
        """Take the template from the middle of a window's features.

        Args:
            window: C x n x n, float32, n odd.
            kernel: odd height and width of the target in cells, at most n.
            scales: K sizes, relative to the target's, at which it is matched.
        """
        self._cells, self.kernel, self._scales = window.shape[-1], kernel, scales
        self._size = padded_size(self._cells, kernel)
        self._first = middle(window, kernel)
        self._recent = self._first.clone()
        self._spectra = self._transformed(self._first)
        self._norm = self._first.norm()

    def match(self, features: Tensor) -> Tensor:
        """Correlate the template with features C x n x n: K x n x n, one map a scale."""
        return correlate(features, self._spectra, self._size)

    def similarity(self, features: Tensor, response: Tensor, cell: Tensor) -> Tensor:
        """Return the cosine of the angle between the template and the features at a cell.

        Args:
            features: C x n x n.
            response: the template's response there (scalar).
            cell: index of the cell in the flattened n x n grid (scalar).
        """
        # take(), since indexing with a tensor of one value waits for the GPU.
        energy = _local_energy(features, self.kernel).take(cell)
        return response / (self._norm * energy.sqrt()).clamp_min(1e-6)

    def learn(
        self,
        features: Tensor,
        place: tuple[float, float],
        scale: float,
        rate: float,
        first_share: float,
    ) -> None:
        """Learn how the target looks now.

        Args:
            features: C x n x n.
            place: row and column of the target's middle in cells, 0 at the first cell's middle.
            scale: the target's size relative to the one at which the features are matched.
            rate: share of these features in how the target looked since.
            first_share: share of the first look in the template.
        """
        self._recent.lerp_(self._cut(features, place, scale), rate)
        template = torch.lerp(self._recent, self._first, first_share)
        self._spectra.copy_(self._transformed(template))
        self._norm.copy_(template.norm())

    def _cut(self, features: Tensor, place: tuple[float, float], scale: float) -> Tensor:
        """Sample C x h x w features around a place, with bilinear interpolation."""
        offsets = (torch.arange(n, device=features.device) - n // 2 for n in self.kernel)
        rows, columns = (p + scale * offset for p, offset in zip(place, offsets, strict=True))
        grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)
        grid = grid * (2 / (self._cells - 1)) - 1
        return functional.grid_sample(features[None], grid[None], align_corners=True)[0]

    def _transformed(self, template: Tensor) -> Tensor:
        scaled = torch.stack([_rescaled(template, scale) for scale in self._scales])
        return kernel_spectrum(scaled, self._size)


def middle(features: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Return the middle h x w cells of C x n x n features."""
    top, left = ((features.shape[-1] - cells) // 2 for cells in kernel)
    return features[:, top : top + kernel[0], left : left + kernel[1]]


def _rescaled(template: Tensor, scale: float) -> Tensor:
    """Return a C x h x w template of the target grown by `scale`: same grid, same norm."""
    shrink = torch.tensor([[[1 / scale, 0, 0], [0, 1 / scale, 0]]], device=template.device)
    grid = functional.affine_grid(shrink, [1, *template.shape], align_corners=False)
    grown = functional.grid_sample(template[None], grid, align_corners=False)[0]
    return grown * (template.norm() / grown.norm().clamp_min(1e-6))


def _local_energy(features: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Return the squared norm of C x n x n features under a kernel around each cell: n x n."""
    half = (kernel[0] // 2, kernel[1] // 2)
    mean = functional.avg_pool2d(features.square().sum(0)[None, None], kernel, 1, half)
    return mean[0, 0] * math.prod(kernel)
