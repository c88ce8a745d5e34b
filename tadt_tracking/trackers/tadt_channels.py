"""TADT's choice of channels: those that tell about this target (sections 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.ops.channel_importance import ranking_importance, regression_importance
from tadt_tracking.ops.template import middle
from tadt_tracking.trackers.tadt_settings import TadtSettings

# Sizes at which the ranking loss sees the target, relative to the true one.
RANKED_SCALES = np.geomspace(0.8, 1.25, 11)


def choose_channels(
    settings: TadtSettings,
    layers: tuple[Tensor, Tensor],
    kernel: tuple[int, int],
    pyramid: Callable[[], Tensor],
) -> tuple[Tensor, Tensor]:
    """Choose channels of conv4-1 and conv4-3.

    Args:
        settings: how many there shall be, and what chooses them.
        layers: both on the first search window, C x n x n, the target in their middle.
        kernel: the target's height and width in cells, odd.
        pyramid: returns conv4-1 of the target alone at all `RANKED_SCALES`, S x C x h x w.

    Returns:
        The indices of either layer's channels, rising.
    """
    low, high = layers
    if settings.selection == "random":
        chance = torch.Generator().manual_seed(0)
        importances = [torch.rand(len(layer), generator=chance) for layer in layers]
    elif settings.selection == "regression":
        importances = [regression_importance(layer, kernel) for layer in layers]
    else:
        by_scale = _scale_importance(pyramid(), middle(low, kernel).amax((1, 2)))
        importances = [by_scale, regression_importance(high, kernel)]
    counts = (settings.conv4_1_channels, settings.conv4_3_channels)
    return tuple(
        importance.topk(count).indices.sort().values.to(low.device)
        for importance, count in zip(importances, counts, strict=True)
    )


def _scale_importance(pyramid: Tensor, activity: Tensor) -> Tensor:
    """Return how much channels notice the target's scale, if they are active there."""
    distances = torch.from_numpy(np.abs(np.log(RANKED_SCALES))).to(pyramid.device)
    importance = ranking_importance(pyramid, distances)
    return importance.masked_fill(activity <= activity.median(), -torch.inf)
