"""What a region proposal network should say about a pair: labels of anchors, offsets to boxes.

Faster R-CNN's assignment with SiamRPN's numbers (Li et al., CVPR 2018, section 4.1).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from tadt_tracking.ops.anchors import encode, iou

TARGET, BACKGROUND, UNUSED = 1, 0, -1
POSITIVE_ABOVE, NEGATIVE_BELOW = 0.6, 0.3  # overlap of an anchor with the object
ANCHORS_A_PAIR, POSITIVES_AT_MOST = 64, 16


class Targets(NamedTuple):
    """What N pairs ask of the anchors.

    Attributes:
        labels: N x A x h x w, int8: TARGET, BACKGROUND or UNUSED.
        offsets: N x 4 x A x h x w, float32: from each anchor to the pair's box.
    """

    labels: Tensor
    offsets: Tensor


def assign(boxes: Tensor, negative: Tensor, anchors: Tensor, generator: torch.Generator) -> Targets:
    """Draw the anchors that each pair is judged by.

    On the object lie the anchors that overlap it by more than 0.6, and where there is none (an
    object of an odd shape) the one that overlaps it most; off it lie those below 0.3. Of each pair
    16 at most are drawn on the object, and as many off it as make 64. In a positive pair the former
    are TARGET. In a negative one, whose exemplar shows something else, they are BACKGROUND like the
    rest: of all anchors these are the ones that a distractor would win by.

    Args:
        boxes: N x 4, float32 (cx, cy, w, h): the search window's object, in px from its centre.
        negative: N, bool: the exemplar does not show that object.
        anchors: 4 x A x h x w, see `ops.anchors`.
        generator: of the CPU, whatever the device of the others: draws are the same everywhere.
    """
    boxes = boxes.T[:, :, None, None, None]
    overlap = iou(boxes, anchors[:, None])
    best = overlap.flatten(1).amax(1)[:, None, None, None]
    on_object = (overlap > POSITIVE_ABOVE) | ((overlap == best) & (best > NEGATIVE_BELOW))
    chance = torch.rand(overlap.shape, generator=generator).to(overlap.device)
    drawn = _draw(on_object, chance, POSITIVES_AT_MOST)
    others = _draw(overlap < NEGATIVE_BELOW, chance, ANCHORS_A_PAIR - drawn.flatten(1).sum(1))
    labels = torch.full(overlap.shape, UNUSED, dtype=torch.int8, device=overlap.device)
    labels[others] = BACKGROUND
    labels[drawn & ~negative[:, None, None, None]] = TARGET
    labels[drawn & negative[:, None, None, None]] = BACKGROUND
    return Targets(labels, encode(boxes, anchors[:, None]).transpose(0, 1))


def _draw(candidates: Tensor, chance: Tensor, count: int | Tensor) -> Tensor:
    """Choose `count` at most of each pair's candidates: those to which chance gave most."""
    keys = torch.where(candidates, chance, -1.0).flatten(1)
    ranks = keys.argsort(1, descending=True).argsort(1)
    limit = count[:, None] if isinstance(count, Tensor) else count
    return ((ranks < limit) & (keys >= 0)).view_as(candidates)
