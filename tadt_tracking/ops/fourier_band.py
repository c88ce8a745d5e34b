"""From feature maps straight to the low frequencies of their windowed spectrum.

Resizing to a common grid, the cosine window and the Fourier transform are linear and separable, so
all three together are two small matrices: the spectrum of a map X is A_y X A_x'. Only frequencies
that the filter's labels contain are computed, which are all that a response can contain; the
labels of a thin target also contain a few beyond, which are left out (`FourierBand.of_labels`).

A spectrum is a tensor F x 2 x C: frequencies, real and imaginary part, channels. Frequencies are
those of the half plane (rows 0 to limit, columns -limit to limit), which is all of a real signal's.
Places are in cells of the grid, from its middle; transforms are unitary.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

TRUNCATION = 1e-3  # of the labels' greatest amplitude; frequencies below are left out


@dataclass(frozen=True)
class FourierBand:
    """Frequencies up to `limit` (cycles a grid) in both directions of a `cells` x `cells` grid."""

    cells: int
    limit: int

    @classmethod
    def of_labels(cls, cells: int, sigma: float) -> FourierBand:
        """Return the band that Gaussian labels of width `sigma` cells fill."""
        reach = math.sqrt(-2 * math.log(TRUNCATION)) * cells / (2 * math.pi * sigma)
        return cls(cells, min(math.floor(reach), (cells - 1) // 2))

    def analysis(
        self, size: int, device: torch.device, place: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Tensor, Tensor]:
        """Return the matrices for :meth:`transform` of maps of `size` x `size`.

        A map is resized bilinearly to the grid, moved so that `place` (down, across) comes to its
        middle, its border being replicated, and multiplied with a Hann window without zero border.
        """
        down, across = (
            self._windowed
            @ torch.from_numpy(_bilinear(self._grid() + p, self.cells, size)).cfloat()
            for p in place
        )
        rows = down[self.limit :]
        parts = [[across.real, -across.imag], [across.imag, across.real]]
        # Rows: frequency, then its real and imaginary part; columns: those of the input.
        stacked = torch.stack([torch.cat(p, 1) for p in parts], 1).flatten(0, 1)
        matrices = (torch.stack([rows.real, rows.imag], 1).flatten(0, 1), stacked)
        return tuple(matrix.to(device, torch.float32) for matrix in matrices)

    def transform(self, features: Tensor, analysis: tuple[Tensor, Tensor]) -> Tensor:
        """Return the spectrum (F x 2 x C) of C x size x size maps, float32."""
        down, across = analysis
        channels, height, width = features.shape
        # Channels last, so that both products are of large matrices; a view where they are already.
        rows = down @ features.permute(1, 2, 0).reshape(height, width * channels)
        spectrum = across @ rows.view(self.limit + 1, 2 * width, channels)
        return spectrum.view(-1, 2, channels)

    def gaussian(self, sigma: tuple[float, float], device: torch.device) -> Tensor:
        """Return the spectrum (F, complex) of a Gaussian of height 1 at the middle.

        Args:
            sigma: its width down and across in cells.
            device: where the spectrum is wanted.
        """
        frequencies = np.arange(-self.limit, self.limit + 1) / self.cells
        down, across = (
            math.sqrt(2 * math.pi) * s * np.exp(-2 * (math.pi * s * frequencies) ** 2)
            for s in sigma
        )
        spectrum = np.outer(down[self.limit :], across).ravel()
        return torch.from_numpy(spectrum).to(device, torch.complex64)

    def synthesis(self, step: float, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return the matrices for :meth:`inverse` with a value every `step` cells."""
        waves = self._waves(self.offsets(step)) / self.cells
        twice = np.where(np.arange(self.limit + 1) == 0, 1, 2)  # the other half plane
        down, across = waves[:, self.limit :] * twice, waves.T
        return tuple(torch.from_numpy(m).to(device, torch.complex64) for m in (down, across))

    def inverse(self, spectrum: Tensor, synthesis: tuple[Tensor, Tensor]) -> Tensor:
        """Return the real signal of a spectrum (F, complex): n x n at :meth:`offsets`."""
        down, across = synthesis
        return (down @ spectrum.view(self.limit + 1, -1) @ across).real

    def offsets(self, step: float) -> np.ndarray:
        """Return the places every `step` cells over the whole grid; the middle is one of them."""
        half = math.floor(self.cells / 2 / step)
        return np.arange(-half, half + 1) * step

    @functools.cached_property
    def _windowed(self) -> Tensor:
        """The transform of a row of the grid, windowed: 2 limit + 1 x cells."""
        waves = self._waves(self._grid()).conj().T / math.sqrt(self.cells)
        # In torch, not numpy: the threads of numpy's BLAS would spin on, beside the network's.
        return torch.from_numpy(waves * np.hanning(self.cells + 2)[1:-1]).cfloat()

    def _grid(self) -> np.ndarray:
        return np.arange(self.cells) - (self.cells - 1) / 2

    def _waves(self, places: np.ndarray) -> np.ndarray:
        """Return exp(2 pi i f p) for places (rows) and frequencies -limit to limit (columns)."""
        frequencies = np.arange(-self.limit, self.limit + 1)
        return np.exp(2j * math.pi * np.outer(places, frequencies) / self.cells)


def _bilinear(places: np.ndarray, cells: int, size: int) -> np.ndarray:
    """Return the matrix that interpolates a row of `size` values, at places in cells of a grid."""
    source = ((places + cells / 2) * size / cells - 0.5).clip(0, size - 1)
    return np.clip(1 - np.abs(source[:, None] - np.arange(size)), 0, None)
