"""Cross-correlation in the Fourier domain, and the windows and labels that go with it.

Grids are odd, with the target at the middle cell. A correlation is padded so far that nothing wraps
around: outside the grid the features count as zero.
"""

from __future__ import annotations

import math

import cv2
import torch
from torch import Tensor
from torch.nn import functional


def padded_size(cells: int, kernel: tuple[int, int]) -> tuple[int, int]:
    """Return fast FFT sizes (rows, columns) for a grid of `cells` x `cells` and a kernel."""
    rows, columns = (cv2.getOptimalDFTSize(cells + length // 2) for length in kernel)
    return rows, columns


def kernel_spectrum(kernel: Tensor, size: tuple[int, int]) -> Tensor:
    """Transform kernels for :func:`correlate`.

    Args:
        kernel: ... x h x w with odd h and w, its middle being the origin.
        size: FFT sizes (rows, columns), at least h and w.

    Returns:
        ... x rows x (columns // 2 + 1), complex: the conjugate spectrum.
    """
    # A product with two small matrices: of the padded kernel's FFT, most would be spent on zeros.
    height, width = kernel.shape[-2:]
    rows = _waves(size[0], height, size[0]).to(kernel.device)
    columns = _waves(size[1] // 2 + 1, width, size[1]).to(kernel.device)
    return rows @ torch.complex(kernel @ columns.real.mT, kernel @ columns.imag.mT)


def _waves(frequencies: int, length: int, size: int) -> Tensor:
    """Return the conjugate Fourier matrix of a signal whose origin is in its middle."""
    offsets = torch.arange(length) - length // 2
    phases = torch.outer(torch.arange(frequencies), offsets) * (2 * math.pi / size)
    return torch.polar(torch.ones_like(phases), phases)


def correlate(features: Tensor, spectra: Tensor, size: tuple[int, int]) -> Tensor:
    """Correlate features with several kernels, summed over the channels.

    Args:
        features: C x n x n, real.
        spectra: K x C x rows x (columns // 2 + 1), from :func:`kernel_spectrum`.
        size: the FFT sizes (rows, columns) of those.

    Returns:
        K x n x n responses: entry (i, j) is the response of a kernel centred at cell (i, j).
    """
    cells = features.shape[-1]
    transformed = torch.fft.rfft2(features, s=size)
    # Not an einsum: over so small a K its batched products are copied apart first.
    product = torch.stack([(spectrum * transformed).sum(0) for spectrum in spectra])
    return torch.fft.irfft2(product, s=size)[:, :cells, :cells]


def gaussian_labels(cells: int, sigma: tuple[float, float]) -> Tensor:
    """Return n x n labels, 1 at the middle cell, falling off with sigma (y, x) in cells."""
    offsets = torch.arange(cells, dtype=torch.float32) - cells // 2
    rows, columns = (torch.exp(-0.5 * (offsets / s) ** 2) for s in sigma)
    return rows[:, None] * columns[None, :]


def cosine_window(cells: int) -> Tensor:
    """Return an n x n Hann window without its zero border."""
    window = torch.hann_window(cells + 2, periodic=False)[1:-1]
    return window[:, None] * window[None, :]


def bicubic(count: int, finer: int) -> Tensor:
    """Return the finer x count matrix that interpolates a signal, its ends being kept."""
    signals = torch.eye(count)[None, None]
    columns = functional.interpolate(signals, (finer, count), mode="bicubic", align_corners=True)
    return columns[0, 0]
