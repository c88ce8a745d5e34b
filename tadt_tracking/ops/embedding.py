"""What a feature map shows around a place.

Maps are square, C x n x n; places are 2 x N (x, y) in pixels from the middle of the map, which lies
between two cells where n is even.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.anchors import STRIDE


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
    offsets = (torch.arange(cells, device=places.device) - (cells - 1) / 2) * stride
    around = torch.cartesian_prod(offsets, offsets).T.flip(0)  # row by row
    points = places.clamp(-farthest, farthest)[:, :, None] + around[:, None]
    found = read(features, points.flatten(1), stride) - features.mean((1, 2))[:, None]
    found = functional.normalize(found, dim=0)
    return found.unflatten(1, (-1, cells * cells)).transpose(0, 1).flatten(1) / cells
