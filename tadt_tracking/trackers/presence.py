"""What all trackers do alike with the classifier that tells whether their target is there.

They differ in what they show it: each gives it features of its own search window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tadt_tracking.box import Box
from tadt_tracking.ops.embedding import read
from tadt_tracking.ops.nms import suppress
from tadt_tracking.ops.whitening import Whitening
from tadt_tracking.result import Candidate
from tadt_tracking.trackers.evidence import Logistic, UsualAnswer
from tadt_tracking.trackers.online_classifier import VIEWS, OnlineClassifier, cut_view
from tadt_tracking.trackers.place import inside

LEARN_ABOVE = 0.25  # answer from which on a frame is learnt
CANDIDATES, CANDIDATES_OVERLAP = 5, 0.3
PEAKS, LOOKALIKE = 3, 0.5  # places of which is told what looks like the target, and its score
WORTH = 0.05  # score of a place that looks at all like the target


class FirstLook(NamedTuple):
    """The target on the first frame.

    Attributes:
        image: the frame, H x W x 3, uint8.
        center: (x, y) of the target's middle in pixels of the image.
        size: width and height of the target in pixels of the search window.
        pixel: width and height of the search window's pixels in pixels of the image.
        sides: of the exemplar, by shares of which views are moved, and of the search window, in
            pixels of the latter.
    """

    image: np.ndarray
    center: tuple[float, float]
    size: tuple[float, float]
    pixel: tuple[float, float]
    sides: tuple[int, int]


class Presence:
    """Answers whether the target is at a place of a window: about 1 where it is, 0 elsewhere.

    Features are C x n x n; places are (x, y) in pixels of the window from its middle.
    """

    def __init__(
        self,
        first: FirstLook,
        describe: Callable[[np.ndarray], Tensor],
        *,
        stride: int,
        beside: bool,
        logistic: Logistic,
        channels: int | None = None,
    ) -> None:
        """Learn from views of the first frame.

        Args:
            first: the target there.
            describe: gives the features of a search window (sides[1] x sides[1] x 3, uint8), good
                until its next call.
            stride: pixels of the window from one cell of the features to the next.
            beside: whether later frames are learnt in a thread, so that no answer waits for it.
            logistic: makes a probability of evidence.
            channels: to how many principal ones the features' are reduced; None: they all stay.
        """
        image, center, size, pixel, sides = first
        cut = [cut_view(image, view, center, pixel, sides) for view in VIEWS]
        views = torch.stack([describe(window).clone() for window, _ in cut])
        self._reduce = Whitening(views, channels) if channels else nn.Identity()
        views = torch.stack([self._reduce(view) for view in views])
        places = torch.tensor([place for _, place in cut]) / stride
        cells = (size[0] / stride, size[1] / stride)
        self._classifier = OnlineClassifier(views, places, cells, beside=beside)
        self._usual, self._logistic = UsualAnswer(), logistic
        self._stride = stride
        self._reach = [2 * math.ceil(length / 2) + 1 for length in reversed(cells)]

    def answers(self, features: Tensor) -> Tensor:
        """Return the answer for each cell: m x m for C x m x m of a window of any size."""
        return self._classifier.respond(self._reduce(features))

    def at(self, answers: Tensor, places: Tensor) -> Tensor:
        """Return what those answers, m x m, are at places, 2 x N: N values."""
        return read(answers, places, self._stride)

    def peaks(self, answers: Tensor) -> Tensor:
        """Return the highest of those answers, m x m, of which none is within a target of another.

        Returns:
            3 x `PEAKS`: places (x, y) and answers there, the highest first.
        """
        around = functional.max_pool2d(
            answers[None, None], self._reach, stride=1, padding=[n // 2 for n in self._reach]
        )
        tops = answers.masked_fill(answers < around[0, 0], -torch.inf).flatten()
        heights, cells = tops.topk(PEAKS)
        return torch.cat([_middles(answers, self._stride)[:, cells], heights[None]])

    def evidence(self, answer: float) -> float:
        """Return an answer relative to what is usual where this target is, about 1 there."""
        return self._usual.relative(answer)

    def score(self, answer: float) -> float:
        """Return the probability that the target is where that is answered."""
        return float(self._logistic(self.evidence(answer)))

    def learn(self, features: Tensor, place: tuple[float, float], answer: float) -> None:
        """Learn a frame on which the target was found, where the answer there is high enough."""
        self._usual.note(answer)
        if answer > LEARN_ABOVE:
            x, y = place
            self._classifier.learn(self._reduce(features), (x / self._stride, y / self._stride))


def boxes_of(answers: Tensor, size: tuple[float, float], stride: int) -> Tensor:
    """Return a box of one size around every cell of m x m answers.

    Returns:
        4 x (m m): (cx, cy, w, h) in pixels of the window from its middle.
    """
    middles = _middles(answers, stride)
    sizes = answers.new_tensor(size)[:, None].expand_as(middles)
    return torch.cat([middles, sizes])


def _middles(answers: Tensor, stride: int) -> Tensor:
    """Return the middles of all cells, row by row: 2 x (m m), in pixels from the window's."""
    cells = answers.shape[-1]
    offsets = (torch.arange(cells, device=answers.device) - (cells - 1) / 2) * stride
    return torch.cartesian_prod(offsets, offsets).T.flip(0)


