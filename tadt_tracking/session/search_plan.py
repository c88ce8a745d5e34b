"""The order in which a picture is searched for a lost target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.session.motion import Prior

LARGEST_OVERLAP = 0.5  # of neighbouring tiles, relative to their side
MOST_TILES = 96  # a row or column; what a tiny target takes more of would never be seen through
SCALES = (1.0, 1.5, 1 / 1.5)  # of a target that comes back, relative to its last size
WORTH_RESIZED = 0.25  # of looking for one of another size, relative to one of the same
LEAST_WORTH = 0.05  # of looking far away, relative to the expected place


class Glance(NamedTuple):
    """One part of the picture to search.

    Attributes:
        region: the part in pixels.
        scale: of the target that is looked for, relative to its last size.
    """

    region: Box
    scale: float


class SearchPlan:
    """First glances around the expected place, then all over the picture and at several scales.

    The next glance is the one for which its age, the glances since the last of its kind, times its
    worth is the greatest. The worth falls with the distance from the expected place, as the square
    root of the probability that the target is there: then it is found soonest, in the mean (Ammar
    and Wong, "The design of teletext broadcast cycles", Performance Evaluation 1985).

    Attributes:
        wide: whether the search has gone beyond the region around the expected place.
    """

    def __init__(self, growth: float) -> None:
        """Start with a target that has just been lost.

        Args:
            growth: side of the region around the expected place in which all is seen before
                anything else, in windows as large as can be searched at once.
        """
        self.wide = False
        self._growth = growth
        self._divided: tuple[tuple[int, int], float] | None = None  # picture and span
        self._glances: list[Glance] = []

    def glances(
        self, image: np.ndarray, prior: Prior, span: float, size: tuple[float, float]
    ) -> Iterator[Glance]:
        """Give what to search on a frame, each part once, until the caller has had enough.

        Args:
            image: H x W x ..., the frame.
            prior: where the target is expected.
            span: the longest side of a region in pixels, at scale 1.
            size: the target's width and height in pixels.
        """
        if self._divided != (image.shape[:2], span):
            self._divide(image, span, max(size))
        # What is expected moves, and so does the first of all glances.
        self._glances[0] = Glance(window_at(prior.center, span, image), 1.0)
        self._middles[0] = self._glances[0].region.center
        away = self._middles - prior.center
        worth, near = self._worth(away, prior.sigma, span), self._near(away, span)
        left = np.ones(len(self._glances), bool)
        while left.any():
            self.wide = self.wide or not (near & ~self._seen).any()
            allowed = left if self.wide else left & near
            if not allowed.any():
                return
            best = int(np.where(allowed, self._ages * worth, -1.0).argmax())
            self._ages += 1
            self._ages[best], self._seen[best], left[best] = 0, True, False
            yield self._glances[best]

    def _divide(self, image: np.ndarray, span: float, overlap: float) -> None:
        """Divide a picture anew into tiles for targets of all scales."""
        height, width = image.shape[:2]
        picture = Box(0, 0, width, height)
        self._glances = [Glance(picture, 1.0)] + [
            Glance(tile, scale)
            for scale in SCALES
            for tile in tiles(picture, scale * span, scale * overlap)
        ]
        self._scales = np.array([glance.scale for glance in self._glances])
        self._middles = np.array([glance.region.center for glance in self._glances])
        self._divided = (image.shape[:2], span)
        self._ages = np.ones(len(self._glances))
        self._seen = np.zeros(len(self._glances), bool)

    def _near(self, away: np.ndarray, span: float) -> np.ndarray:
        """Return which glances are at the expected place and around it: N booleans.

        Args:
            away: N x 2 pixels, how far their middles lie from that place.
            span: see `glances`.
        """
        within = np.abs(away).max(1) <= self._growth * span / 2
        within[0] = True
        return within & (self._scales == 1)

    def _worth(self, away: np.ndarray, sigma: float, span: float) -> np.ndarray:
        spread = sigma**2 + (self._scales * span / 2) ** 2
        probability = np.exp(-np.square(away).sum(1) / (2 * spread))
        resized = np.where(self._scales == 1, 1.0, WORTH_RESIZED)
        return np.maximum(np.sqrt(probability), LEAST_WORTH) * resized


def window_at(center: tuple[float, float], side: float, image: np.ndarray) -> Box:
    """Return the square around `center`, moved into the picture (H x W x ...) or as large as it."""
    spans = [
        (min(max(middle - side / 2, 0.0), max(length - side, 0.0)), min(side, length))
        for middle, length in zip(center, image.shape[1::-1], strict=True)
    ]
    (x, width), (y, height) = spans
    return Box(x, y, width, height)


def tiles(region: Box, span: float, overlap: float) -> list[Box]:
    """Divide a region into tiles of equal size.

    Args:
        region: what to divide.
        span: the tiles' side in pixels; they are smaller only where the region is.
        overlap: pixels by which neighbours overlap at least, so that what is no larger lies wholly
            in one of them; at most `LARGEST_OVERLAP` of the side is given. Beyond `MOST_TILES` a
            row there are gaps between them.
    """
    x, y, width, height = region
    overlap = min(overlap, LARGEST_OVERLAP * span)
    return [
        Box(x + right, y + down, min(span, width), min(span, height))
        for down in _starts(height, span, overlap)
        for right in _starts(width, span, overlap)
    ]


def _starts(length: float, span: float, overlap: float) -> np.ndarray:
    """Return where intervals of `span` start that cover 0 to `length`."""
    if length <= span:
        return np.zeros(1)
    count = min(math.ceil((length - overlap) / (span - overlap)), MOST_TILES)
    return np.linspace(0, length - span, count)
