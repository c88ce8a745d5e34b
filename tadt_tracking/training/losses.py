"""Losses of a siamese region proposal network, and what else tells how well it does."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.anchors import decode, iou
from tadt_tracking.training.targets import BACKGROUND, TARGET, Targets

# SiamRPN leaves sigma of equation 3 open; 3 is Faster R-CNN's for proposals: quadratic up to 1/9.
QUADRATIC_BELOW = 1 / 3**2


def margins(scores: Tensor) -> Tensor:
    """Return how far target is above background (logit), N x A x h x w, float32.

    Args:
        scores: N x 2 x A x h x w (background, target), any float dtype.
    """
    return scores[:, 1].float() - scores[:, 0].float()


def classification_loss(margin: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of target against background, half for either.

    Positives are few, so each kind is averaged by itself; a kind that is not there counts zero.

    Args:
        margin: N x A x h x w, see :func:`margins`.
        labels: N x A x h x w, see `targets`.
    """
    target, background = labels == TARGET, labels == BACKGROUND
    missed = _mean(functional.softplus(-margin), target)
    invented = _mean(functional.softplus(margin), background)
    return (missed + invented) / 2


def box_loss(offsets: Tensor, targets: Targets) -> Tensor:
    """Return the smooth L1 loss of the positives: summed over the four, averaged over anchors.

    SiamRPN, equations 1 to 4, with sigma 3.

    Args:
        offsets: N x 4 x A x h x w, any float dtype, as the network gives them.
        targets: of the same pairs.
    """
    apart = functional.smooth_l1_loss(
        offsets.float(), targets.offsets, reduction="none", beta=QUADRATIC_BELOW
    )
    return _mean(apart.sum(1), targets.labels == TARGET)


@torch.no_grad()
def found_share(margin: Tensor, labels: Tensor) -> Tensor:
    """Return the share of the positive anchors that the network takes for the target."""
    return _mean((margin > 0).float(), labels == TARGET)


@torch.no_grad()
def best_overlaps(margin: Tensor, offsets: Tensor, boxes: Tensor, anchors: Tensor) -> Tensor:
    """Return the overlaps of each pair's highest proposal with its box, N, float32.

    Args:
        margin: N x A x h x w, see :func:`margins`.
        offsets: N x 4 x A x h x w, as the network gives them.
        boxes: N x 4 (cx, cy, w, h), px from the search window's centre.
        anchors: 4 x A x h x w.
    """
    proposals = decode(offsets.float().transpose(0, 1), anchors[:, None]).flatten(2)
    best = margin.flatten(1).argmax(1)
    return iou(proposals[:, torch.arange(len(best)), best], boxes.T)


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    return torch.where(chosen, values, 0).sum() / chosen.sum().clamp_min(1)
