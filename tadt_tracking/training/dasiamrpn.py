"""DaSiamRPN's training: Zhu et al., "Distractor-aware Siamese Networks", ECCV 2018.

Beyond the paper each search window also meets exemplars of other pairs of its batch: negative pairs
of different categories for the price of a correlation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.ops.anchors import anchor_grid
from tadt_tracking.settings import setting
from tadt_tracking.training.losses import (
    best_overlaps,
    box_loss,
    classification_loss,
    found_share,
    margins,
)
from tadt_tracking.training.recipe import DTYPES, Recipe, RunSettings
from tadt_tracking.training.siamese import Answer, SiameseTraining
from tadt_tracking.training.targets import assign
from tadt_tracking.weights import load

RANDOM = "random"


@dataclass(frozen=True)
class DaSiamRpnRunSettings(RunSettings):
    """Settings of DaSiamRPN's training."""

    plan: str = setting("narrow", "width of the network", choices=tuple(PLANS))
    start: str = setting(
        "alexnet-torchvision",
        f"weights to start from, all or the first layers: {RANDOM}, manifest name or .safetensors",
    )
    frozen: int = setting(3, "convolutions that keep their values", minimum=0, maximum=5)
    foreign: int = setting(
        3, "exemplars of other pairs that each search window meets", minimum=0, maximum=64
    )
    box_weight: float = setting(1.0, "weight of the box loss (lambda)", minimum=0.0, maximum=100.0)


class DaSiamRpnRecipe(Recipe):
    """Trains a SiamRPN on pairs of exemplar and search window."""

    Settings = DaSiamRpnRunSettings
    columns = ("loss", "cls_loss", "box_loss", "found", "iou", "val_iou", "val_success")

    def __init__(self, settings: DaSiamRpnRunSettings, pairs: Dataset, held_out: Dataset) -> None:
        """Make the network and load what it starts from.

        Args:
            settings: of the run.
            pairs: see :class:`Recipe`; items as `training.data.PairDataset` gives them.
            held_out: the same, of other videos and pictures.

        Raises:
            ValueError: the weights to start from do not fit the plan.
            WeightsError: they cannot be had.
        """
        self.settings, self.pairs, self.held_out = settings, pairs, held_out
        torch.manual_seed(settings.seed)
        self.network = SiamRpn(PLANS[settings.plan])
        _calm(self.network)
        if settings.start != RANDOM:
            _start_from(self.network, settings.start)

    def trained(self, device: torch.device) -> nn.Module:
        """See :class:`Recipe`."""
        settings = self.settings
        dtype = DTYPES[settings.precision]
        return SiameseTraining(self.network, settings.frozen, settings.foreign, dtype, device)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """See :class:`Recipe`: what makes kernels learns as if responses were means, not sums."""
        network = self.network
        makers = [*network.conv_r1.parameters(), *network.conv_cls1.parameters()]
        chosen = {id(parameter) for parameter in makers}
        others = [p for p in network.parameters() if p.requires_grad and id(p) not in chosen]
        return [
            {"params": others, "factor": 1.0},
            {"params": makers, "factor": 1 / _products(network)},
        ]

    def losses(
        self, output: Answer, batch: Mapping[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """See :class:`Recipe`."""
        boxes, negative = batch["box"][output.search], _negative(output, batch)
        anchors = _anchors(output)
        targets = assign(boxes, negative, anchors, generator)
        margin = margins(output.scores)
        classification = classification_loss(margin, targets.labels)
        box = box_loss(output.offsets, targets)
        overlaps = best_overlaps(margin, output.offsets, boxes, anchors)[~negative]
        return {
            "loss": classification + self.settings.box_weight * box,
            "cls_loss": classification,
            "box_loss": box,
            "found": found_share(margin, targets.labels),
            "iou": overlaps.sum() / max(len(overlaps), 1),
        }

    def scores(self, output: Answer, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See :class:`Recipe`: overlap of the highest proposal, and whether it exceeds 0.5."""
        margin = margins(output.scores)
        overlaps = best_overlaps(margin, output.offsets, batch["box"], _anchors(output))
        overlaps = overlaps.masked_fill(_negative(output, batch), torch.nan)
        success = torch.where(overlaps.isnan(), overlaps, (overlaps > 0.5).float())
        return {"val_iou": overlaps, "val_success": success}


def _negative(output: Answer, batch: Mapping[str, Tensor]) -> Tensor:
    """Return which of the answer's pairs show two objects: M, bool."""
    own = batch["kind"] != 0
    foreign = own.new_ones(len(output.search) - len(own))
    return torch.cat([own, foreign])


def _anchors(output: Answer) -> Tensor:
    return anchor_grid(output.scores.shape[-1]).to(output.scores.device)


def _calm(network: SiamRpn) -> None:
    """Make the first kernels so small that responses, sums of many products, begin near zero."""
    for layer in (network.conv_r1, network.conv_cls1):
        with torch.no_grad():
            layer.weight /= _products(network) ** 0.5
            layer.bias /= _products(network) ** 0.5


def _products(network: SiamRpn) -> int:
    """Return how many products a response is the sum of: kernels have 4 x 4 cells."""
    return 4 * 4 * network.plan.feature_out


def _start_from(network: SiamRpn, name: str) -> None:
    state = load(name)
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ValueError(f"weights {name!r} do not fit: {error}") from error
    heads = [n for n in missing if not n.endswith("num_batches_tracked")]
    if unexpected or any(n.startswith("featureExtract") for n in heads):
        raise ValueError(f"weights {name!r} do not fit: missing {heads}, unexpected {unexpected}")
