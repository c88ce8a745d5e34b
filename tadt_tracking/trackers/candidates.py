"""Places of a picture that show the target, may show it, or show something like it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.box import Box
from tadt_tracking.ops.nms import suppress
from tadt_tracking.result import Candidate, Result
from tadt_tracking.trackers.place import inside
from tadt_tracking.trackers.presence import Presence, Sighting

CANDIDATES, OVERLAP = 5, 0.3
WORTH = 0.05  # score of a place that looks at all like the target


def sighted(
    sighting: Sighting,
    box: Box,
    searched: Box,
    center: tuple[float, float],
    pixel: tuple[float, float],
) -> Result:
    """Return a tracker's answer: the box found in a window of the image, and what was seen there.

    Args:
        sighting: of the box, by the tracker's `Presence`.
        box: in pixels of the image.
        searched: the window's part in the image, likewise.
        center: the window's middle (x, y), likewise.
        pixel: width and height of the window's pixels, likewise.
    """
    return Result(
        box,
        sighting.score,
        searched,
        sighting.evidence,
        lookalikes(sighting.others, center, pixel, box),
        sighting.known,
    )


def lookalikes(
    places: Iterable[tuple[float, float]],
    center: tuple[float, float],
    pixel: tuple[float, float],
    target: Box,
) -> tuple[Box, ...]:
    """Return what looks like the target elsewhere in a window, each a box of the target's size.

    Args:
        places: (x, y) in pixels of the window from its middle.
        center: that middle (x, y) in pixels of the image.
        pixel: width and height of the window's pixels in those.
        target: the box found, in those.
    """
    boxes = (
        Box.from_center(center[0] + x * pixel[0], center[1] + y * pixel[1], *target.size)
        for x, y in places
    )
    return tuple(box for box in boxes if not _holds(target, box))


def candidates(
    image: np.ndarray,
    center: tuple[float, float],
    pixel: tuple[float, float],
    boxes: Tensor,
    ranks: Tensor,
    scores: Callable[[Tensor], list[float]],
) -> list[Candidate]:
    """Pick the best boxes, one for each place.

    Args:
        image: H x W x ..., the picture that was searched.
        center: (x, y) from which boxes count, in pixels of the image.
        pixel: width and height of the window's pixels in those.
        boxes: 4 x N (cx, cy, w, h), in pixels of the window.
        ranks: N, by which boxes are picked.
        scores: gives the probabilities that the target is in boxes, by their indices.

    Returns:
        Those with their middle in the image, in no better one, and a score of at least `WORTH`; the
        most probable first.
    """
    in_image = boxes * boxes.new_tensor(pixel * 2)[:, None]
    indices, heights = suppress(in_image, ranks, most=CANDIDATES, overlap=OVERLAP)
    indices = indices[heights.isfinite()]
    x, y = center
    found = [
        Candidate(Box.from_center(x + right, y + down, width, height), score)
        for (right, down, width, height), score in zip(
            in_image[:, indices].T.tolist(), scores(indices), strict=True
        )
    ]
    apart = [c for i, c in enumerate(found) if not any(_holds(b.box, c.box) for b in found[:i])]
    within = [c for c in apart if c.score >= WORTH and inside(c.box.center, image) == c.box.center]
    return sorted(within, key=lambda candidate: -candidate.score)


def candidates_of_cells(
    image: np.ndarray,
    center: tuple[float, float],
    pixel: tuple[float, float],
    size: tuple[float, float],
    window: np.ndarray,
    features: Tensor,
    presence: Presence,
) -> list[Candidate]:
    """Pick the best of boxes of one size, one around every cell of C x n x n features.

    Args:
        image: see `candidates`, as are `center` and `pixel`.
        center: see there.
        pixel: see there.
        size: width and height of the boxes in pixels of the window.
        window: s x s x 3, uint8, in which the search was.
        features: of it, which are looks as well.
        presence: answers for them.
    """
    answers = presence.answers(features)
    places = presence.middles(answers)
    boxes = torch.cat([places, answers.new_tensor(size)[:, None].expand_as(places)])
    ranks = answers.flatten()

    def scores(chosen: Tensor) -> list[float]:
        return presence.scores(features, ranks[chosen], boxes[:, chosen], window)

    return candidates(image, center, pixel, boxes, ranks, scores)


def _holds(box: Box, other: Box) -> bool:
    """Tell whether the other's middle is in a box: a wide one may lie across a narrow one."""
    x, y = other.center
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h
