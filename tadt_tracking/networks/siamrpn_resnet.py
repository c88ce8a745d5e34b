"""SiamRPN on a dilated ResNet-50 with depthwise correlation (SiamRPN++: Li et al., CVPR 2019).

The shape is that of PySOT's "r50_l3" networks, SiamMask's proposal branch included. Names of
weights are those of its checkpoints, without `mask_head` and `refine_head`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tadt_tracking.networks.base import (
    FEATURES,
    RpnPair,
    SiameseRpn,
    convolution_type,
    fold_batch_norms,
)
from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE, STRIDE

ANCHORS = 5
CHANNELS = 256  # of the neck and the heads
EXEMPLAR_CELLS = 7  # of the exemplar's features, which the padding of layers 1 and 3 spares
EXTRA_CELLS = 8  # of a response: those that the exemplar's features lose to EXEMPLAR_CELLS
EXPANSION = 4  # of a residual block's outputs over its inner channels


class SiamRpnResNet(SiameseRpn):
    """ResNet-50 up to its third layer, at stride 8; a neck; and a depthwise head for each task.

    Kernels have the shape N x 256 x 5 x 5 for exemplars of 127 px.
    """

    large = tuple(f"backbone.layer{layer}.0.downsample.0" for layer in (2, 3))

    def __init__(self) -> None:
        """Make the layers with torch's usual random values."""
        super().__init__()
        self.backbone = _Backbone()
        outputs = self.backbone.channels
        self.neck = nn.ModuleDict(
            {"downsample": nn.ModuleDict({"downsample": _normed(outputs, CHANNELS, 1)})}
        )
        self.rpn_head = nn.ModuleDict({"cls": _Head(2 * ANCHORS), "loc": _Head(4 * ANCHORS)})

    def layers(self, images: Tensor) -> dict[str, Tensor]:
        """See :class:`SiameseRpn`: 15 x 15 features for 127 px, 31 x 31 for 255 px."""
        found = self.backbone(images.to(convolution_type(self)))
        return {FEATURES: self.neck["downsample"]["downsample"](found)}

    def kernels(self, exemplar_features: Tensor) -> RpnPair:
        """See :class:`SiameseRpn`; of the features only the middle 7 x 7 cells are used."""
        margin = (exemplar_features.shape[-1] - EXEMPLAR_CELLS) // 2
        inner = slice(margin, margin + EXEMPLAR_CELLS)
        middle = exemplar_features[:, :, inner, inner]
        return RpnPair(*(head.conv_kernel(middle) for head in self._heads))

    def search(self, search_features: Tensor) -> RpnPair:
        """See :class:`SiameseRpn`."""
        return RpnPair(*(head.conv_search(search_features) for head in self._heads))

    def correlate(self, kernels: RpnPair, searched: RpnPair) -> tuple[Tensor, Tensor]:
        """See :class:`SiameseRpn`."""
        offsets, scores = (
            head.answer(_correlate_depthwise(*pair))
            for head, *pair in zip(self._heads, kernels, searched, strict=True)
        )
        return scores.unflatten(1, (2, ANCHORS)), offsets.unflatten(1, (4, ANCHORS))

    def response_cells(self, search_side: int) -> int:
        """See :class:`SiameseRpn`."""
        return (search_side - EXEMPLAR_SIDE) // STRIDE + 1 + EXTRA_CELLS

    def drop_features(self) -> None:
        """See :class:`SiameseRpn`."""
        del self.backbone, self.neck

    def lower(self, dtype: torch.dtype) -> None:
        """See :class:`SiameseRpn`: those of the two hidden layers, most of its work."""
        for head in self._heads:
            head.lower(dtype)

    @property
    def _heads(self) -> tuple[_Head, _Head]:
        return self.rpn_head["loc"], self.rpn_head["cls"]


