"""The order in which a picture is searched for a lost target."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.session.motion import Prior

SIGMAS = 4  # of the expected place, in the side of the smallest window around it
LARGEST_OVERLAP = 0.5  # of neighbouring tiles, relative to their side


class SearchPlan:
    """First windows around the expected place, each larger; then all of the picture, ever again.

    Attributes:
        wide: whether the search has gone beyond the windows around the expected place.
    """

    def __init__(self, window: float, growth: float) -> None:
        """Start with a target that has just been lost.

        Args:
            window: side in pixels of the window in which it was looked for until then.
            growth: about the factor from that to the first window here, and from each to the next;
                the last is as large as can be searched at once.
        """
        self.wide, self._local = False, True
        self._side, self._growth = window, growth
        self._tiles: deque[Box] = deque()
        self._shape: tuple[int, int] | None = None  # of the picture that the tiles are of

    def regions(
        self, image: np.ndarray, prior: Prior, span: float, size: tuple[float, float]
    ) -> Iterator[Box]:
        """Give the regions to search on a frame, until the caller has had enough of them.

        They end with the windows around the expected place, and with a sweep over the picture: none
        is worth searching twice on a frame.

        Args:
            image: H x W x ..., the frame.
            prior: where the target is expected.
            span: the longest side of a region in pixels.
            size: the target's width and height in pixels.
        """
        if self._local:
            yield from self._windows(image, prior, span)
        else:
            yield from self._sweep(image, prior, span, size)

    def _windows(self, image: np.ndarray, prior: Prior, span: float) -> Iterator[Box]:
        while self._local:
            steps = max(round(math.log(span / self._side, self._growth)), 1)
            self._local = steps > 1
            grown = self._side * (span / self._side) ** (1 / steps)
            self._side = min(max(grown, SIGMAS * prior.sigma), span)
            yield window_at(prior.center, self._side, image)

    def _sweep(
        self, image: np.ndarray, prior: Prior, span: float, size: tuple[float, float]
    ) -> Iterator[Box]:
        self.wide = True
        if not self._tiles or self._shape != image.shape[:2]:
            places = tiles(image, span, max(size))
            places.sort(key=lambda tile: math.dist(tile.center, prior.center))
            self._tiles, self._shape = deque(places), image.shape[:2]
        while self._tiles:
            yield self._tiles.popleft()


def window_at(center: tuple[float, float], side: float, image: np.ndarray) -> Box:
    """Return the square around `center`, moved into the picture (H x W x ...) or as large as it."""
    spans = [
        (min(max(middle - side / 2, 0.0), max(length - side, 0.0)), min(side, length))
        for middle, length in zip(center, image.shape[1::-1], strict=True)
    ]
    (x, width), (y, height) = spans
    return Box(x, y, width, height)


def tiles(image: np.ndarray, span: float, overlap: float) -> list[Box]:
    """Divide a picture (H x W x ...) into tiles of equal size.

    Args:
        image: the picture.
        span: the tiles' side in pixels; they are smaller only where the picture is.
        overlap: pixels by which neighbours overlap at least, so that what is no larger lies wholly
            in one of them; at most `LARGEST_OVERLAP` of the side is given.
    """
    height, width = image.shape[:2]
    overlap = min(overlap, LARGEST_OVERLAP * span)
    return [
        Box(x, y, min(span, width), min(span, height))
        for y in _starts(height, span, overlap)
        for x in _starts(width, span, overlap)
    ]


def _starts(length: float, span: float, overlap: float) -> np.ndarray:
    """Return where intervals of `span` start that cover 0 to `length`."""
    if length <= span:
        return np.zeros(1)
    count = math.ceil((length - overlap) / (span - overlap))
    return np.linspace(0, length - span, count)
