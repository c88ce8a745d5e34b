"""VGG (Simonyan and Zisserman, ICLR 2015): the convolutions that trackers take features from."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class VggLayer(NamedTuple):
    """One 3x3 convolution with its rectifier.

    Attributes:
        name: "convB_C", block and convolution counted from 1.
        channels: output channels.
        pools_first: whether a 2x2 max pooling comes before it.
    """

    name: str
    channels: int
    pools_first: bool


@dataclass(frozen=True)
class VggPlan:
    """Which convolutions a network has, and after which blocks it pools.

    Attributes:
        blocks: output channels of the 3x3 convolutions, block by block.
        pooled: number of blocks followed by a 2x2 max pooling; the stride of everything later is
            2 ** pooled.
        large: see :class:`TappedNetwork`.
    """

    blocks: tuple[tuple[int, ...], ...]
    pooled: int
    large: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[VggLayer, ...]:
        """The convolutions in order."""
        return tuple(
            VggLayer(f"conv{b}_{c}", channels, pools_first=c == 1 < b <= self.pooled + 1)
            for b, block in enumerate(self.blocks, start=1)
            for c, channels in enumerate(block, start=1)
        )

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names "convB_C" of the convolutions in order, both numbers from 1."""
        return tuple(layer.name for layer in self.layers)


VGG16_TO_CONV4_3 = VggPlan(
    blocks=((64, 64), (128, 128), (256, 256, 256), (512, 512, 512)),
    pooled=2,
    large=tuple(f"conv{block}_{number}" for block in (3, 4) for number in (1, 2, 3)),
)
# None is large: on smaller convolutions HCF takes others for its target (docs/tried.md).
VGG19_TO_CONV5_4 = VggPlan(
    blocks=((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4), pooled=4
)


class Vgg(nn.Module):
    """The convolutional part of a VGG network, which normalises its own input.

    The state dict holds `convB_C.weight` and `.bias` and the input's `mean` and `std` (1, 3, 1, 1).
    """

    def __init__(self, plan: VggPlan) -> None:
        """Make the layers with uninitialised values; load a state dict before use."""
        super().__init__()
        self.plan = plan
        self.large = plan.large
        self.chosen: Mapping[str, Tensor] = {}  # channels to give of layers that compute all
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("std", torch.ones(1, 3, 1, 1))
        channels = 3
        for layer in plan.layers:
            convolution = nn.utils.skip_init(nn.Conv2d, channels, layer.channels, 3, padding=1)
            self.add_module(layer.name, convolution)
            channels = layer.channels

    def with_channels(self, channels: Mapping[str, Tensor]) -> Vgg:
        """Return a copy that gives only some channels of its layers; the weights are shared.

        Args:
            channels: 1-D indices of the channels to give, by layer. The last of these layers
                computes no others, so that no later one can be asked for.
        """
        narrow = copy.copy(self)
        narrow._modules = dict(self._modules)
        narrow.chosen = dict(channels)
        last = max(channels, key=self.plan.layer_names.index)
        kept, full = narrow.chosen.pop(last), getattr(self, last)
        part = nn.utils.skip_init(nn.Conv2d, full.in_channels, len(kept), 3, padding=1)
        part.weight = nn.Parameter(
            full.weight[kept].contiguous(memory_format=torch.channels_last), False
        )
        part.bias = nn.Parameter(full.bias[kept], False)
        narrow._modules[last] = part
        return narrow

    def forward(self, images: Tensor, taps: tuple[str, ...]) -> dict[str, Tensor]:
        """Compute features up to the last of `taps`.

        Args:
            images: N x 3 x H x W, BGR, float32, values 0 to 255.
            taps: names of the layers wanted, each after its rectifier.

        Returns:
            N x C x H' x W' features by name.
        """
        features = ((images - self.mean) / self.std).to(self.conv1_1.weight.dtype)
        found: dict[str, Tensor] = {}
        for layer in self.plan.layers:
            if layer.pools_first:
                features = functional.max_pool2d(features, 2)
            features = functional.relu(getattr(self, layer.name)(features), inplace=True)
            if layer.name in taps:
                chosen = self.chosen.get(layer.name)
                found[layer.name] = features if chosen is None else features[:, chosen]
            if len(found) == len(taps):
                return found
        raise ValueError(f"no layers {set(taps) - set(found)}; there are {self.plan.layer_names}")
