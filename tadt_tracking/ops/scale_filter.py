"""Estimate of a target's scale by a one-dimensional correlation filter over a scale pyramid.

The filter is that of DSST (Danelljan, Häger, Khan, Felsberg, "Accurate Scale Estimation for Robust
Visual Tracking", BMVC 2014). Its pyramid is sampled from feature maps that are there already, so
that no other picture is cut and no network runs again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.ops.correlation_filter import CorrelationFilter

POINTS = 4  # places averaged for a sample, in both directions
FINE = 32  # responses a step of scale


@dataclass(frozen=True)
class ScalePyramid:
    """The target's region at several scales around a first one.

    Attributes:
        scales: S factors, relative to the present size of the target.
        cells: samples of the region in both directions, at every scale.
    """

    scales: tuple[float, ...]
    cells: int

    def sample(
        self, features: Tensor, center: tuple[float, float], size: tuple[float, float]
    ) -> Tensor:
        """Sample the features of the target's region at all scales.

        Args:
            features: C x h x w, float32.
            center: the region's middle (x, y) in cells of the features, 0 at their edge.
            size: its width and height in cells, at scale 1.

        Returns:
            S x (cells * cells * C), of mean 0 over the scales (what all have in common tells none)
            and of mean square 1; beyond the edge of the maps their border is replicated.
        """
        largest = max(self.scales)
        spans = [
            _span(c, s * largest, n)
            for c, s, n in zip(center, size, features.shape[:0:-1], strict=True)
        ]
        (left, right), (top, bottom) = spans
        # Only cells under the largest scale, channels last: then both products are large ones.
        part = features[:, top:bottom, left:right].permute(1, 2, 0)
        across = self._matrices(center[0] - left, size[0], right - left, features.device)
        down = self._matrices(center[1] - top, size[1], bottom - top, features.device)
        rows = down.flatten(0, 1) @ part.reshape(bottom - top, -1)
        rows = rows.view(len(self.scales), self.cells, right - left, -1)
        sample = (across[:, None] @ rows).flatten(1)
        sample -= sample.mean(0)
        return sample / sample.square().mean().sqrt().clamp_min(1e-6)

    def _matrices(self, center: float, size: float, length: int, device: torch.device) -> Tensor:
        """Return S x cells x length matrices: bilinear values, averaged over each sample."""
        count = self.cells * POINTS
        offsets = ((torch.arange(count, device=device) + 0.5) / count - 0.5) * size
        scales = torch.tensor(self.scales, device=device)
        places = (center - 0.5 + scales[:, None] * offsets).clamp(0, length - 1)
        distance = (places[..., None] - torch.arange(length, device=device)).abs()
        values = (1 - distance).clamp_min(0)
        return values.view(len(self.scales), self.cells, POINTS, length).mean(2)


class ScaleFilter:
    """Finds the scale at which a sample of a pyramid looks like the target."""

    def __init__(self, sample: Tensor, sigma: float, regularization: float) -> None:
        """Learn from the first sample.

        Args:
            sample: S x D, S being odd; the true scale is the middle one.
            sigma: width of the Gaussian labels in steps of scale.
            regularization: of the filter; the sample's mean square is 1.
        """
        self._steps, self._sigma = sample.shape[0], sigma
        steps = np.arange(self._steps) - self._steps // 2
        frequencies = np.arange(self._steps // 2 + 1)
        phases = 2 * math.pi * np.outer(frequencies, steps) / self._steps
        waves = np.stack([np.cos(phases), -np.sin(phases)], axis=1) / math.sqrt(self._steps)
        window = np.hanning(self._steps + 2)[1:-1]
        self._analysis = _float32((waves * window).reshape(-1, self._steps), sample.device)
        half = self._steps // 2
        offsets = np.arange(-half * FINE, half * FINE + 1) / FINE
        twice = np.where(frequencies == 0, 1, 2) / self._steps
        waves = np.exp(2j * math.pi * np.outer(offsets, frequencies) / self._steps) * twice
        self._synthesis = torch.from_numpy(waves).to(sample.device, torch.complex64)
        self._filter = CorrelationFilter(self._spectrum(sample), self._labels(0.0), regularization)

    def find(self, sample: Tensor) -> float:
        """Return the best scale of a sample, in steps from the middle one, with fractions."""
        response = (self._synthesis @ self._filter.respond(self._spectrum(sample))).real
        return (int(response.argmax()) - len(response) // 2) / FINE

    def learn(self, sample: Tensor, found: float, rate: float) -> None:
        """Learn from a sample whose true scale is `found` steps from the middle one."""
        self._filter.learn(self._spectrum(sample), self._labels(found), rate)

    def _spectrum(self, sample: Tensor) -> Tensor:
        return (self._analysis @ sample).view(len(self._synthesis.mT), 2, -1)

    def _labels(self, found: float) -> Tensor:
        """Return the spectrum of a Gaussian around `found`, on the circle of scales."""
        half = self._steps // 2
        offsets = np.arange(self._steps) - half - found
        offsets -= self._steps * np.round(offsets / self._steps)
        labels = np.fft.fft(np.roll(np.exp(-0.5 * (offsets / self._sigma) ** 2), -half))
        return torch.from_numpy(labels[: half + 1]).to(self._synthesis)


def _span(center: float, size: float, length: int) -> tuple[int, int]:
    """Return first and last cell (exclusive) of a region, at least one cell of the map."""
    first = min(max(math.floor(center - size / 2 - 0.5), 0), length - 1)
    return first, max(min(math.ceil(center + size / 2 + 0.5), length), first + 1)


def _float32(matrix: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(matrix).to(device, torch.float32)
