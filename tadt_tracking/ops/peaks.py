"""The peaks of a map of answers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

FLAT = 1e-9  # curvature below which a peak stays in the middle of its cell


def peaks(values: Tensor, reach: tuple[int, int], most: int) -> tuple[Tensor, Tensor]:
    """Find the highest values that have no higher one within reach.

    Each lies at the top of the parabolas through its cell and the two beside it and the two above
    and below, at most half a cell away. The host waits for no result.

    Args:
        values: m x n, finite.
        reach: rows and columns to either side in which there is no higher value.
        most: how many to find, at most m n.

    Returns:
        Places (x, y), 2 x `most`, in cells from the middle of the map, and the values of their
        cells, the highest first; where there are fewer peaks, the rest have -inf and any place.
    """
    rows, columns = values.shape
    around = functional.max_pool2d(
        values[None, None], [2 * n + 1 for n in reach], stride=1, padding=reach
    )
    heights, cells = values.masked_fill(values < around[0, 0], -torch.inf).flatten().topk(most)
    row, column = cells // columns, cells % columns
    padded = functional.pad(values[None, None], (1, 1, 1, 1), mode="replicate")[0, 0]
    across = _top(*(padded[row + 1, column + step] for step in range(3)))
    down = _top(*(padded[row + step, column + 1] for step in range(3)))
    places = torch.stack([column + across - (columns - 1) / 2, row + down - (rows - 1) / 2])
    return places, heights


def _top(before: Tensor, here: Tensor, after: Tensor) -> Tensor:
    """Return where parabolas through three values, the middle one the highest, have their tops."""
    curvature = (2 * here - before - after).clamp_min(FLAT)
    return ((after - before) / (2 * curvature)).clamp(-0.5, 0.5)
