"""What a siamese region proposal network says about windows in which a target is looked for."""

from __future__ import annotations

import functools
from typing import NamedTuple

import torch
from torch import Tensor

from tadt_tracking.engines import Compute, make_engine
from tadt_tracking.engines.steady_frame import SteadyFrame
from tadt_tracking.networks.base import (
    CLASSIFICATION,
    FEATURES,
    REGRESSION,
    RpnPair,
    SearchBranch,
    SiameseRpn,
)
from tadt_tracking.ops.anchors import anchor_grid, decode


class Proposals(NamedTuple):
    """What the network says about a window.

    Attributes:
        scores: A x n x n, in [0, 1], of the proposals.
        boxes: 4 x A x n x n, theirs (cx, cy, w, h), in its pixels from its middle.
        features: C x n x n of the network's `classified` tap, with the same middle; a row and a
            column more where theirs are an even number.
        looks: C' x m x m of its `compared` tap.
        matched: C'' x m' x m', of which the scores were made.
    """

    scores: Tensor
    boxes: Tensor
    features: Tensor
    looks: Tensor
    matched: Tensor


class Proposer:
    """Proposes boxes for one target. Windows are 1 x 3 x side x side, BGR, 0 to 255.

    Attributes:
        cells: of the proposals in a search window, a row.
    """

    def __init__(self, network: SiameseRpn, search_side: int, compute: Compute) -> None:
        """Hold a network (weights loaded), which becomes the proposer's own."""
        self._network = network.eval().requires_grad_(False).to(compute.device)
        branch = SearchBranch(self._network)
        self._engine = make_engine(branch, branch.taps, compute)
        self._network.drop_features()
        self._network.lower(compute.beside)
        self._device = compute.device
        self.cells = self._network.response_cells(search_side)

    def learn(self, exemplar: Tensor) -> None:
        """Take the target of an exemplar window for the one that is looked for."""
        self._kernels = self._network.kernels(self._engine(exemplar)[FEATURES])
        self._frame = SteadyFrame(self._propose, self._device)

    def __call__(self, window: Tensor) -> Proposals:
        """Return the proposals in a search window; on CUDA good until the next call."""
        return self._frame(window)

    def describe(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features and looks alone of a search window, see `Proposals`."""
        return self._described(self._engine(window))

    def _propose(self, window: Tensor) -> Proposals:
        found = self._engine(window)
        searched = RpnPair(found[REGRESSION], found[CLASSIFICATION])
        logits, offsets = self._network.correlate(self._kernels, searched)
        boxes = decode(offsets[0], _anchors(offsets.shape[-1], offsets.device))
        scores = logits[0].softmax(0)[1]
        matched = searched.classification[0]
        return Proposals(scores, boxes, *self._described(found), matched)

    def _described(self, found: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the features of the cells that have proposals (`Proposals`), and the looks."""
        network = self._network
        features, looks = (found[tap][0] for tap in (network.classified, network.compared))
        margin = (features.shape[-1] - self.cells) // 2
        inner = slice(margin, features.shape[-1] - margin)
        return features[..., inner, inner], looks


@functools.cache
def _anchors(cells: int, device: torch.device) -> Tensor:
    return anchor_grid(cells).to(device)
