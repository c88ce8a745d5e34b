"""What a feature map shows around a place.

Maps are square, C x n x n; places are 2 x N (x, y) in pixels from the middle of the map, which lies
between two cells where n is even.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.anchors import STRIDE

INNER = 0.8  # of a box's width and height, in which it is looked at


def read(grid: Tensor, places: Tensor, stride: float = STRIDE) -> Tensor:
    """Read a map at places, linearly between its cells and at its edge beyond them.

    Args:
        grid: C x n x n or n x n, float.
        places: 2 x N (x, y), pixels from the middle of the map.
        stride: pixels between neighbouring cells.

    Returns:
        C x N, or N for a map without channels.
    """
    if grid.dim() == 2:
        return read(grid[None], places, stride)[0]
    # From -1 to 1 over the whole map, its outer cells up to their edges.
    relative = places.T * (2 / stride / grid.shape[-1])
    found = functional.grid_sample(
        grid[None], relative[None, None], padding_mode="border", align_corners=False
    )
    return found[0, :, 0]


def embed(features: Tensor, places: Tensor, cells: int, stride: float = STRIDE) -> Tensor:
    """Return the looks of places: the `cells` x `cells` window of features around each.

    What all cells of the map have in common is taken off, and the channels of every cell are scaled
    to the same length, so that a strong corner does not outweigh the rest. The inner product of two
    embeddings is their mean cosine over the cells.

    Args:
        features: C x n x n, float.
        places: 2 x N (x, y), pixels from the middle of the map. A window that would cross the map's
            edge touches it instead.
        cells: cells a row, at most n.
        stride: pixels between neighbouring cells.

    Returns:
        N x D with D = C * cells * cells, each of length 1 (0 where all features are).
    """
    farthest = (features.shape[-1] - cells) / 2 * stride
    points = places.clamp(-farthest, farthest)[:, :, None] + stride * _grid(cells, places)[:, None]
    return _directions(features, points, stride).permute(1, 0, 2).flatten(1) / cells


def embed_boxes(features: Tensor, boxes: Tensor, cells: int, stride: float = STRIDE) -> Tensor:
    """Return the looks of boxes: features at points spread evenly over the inner part of each.

    Args:
        features: C x n x n, float; beyond the map those at its edge count.
        boxes: 4 x N (cx, cy, w, h), pixels from the middle of the map.
        cells: points a row.
        stride: pixels between neighbouring cells of the map.

    Returns:
        N x cells * cells x C: at each point a vector of length 1, from which what all cells of the
        map have in common was taken off before.
    """
    spacing = boxes[2:] * (INNER / (cells - 1))
    points = boxes[:2, :, None] + spacing[:, :, None] * _grid(cells, boxes)[:, None]
    return _directions(features, points, stride).permute(1, 2, 0)


def embed_around(features: Tensor, box: Tensor, margin: float, stride: float = STRIDE) -> Tensor:
    """Return the looks of what is around a box: those of every cell outside it.

    Args:
        features: C x n x n, float.
        box: 4 (cx, cy, w, h), pixels from the middle of the map.
        margin: share of the box's width and height, to each side, that is left out as well.
        stride: pixels between neighbouring cells of the map.

    Returns:
        n * n x C: as those of `embed_boxes` for each cell, row by row; 0 where it is left out.
    """
    middles = _grid(features.shape[-1], features) * stride
    reach = box[2:, None] * (0.5 + margin)
    outside = ((middles - box[:2, None]).abs() > reach).any(0)
    return (_standing_out(features.flatten(1), features) * outside).T


def _grid(cells: int, like: Tensor) -> Tensor:
    """Return the points of a square grid around 0, 1 apart, row by row: 2 x cells * cells."""
    offsets = torch.arange(cells, device=like.device) - (cells - 1) / 2
    return torch.cartesian_prod(offsets, offsets).T.flip(0)


def _directions(features: Tensor, points: Tensor, stride: float) -> Tensor:
    """Read what stands out at 2 x N x P points: C x N x P."""
    found = read(features, points.flatten(1), stride)
    return _standing_out(found, features).unflatten(1, points.shape[1:])


def _standing_out(found: Tensor, features: Tensor) -> Tensor:
    """Return C x N features less the mean of all cells of their map, scaled to length 1."""
    return functional.normalize(found - features.mean((1, 2))[:, None], dim=0)
