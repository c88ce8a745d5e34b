"""Anchors of a region proposal network, the boxes that come of them, and how those compare.

Boxes and anchors are 4 x ... tensors (cx, cy, w, h) in pixels of the search window; the origin is
the window's centre.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

RATIOS = (1 / 3, 1 / 2, 1.0, 2.0, 3.0)  # of height to width
SCALE = 8  # side of the square anchor in strides
STRIDE = 8  # pixels between neighbouring cells
CONTEXT = 0.5  # margin around a target, relative to the sum of its width and height


def box_at(place: Tensor, size: tuple[float, float]) -> Tensor:
    """Return (cx, cy, w, h) of a place (2) and a size.

    The size is filled in where the place is: to bring numbers to a GPU is to wait for it.
    """
    return torch.cat([place, *(place.new_full((1,), length) for length in size)])


def anchor_grid(
    cells: int, *, ratios: tuple[float, ...] = RATIOS, scale: int = SCALE, stride: int = STRIDE
) -> Tensor:
    """Return anchors of all shapes in each cell of a square grid around the window's centre.

    Sizes are those of SiamRPN's published networks, which were trained on them: whole numbers of
    strides' parts, cut off and not rounded, so that areas differ a little.

    Args:
        cells: cells a row.
        ratios: height over width of the A shapes.
        scale: size of the anchors; the square one has scale * stride pixels a side.
        stride: pixels between the centres of neighbouring cells.

    Returns:
        4 x A x cells x cells (cx, cy, w, h), float32: rows downwards, columns to the right.
    """
    widths = [int(math.sqrt(stride * stride / ratio)) for ratio in ratios]
    heights = [int(width * ratio) for width, ratio in zip(widths, ratios, strict=True)]
    places = (torch.arange(cells) - (cells - 1) / 2) * stride
    shape = (len(ratios), cells, cells)
    columns, rows = places.expand(shape), places[:, None].expand(shape)
    sizes = torch.tensor([widths, heights], dtype=torch.float32) * scale
    return torch.cat([torch.stack([columns, rows]), sizes[:, :, None, None].expand(2, *shape)])


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Return the offsets (dx, dy, dw, dh), 4 x ..., that lead from anchors to boxes.

    SiamRPN, equation 4: dx = (x - xa) / wa and dw = ln(w / wa). The shapes must broadcast.
    """
    places = (boxes[:2] - anchors[:2]) / anchors[2:]
    sizes = (boxes[2:] / anchors[2:]).log()
    return _together(places, sizes)


def decode(offsets: Tensor, anchors: Tensor) -> Tensor:
    """Return the boxes, 4 x ..., to which offsets lead; the inverse of :func:`encode`."""
    places = offsets[:2] * anchors[2:] + anchors[:2]
    sizes = offsets[2:].exp() * anchors[2:]
    return _together(places, sizes)


def iou(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Return the overlaps (intersection over union) of 4 x ... boxes with 4 x ... anchors.

    The shapes must broadcast: M boxes, each with all anchors, are 4 x M x 1 x 1 x 1 and 4 x 1 x ...
    """
    starts = torch.maximum(boxes[:2] - boxes[2:] / 2, anchors[:2] - anchors[2:] / 2)
    ends = torch.minimum(boxes[:2] + boxes[2:] / 2, anchors[:2] + anchors[2:] / 2)
    shared = (ends - starts).clamp_min(0).prod(0)
    return shared / (boxes[2:].prod(0) + anchors[2:].prod(0) - shared)


def context_side(width: float, height: float) -> float:
    """Return the side of the square that shows a target with its context: SiamRPN, equation 15."""
    margin = CONTEXT * (width + height)
    return math.sqrt((width + margin) * (height + margin))


def change_penalty(boxes: Tensor, size: tuple[float, float], strength: float) -> Tensor:
    """Return how much changes of size and shape count against boxes: SiamRPN, equation 14.

    Args:
        boxes: 4 x ... (cx, cy, w, h).
        size: the last width and height, in the same unit.
        strength: k of the equation.

    Returns:
        Factors of shape ..., 1 where nothing changes.
    """
    width, height = boxes[2], boxes[3]
    margin = CONTEXT * (width + height)
    sides = ((width + margin) * (height + margin)).sqrt()
    scale = _change(sides / context_side(*size))
    ratio = _change(width / height * (size[1] / size[0]))
    return (strength * (1 - ratio * scale)).exp()


def _change(factor: Tensor) -> Tensor:
    return torch.maximum(factor, 1 / factor)


def _together(places: Tensor, sizes: Tensor) -> Tensor:
    return torch.cat(torch.broadcast_tensors(places, sizes))