class _Head(nn.Module):
    """What leads to the correlation of one task, and from it to the outputs."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv_kernel = nn.Sequential(*_normed(CHANNELS, CHANNELS, 3), nn.ReLU(inplace=True))
        self.conv_search = nn.Sequential(*_normed(CHANNELS, CHANNELS, 3), nn.ReLU(inplace=True))
        self.head = nn.Sequential(
            *_normed(CHANNELS, CHANNELS, 1), nn.ReLU(inplace=True), nn.Conv2d(CHANNELS, outputs, 1)
        )

    def answer(self, correlated: Tensor) -> Tensor:
        """Return the outputs for what was correlated, N x 256 x h x w."""
        correlated = correlated.to(convolution_type(self.head))
        *hidden, last = self.head
        for layer in hidden:
            correlated = layer(correlated)
        return last(correlated.float())

    def lower(self, dtype: torch.dtype) -> None:
        """Compute the hidden layer in another dtype (weights loaded, in evaluation mode)."""
        fold_batch_norms(self.head)
        self.head[0].to(dtype)


class _Backbone(nn.Module):
    """ResNet-50 without its fourth layer; the third is dilated where it used to stride."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _residual_layer(64, 64, blocks=3)
        self.layer2 = _residual_layer(64 * EXPANSION, 128, blocks=4, stride=2)
        self.layer3 = _residual_layer(128 * EXPANSION, 256, blocks=6, dilation=2)
        self.channels = 256 * EXPANSION

    def forward(self, images: Tensor) -> Tensor:
        stem = functional.relu(self.bn1(self.conv1(images)), inplace=True)
        stem = functional.max_pool2d(stem, 3, stride=2, padding=1)
        return self.layer3(self.layer2(self.layer1(stem)))


class _Block(nn.Module):
    """A residual block with a bottleneck."""

    def __init__(
        self, inputs: int, inner: int, *, stride: int, dilation: int, shortcut: nn.Module | None
    ) -> None:
        super().__init__()
        padding = 0 if stride > 1 else dilation
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(
            inner, inner, 3, stride=stride, padding=padding, dilation=dilation, bias=False
        )
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, inner * EXPANSION, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(inner * EXPANSION)
        self.downsample = shortcut

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(features)), inplace=True)
        inner = functional.relu(self.bn2(self.conv2(inner)), inplace=True)
        outer = self.bn3(self.conv3(inner))
        straight = features if self.downsample is None else self.downsample(features)
        return functional.relu(outer + straight, inplace=True)


def _residual_layer(
    inputs: int, inner: int, *, blocks: int, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    """Return the blocks of a layer; the first has half the dilation, and a shortcut of its own."""
    outputs, first_dilation = inner * EXPANSION, max(dilation // 2, 1)
    plain = stride == dilation == 1
    shortcut = _normed(
        inputs,
        outputs,
        1 if plain else 3,
        stride=stride,
        padding=first_dilation if dilation > 1 else 0,
        dilation=first_dilation,
    )
    first = _Block(inputs, inner, stride=stride, dilation=first_dilation, shortcut=shortcut)
    rest = (
        _Block(outputs, inner, stride=1, dilation=dilation, shortcut=None)
        for _ in range(blocks - 1)
    )
    return nn.Sequential(first, *rest)


def _normed(inputs: int, outputs: int, kernel: int, **options: int) -> nn.Sequential:
    """Return a convolution without bias and its batch norm."""
    convolution = nn.Conv2d(inputs, outputs, kernel, bias=False, **options)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


def _correlate_depthwise(kernels: Tensor, searched: Tensor) -> Tensor:
    """Correlate N x C x k x k kernels with N x C x h x w features, channel by channel."""
    count, channels = kernels.shape[:2]
    together = searched.reshape(1, count * channels, *searched.shape[-2:])
    found = functional.conv2d(
        together, kernels.reshape(count * channels, 1, *kernels.shape[-2:]), groups=count * channels
    )
    return found.unflatten(1, (count, channels))[0]
