"""Greedy non-maximum suppression."""

from __future__ import annotations

import torch
from torch import Tensor

from tadt_tracking.ops.anchors import iou


def suppress(boxes: Tensor, scores: Tensor, *, most: int, overlap: float) -> tuple[Tensor, Tensor]:
    """Pick the best box again and again, each time among those that overlap none picked before.

    The host waits for no result: the length of what is returned does not depend on the values.

    Args:
        boxes: 4 x N (cx, cy, w, h).
        scores: N, finite.
        most: how many to pick, at most N.
        overlap: intersection over union above which a box gives way to a better one.

    Returns:
        Indices (int64) and scores of `most` boxes, best first; where fewer were left, the rest have
        the score -inf and any index.
    """
    remaining, picked, heights = scores, [], []
    for _ in range(most):
        height, index = remaining.max(0)
        picked.append(index)
        heights.append(height)
        covered = iou(boxes.index_select(1, index[None]), boxes) > overlap
        remaining = remaining.masked_fill(covered, -torch.inf)
    return torch.stack(picked), torch.stack(heights)
