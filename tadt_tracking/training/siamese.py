"""A siamese network as it is trained: frozen layers for nothing, foreign exemplars for little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tadt_tracking.networks.base import RpnPair, SearchBranch
from tadt_tracking.networks.siamrpn import SiamRpn


class Answer(NamedTuple):
    """What the network says about the pairs of a batch.

    Attributes:
        scores: M x 2 x A x h x w; the first N are the batch's own pairs, the others have an
            exemplar of another pair.
        offsets: M x 4 x A x h x w.
        search: M: which of the batch's N search windows each looks at.
    """

    scores: Tensor
    offsets: Tensor
    search: Tensor


class SiameseTraining(nn.Module):
    """A SiamRPN whose first convolutions are frozen, on a batch of pairs.

    The frozen layers run without a graph, their batch norms folded into the convolutions, in the
    precision of training. Features of search windows are most of the work, a correlation is next to
    nothing: so each search window is also matched with exemplars of other pairs, all of them
    negative.
    """

    def __init__(
        self, network: SiamRpn, frozen: int, foreign: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Take over `network`, and move it to `device`.

        Args:
            network: weights loaded; its frozen parameters will ask for no gradient.
            frozen: number of convolutions, from the first, that are kept as they are.
            foreign: number of foreign exemplars for each search window.
            dtype: of the frozen layers.
            device: where all of it runs.
        """
        super().__init__()
        self.network = network.to(device, memory_format=torch.channels_last)
        self._foreign = foreign
        layers = network.featureExtract
        self._split = _end_of_convolution(layers, frozen)
        layers[: self._split].requires_grad_(False)
        folded = SearchBranch(network).network.featureExtract[: self._split].to(dtype)
        self._stem = (folded.requires_grad_(False),)  # no submodule: it is a copy of the layers

    def train(self, mode: bool = True) -> SiameseTraining:
        """Set the mode; frozen batch norms keep their statistics in both."""
        super().train(mode)
        self.network.featureExtract[: self._split].eval()
        return self

    def forward(self, batch: Mapping[str, Tensor]) -> Answer:
        """Match pairs.

        Args:
            batch: "exemplar" N x 3 x 127 x 127 and "search" N x 3 x S x S, uint8, BGR; and
                "exemplar_track" and "track", N, where these come from: only an exemplar of another
                number than the search window's is foreign to it.
        """
        kernels = self.network.kernels(self._features(batch["exemplar"]))
        searched = self.network.search(self._features(batch["search"]))
        foreign = self._foreign if self.training else 0
        exemplar, search = _matches(batch["exemplar_track"], batch["track"], foreign)
        scores, offsets = self.network.correlate(
            RpnPair(*(k[exemplar] for k in kernels)), RpnPair(*(s[search] for s in searched))
        )
        return Answer(scores, offsets, search)

    def _features(self, images: Tensor) -> Tensor:
        stem = self._stem[0]
        dtype = next((p.dtype for p in stem.parameters()), torch.float32)
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            found = stem(images.to(dtype).contiguous(memory_format=torch.channels_last))
        return self.network.featureExtract[self._split :](found)


def _matches(exemplars: Tensor, searches: Tensor, foreign: int) -> tuple[Tensor, Tensor]:
    """Return which exemplar meets which search window: first all pairs, then foreign ones.

    Args:
        exemplars: N, numbers of the tracks that the exemplars are of.
        searches: N, those of the search windows.
        foreign: number of foreign exemplars for each search window, at most.
    """
    own = torch.arange(len(searches), device=searches.device)
    chosen = [(own, own)]
    for shift in range(1, min(foreign, len(own) - 1) + 1):
        other = own.roll(shift)
        apart = exemplars[other] != searches
        chosen.append((other[apart], own[apart]))
    exemplar, search = zip(*chosen, strict=True)
    return torch.cat(exemplar), torch.cat(search)


def _end_of_convolution(layers: nn.Sequential, count: int) -> int:
    """Return the index after the layers that belong to the first `count` convolutions."""
    starts = [i for i, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)]
    return [*starts, len(layers)][count]
