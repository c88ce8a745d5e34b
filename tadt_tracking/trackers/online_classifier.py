"""A classifier that learns on the way what tells the target from everything around it.

A convolutional ridge filter on the features of search windows, as in ATOM (Danelljan et al., CVPR
2019) and, beside a SiamRPN, in DROL (Zhou et al., AAAI 2020). What it answers also tells whether
the target is there at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.crops import crop
from tadt_tracking.ops.online_ridge import OnlineRidge
from tadt_tracking.ops.precision import small_dtype
from tadt_tracking.trackers.background import Background

KERNEL = 5  # cells of the filter, a row
REGULARIZATION = 1e-3
SPREAD = 0.35  # of the Gaussian labels, relative to the square root of the target's area
SAMPLES = 60
FIRST_STEPS, STEPS = 40, 5  # of conjugate gradients: on the first frame, and each time again
EVERY = 10  # learnt frames from one time to the next
RATE = 0.02  # share of the newest frame among the samples
FIRST_SHARE = 0.25  # of the first frame's views among them, at least


class View(NamedTuple):
    """How the first frame is seen.

    Attributes:
        right, down: where the target's middle is, in sides of the exemplar from the view's middle.
        zoom: how much of the picture is seen, relative to a search window.
        mirrored: whether left and right change sides, `right` included.
    """

    right: float = 0.0
    down: float = 0.0
    zoom: float = 1.0
    mirrored: bool = False


VIEWS = (
    View(),
    *(View(right, down) for right, down in ((0.25, 0), (-0.25, 0), (0, 0.25), (0, -0.25))),
    *(View(right, down) for right in (-0.5, 0.5) for down in (-0.5, 0.5)),
    *(View(zoom=zoom) for zoom in (0.85, 1.15)),
    View(mirrored=True),
)


def cut_view(
    image: np.ndarray,
    view: View,
    center: tuple[float, float],
    pixel: tuple[float, float],
    sides: tuple[int, int],
) -> tuple[np.ndarray, tuple[float, float]]:
    """Cut a view of the target out of the first frame.

    Args:
        image: H x W x 3, uint8.
        view: which.
        center: the target's middle (x, y) in pixels of the image.
        pixel: width and height of the search window's pixels in pixels of the image.
        sides: of the exemplar and the search window, in pixels of the latter.

    Returns:
        A window of sides[1] x sides[1] x 3, uint8, and where the target's middle is in it: (x, y)
        in its pixels from its own middle.
    """
    exemplar, side = sides
    right, down = exemplar * view.right, exemplar * view.down
    middle = (center[0] - right * pixel[0], center[1] - down * pixel[1])
    span = tuple(side * length * view.zoom for length in pixel)
    window = crop(image, middle, span, (side, side))
    right, down = right / view.zoom, down / view.zoom
    if view.mirrored:
        return np.ascontiguousarray(window[:, ::-1]), (-right, down)
    return window, (right, down)


class OnlineClassifier:
    """Answers for every cell of a search window whether the target's middle is there."""

    def __init__(
        self, views: Tensor, places: Tensor, size: tuple[float, float], *, beside: bool
    ) -> None:
        """Learn from the first frame.

        Args:
            views: V x C x n x n features of the first frame, V below `SAMPLES`.
            places: V x 2 (x, y), where the target's middle is in each, in cells from its middle.
            size: width and height of the target in cells.
            beside: whether later frames are learnt in a thread, so that no answer waits for it.
        """
        self._sigma = max(SPREAD * math.sqrt(size[0] * size[1]), 0.5)
        cells = views.shape[-1]
        self._offsets = torch.arange(cells, device=views.device) - (cells - 1) / 2
        how = {"kernel": KERNEL, "regularization": REGULARIZATION}
        self._ridge = OnlineRidge(SAMPLES, views[0], stored=small_dtype(views.device), **how)
        self._views, self._learnt = len(views), 0
        for index, (view, place) in enumerate(zip(views, places.tolist(), strict=True)):
            self._ridge.put(index, _normalized(view), self._labels(place))
        self._ridge.shares[: self._views] = 1 / self._views
        self._ridge.solve(FIRST_STEPS)
        self._background = Background(beside)

    def respond(self, features: Tensor) -> Tensor:
        """Return m x m answers, about 1 at the target's middle and 0 elsewhere, for C x m x m."""
        return self._ridge.respond(_normalized(features))

    def learn(self, features: Tensor, place: tuple[float, float]) -> None:
        """Learn from a frame, unless what came before is still being learnt.

        To be called for every frame that may be learnt: beside, each call goes on with that.

        Args:
            features: C x n x n of the search window.
            place: (x, y) of the target's middle in cells from the window's.
        """
        if not self._background.go_on():
            self._learnt += 1
            steps = 0 if self._learnt % EVERY else STEPS
            sample = _normalized(features), self._labels(place)
            self._background.do(_learning(self._ridge, self._views, sample, steps))

    def _labels(self, place: tuple[float, float]) -> Tensor:
        columns, rows = (
            torch.exp(-0.5 * ((self._offsets - middle) / self._sigma) ** 2) for middle in place
        )
        return rows[:, None] * columns[None, :]


def _learning(
    ridge: OnlineRidge, views: int, sample: tuple[Tensor, Tensor], steps: int
) -> Iterator[None]:
    """Take a sample, features and labels, in place of the oldest; then solve in so many steps.

    It holds no classifier: one that is given up in the middle of it is freed at once.
    """
    shares = ridge.shares
    index = views + int(shares[views:].argmin())  # an empty one, or the oldest
    shares *= (1 - RATE) / (1 - shares[index])
    shares[index] = RATE
    first, later = shares[:views], shares[views:]
    if first.sum() < FIRST_SHARE:
        first *= FIRST_SHARE / first.sum()
        later *= (1 - FIRST_SHARE) / later.sum()
    ridge.put(index, *sample)
    if steps:
        yield from ridge.solving(steps)


def _normalized(features: Tensor) -> Tensor:
    """Return features of mean square 1, in memory of their own: all samples weigh the same."""
    return features * features.square().mean().clamp_min(1e-12).rsqrt()
