"""Fewer channels of feature maps, all about equally strong."""

from __future__ import annotations

import torch
from torch import Tensor


class Whitening:
    """The principal channels of some maps: what differs most in them, without their mean.

    Each is divided by its spread, as far as that is not below the usual one: so a few strong ones
    do not outweigh the rest, nor is noise brought to the strength of what is seen.
    """

    def __init__(self, maps: Tensor, channels: int) -> None:
        """Find the principal channels of N x C x h x w maps, at most C of them."""
        cells = maps.transpose(0, 1).flatten(1)
        self._mean = cells.mean(1)
        cells = cells - self._mean[:, None]
        variances, directions = torch.linalg.eigh(cells @ cells.mT / cells.shape[1])
        kept = variances[-channels:].clamp_min(0)
        spreads = (kept + kept.mean()).clamp_min(1e-12).sqrt()
        self._directions = (directions[:, -channels:] / spreads).mT.contiguous()

    def __call__(self, features: Tensor) -> Tensor:
        """Return the principal channels, c x h x w, of features C x h x w."""
        found = self._directions @ (features.flatten(1) - self._mean[:, None])
        return found.unflatten(1, features.shape[1:])
