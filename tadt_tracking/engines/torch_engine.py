"""Networks on torch: CPU and CUDA."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tadt_tracking.engines.base import Engine
from tadt_tracking.engines.compute import Compute
from tadt_tracking.networks.base import TappedNetwork


class TorchEngine(Engine):
    """Runs a network in torch, its convolutions in the precision that was chosen."""

    def __init__(self, network: TappedNetwork, taps: tuple[str, ...], compute: Compute) -> None:
        """Take over `network` (weights loaded), converting its layers in place."""
        self._network = network.eval().requires_grad_(False).to(compute.device)
        self._taps, self._compute = taps, compute
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.to(dtype=compute.dtype, memory_format=torch.channels_last)
        self._run = torch.compile(network) if compute.compile else network

    @torch.inference_mode()
    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """See :class:`Engine`."""
        # A permuted N x H x W x 3 array is already a channels_last N x 3 x H x W tensor.
        found = self._run(batch.permute(0, 3, 1, 2).float(), self._taps)
        return {name: features.float() for name, features in found.items()}

    def with_taps(self, taps: tuple[str, ...]) -> TorchEngine:
        """See :class:`Engine`."""
        return TorchEngine(self._network, taps, self._compute)

    def with_channels(self, channels: Mapping[str, Tensor]) -> TorchEngine:
        """See :class:`Engine`."""
        return TorchEngine(self._network.with_channels(channels), self._taps, self._compute)