def lookalikes(
    peaks: Sequence[float],
    center: tuple[float, float],
    pixel: tuple[float, float],
    target: Box,
    score: Callable[[float], float],
) -> tuple[Box, ...]:
    """Return what looks like the target elsewhere in a window, each a box of the target's size.

    Args:
        peaks: what `Presence.peaks` found, flattened: first all x.
        center: the window's middle (x, y) in pixels of the image.
        pixel: width and height of the window's pixels in those.
        target: the box found, in those.
        score: makes a probability of an answer.
    """
    places = zip(
        *(peaks[start : start + PEAKS] for start in range(0, 3 * PEAKS, PEAKS)), strict=True
    )
    boxes = (
        Box.from_center(center[0] + x * pixel[0], center[1] + y * pixel[1], *target.size)
        for x, y, answer in places
        if score(answer) >= LOOKALIKE
    )
    return tuple(box for box in boxes if not _holds(target, box))


def candidates(
    image: np.ndarray,
    center: tuple[float, float],
    boxes: Tensor,
    ranks: Tensor,
    answers: Tensor,
    score: Callable[[float], float],
) -> list[Candidate]:
    """Pick the best boxes, one for each place.

    Args:
        image: H x W x ..., the picture that was searched.
        center: (x, y) from which boxes count.
        boxes: 4 x N (cx, cy, w, h), in pixels of the image.
        ranks: N, by which boxes are picked.
        answers: N, whether the target is in them.
        score: makes a probability of one.

    Returns:
        Those with their middle in the image, in no better one, and a score of at least `WORTH`; the
        most probable first.
    """
    x, y = center
    indices, heights = suppress(boxes, ranks, most=CANDIDATES, overlap=CANDIDATES_OVERLAP)
    indices = indices[heights.isfinite()]
    places = boxes[:, indices].T.tolist()
    scores = map(score, answers[indices].tolist())
    found = [
        Candidate(Box.from_center(x + right, y + down, width, height), score_there)
        for (right, down, width, height), score_there in zip(places, scores, strict=True)
    ]
    apart = [c for i, c in enumerate(found) if not any(_holds(b.box, c.box) for b in found[:i])]
    within = [c for c in apart if c.score >= WORTH and inside(c.box.center, image) == c.box.center]
    return sorted(within, key=lambda candidate: -candidate.score)


def _holds(box: Box, other: Box) -> bool:
    """Tell whether the other's middle is in a box: a wide one may lie across a narrow one."""
    x, y = other.center
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h
