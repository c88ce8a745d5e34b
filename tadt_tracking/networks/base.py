"""What networks look like to what runs them: tapped pictures, and siamese proposal networks."""

from __future__ import annotations

import copy
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

FEATURES, CLASSIFICATION, REGRESSION = "features", "classification", "regression"


class TappedNetwork(Protocol):
    """A network (an `nn.Module`) that gives some of its layers for pictures.

    Attributes:
        large: names of convolutions in which most of the work is, and for which an engine may let
            smaller ones stand in (`engines.low_rank`).
    """

    large: tuple[str, ...]

    def __call__(self, images: Tensor, taps: tuple[str, ...]) -> dict[str, Tensor]:
        """Return the layers `taps` (N x C x H' x W') of images N x 3 x H x W, BGR, 0 to 255."""

    def state_dict(self) -> dict[str, Any]:
        """Return the weights, as `nn.Module` does."""


class RpnPair(NamedTuple):
    """Tensors of the two heads of a region proposal network: kernels, or what they see."""

    regression: Tensor
    classification: Tensor


class SiameseRpn(nn.Module, ABC):
    """A siamese region proposal network: kernels from an exemplar, correlated with a search window.

    Pictures are N x 3 x H x W, float32, BGR, 0 to 255; features are N x C x h x w.

    Attributes:
        classified: the tap (see :class:`SearchBranch`) on which a classifier learns online.
        compared: that by which things are compared with what the target looked like. The middle and
            the stride of both are those of the features.
        large: see :class:`TappedNetwork`.
    """

    classified: ClassVar[str] = FEATURES
    compared: ClassVar[str] = CLASSIFICATION
    large: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def layers(self, images: Tensor) -> dict[str, Tensor]:
        """Return FEATURES of pictures, exemplars and search windows alike, and layers before it."""

    def features(self, images: Tensor) -> Tensor:
        """Return the features of pictures."""
        return self.layers(images)[FEATURES]

    @abstractmethod
    def kernels(self, exemplar_features: Tensor) -> RpnPair:
        """Return the kernels of both heads, N first."""

    @abstractmethod
    def search(self, search_features: Tensor) -> RpnPair:
        """Return what the kernels of both heads are correlated with (N x C' x h' x w')."""

    @abstractmethod
    def correlate(self, kernels: RpnPair, searched: RpnPair) -> tuple[Tensor, Tensor]:
        """Correlate each kernel with the search of the same index.

        Returns:
            Scores N x 2 x A x h x w (logits: background, target) of A anchors in each of h x w
            cells, and offsets N x 4 x A x h x w (dx, dy, dw, dh; see `ops.anchors`).
        """

    @abstractmethod
    def response_cells(self, search_side: int) -> int:
        """Return h and w of the responses to search windows of so many pixels a side."""

    @abstractmethod
    def drop_features(self) -> None:
        """Forget what :meth:`layers` computes, which an engine may have; all else remains."""

    def lower(self, dtype: torch.dtype) -> None:
        """Let the largest products of :meth:`correlate` be of a dtype with fewer digits.

        What it takes and returns stays float32. Nothing is changed where none of them is large.
        """

    def respond(self, kernels: RpnPair, search_features: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and offsets, see :meth:`correlate`, for features of search windows."""
        return self.correlate(kernels, self.search(search_features))

    def forward(self, exemplar: Tensor, search: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and offsets, see :meth:`correlate`, for pairs of pictures."""
        return self.respond(self.kernels(self.features(exemplar)), self.features(search))


class SearchBranch(nn.Module):
    """What engines run of a :class:`SiameseRpn`: all that depends on one picture alone.

    It is a copy, in which batch norms are part of the convolutions before them.

    Attributes:
        taps: FEATURES, of which the kernels are made, CLASSIFICATION and REGRESSION, what they are
            correlated with, and what else the network's `classified` and `compared` name.
        large: see :class:`TappedNetwork`.
    """

    def __init__(self, network: SiameseRpn) -> None:
        """Copy `network` (weights loaded)."""
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        fold_batch_norms(self.network)
        own = (FEATURES, CLASSIFICATION, REGRESSION)
        self.taps = tuple(dict.fromkeys((*own, network.classified, network.compared)))
        self.large = tuple(f"network.{name}" for name in network.large)

    def forward(self, images: Tensor, taps: tuple[str, ...]) -> dict[str, Tensor]:
        """Return layers by name, see :class:`TappedNetwork`."""
        layers = self.network.layers(images)
        searched = self.network.search(layers[FEATURES])
        found = {
            **layers,
            CLASSIFICATION: searched.classification,
            REGRESSION: searched.regression,
        }
        return {tap: found[tap] for tap in taps}


def convolution_type(module: nn.Module) -> Any:
    """Return the dtype of a module's convolutions, which engines may have lowered."""
    return next(_convolutions(module)).weight.dtype


def _convolutions(module: nn.Module) -> Iterator[nn.Conv2d]:
    return (layer for layer in module.modules() if isinstance(layer, nn.Conv2d))


def fold_batch_norms(module: nn.Module) -> None:
    """Replace each convolution that a batch norm follows by one that does the work of both.

    The module is in evaluation mode.
    """
    children = list(module.named_children())
    for (name, layer), (next_name, following) in itertools.pairwise(children):
        if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
            setattr(module, name, fuse_conv_bn_eval(layer, following))
            setattr(module, next_name, nn.Identity())
    for _, child in children:
        fold_batch_norms(child)
