"""What all trackers do alike with what tells whether their target is there.

That is a classifier, which has learnt what the target is not, and how the target looks; of what was
out of sight also which colours it has. Trackers differ in the features that they show it: each
gives it those of its own search window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tadt_tracking.ops.embedding import embed_around, embed_boxes, read
from tadt_tracking.ops.peaks import peaks
from tadt_tracking.ops.whitening import Whitening
from tadt_tracking.trackers.appearance import Appearance
from tadt_tracking.trackers.colors import Colors
from tadt_tracking.trackers.evidence import Logistic, UsualAnswer, UsualLikeness, evidence
from tadt_tracking.trackers.online_classifier import VIEWS, OnlineClassifier, cut_view

LEARN_ABOVE = 0.25  # answer, as a share of the usual one, from which on a frame is learnt
LOOK_CELLS = 5  # points a row of a look
STALE = 10  # frames out of sight, after which all that is expected is stale
MARGIN = 0.1  # of a target's width and height, beside it, that does not count as its surroundings
# Against a target that was out of sight, in log-odds, if none of its colours are there. While it is
# followed without a doubt they do not count, since light may change.
STRANGE = 10.0
PEAKS, LOOKALIKE = 3, 0.5  # places of which is told what looks like the target, and its score


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


class Sighting(NamedTuple):
    """What is seen of the target in one window.

    Attributes:
        answer: the classifier's at the place found.
        likeness: share of what is there that looks like the target, and not like what is around it.
        later: how alike that would be, had the target not been seen for a while.
        evidence: of answer and likeness, relative to the usual ones: about 0 (a logarithm) and 1
            where the target is.
        score: the probability, made of both, that the target is there; that of `known` for one that
            was out of sight.
        known: that probability, less if its colours are others, and of a likeness that makes up for
            nothing where it is more than the usual one.
        others: places (x, y) in pixels of the window from its middle that seem to show it as well,
            and that one itself if it is the best.
    """

    answer: float
    likeness: float
    later: float
    evidence: tuple[float, float]
    score: float
    known: float
    others: tuple[tuple[float, float], ...]


class Presence:
    """Tells whether the target is at a place of a window.

    Features are what the classifier is given, looks what is compared: both C x n x n, with cells as
    far apart and the same middle. Answers are about 1 where the target is and 0 elsewhere; places
    are (x, y), boxes (cx, cy, w, h), in pixels of the window from its middle.
    """

    def __init__(
        self,
        first: FirstLook,
        describe: Callable[[np.ndarray], tuple[Tensor, Tensor]],
        *,
        stride: int,
        beside: bool,
        logistic: Logistic,
        channels: int | None = None,
    ) -> None:
        """Learn from views of the first frame.

        Args:
            first: the target there.
            describe: gives the features and the looks of a search window (sides[1] x sides[1] x 3,
                uint8), good until its next call.
            stride: pixels of the window from one of their cells to the next.
            beside: whether later frames are learnt in a thread, so that no answer waits for it.
            logistic: makes a probability of evidence.
            channels: to how many principal ones the features' are reduced for the classifier; None:
                they all stay.
        """
        image, center, size, pixel, sides = first
        cut = [cut_view(image, view, center, pixel, sides) for view in VIEWS]
        self._stride = stride
        described = [[seen.clone() for seen in describe(window)] for window, _ in cut]
        looks = described[0][1]
        box = looks.new_tensor([0, 0, *size])
        self._appearance = Appearance(
            self._embed(looks, box[:, None])[0], self._embed_around(looks, box)
        )
        views = torch.stack([features for features, _ in described])
        self._reduce = Whitening(views, channels) if channels else nn.Identity()
        views = torch.stack([self._reduce(view) for view in views])
        places = torch.tensor([place for _, place in cut]) / stride
        cells = (size[0] / stride, size[1] / stride)
        self._classifier = OnlineClassifier(views, places, cells, beside=beside)
        self._colors = Colors(cut[0][0], (0, 0, *size))
        self._usual_answer, self._usual_likeness = UsualAnswer(), UsualLikeness()
        self._staleness = 0.0
        self._logistic = logistic
        # No peak is within a target's half width and height of another.
        self._reach = tuple(max(int(length / 2), 1) for length in reversed(cells))

    def answers(self, features: Tensor) -> Tensor:
        """Return the answer for each cell: m x m for C x m x m of a window of any size."""
        return self._classifier.respond(self._reduce(features))

    def at(self, answers: Tensor, places: Tensor) -> Tensor:
        """Return what those answers, m x m, are at places, 2 x N: N values."""
        return read(answers, places, self._stride)

    def middles(self, answers: Tensor) -> Tensor:
        """Return the places of all cells of m x m answers: 2 x (m m), row by row."""
        cells = answers.shape[-1]
        offsets = (torch.arange(cells, device=answers.device) - (cells - 1) / 2) * self._stride
        return torch.cartesian_prod(offsets, offsets).T.flip(0)

    def observe(self, looks: Tensor, answers: Tensor, box: Tensor) -> Tensor:
        """Observe a window, and a box (4) in it where the target may be.

        Returns:
            A vector that `judge` understands, so that trackers wait but once for a GPU.
        """
        cells, tops = peaks(answers, self._reach, PEAKS)
        places = torch.cat([box[:2, None], cells * self._stride], 1)
        heights = torch.cat([self.at(answers, box[:2, None]), tops])
        boxes = torch.cat([places, box[2:, None].expand_as(places)])
        embedded = self._embed(looks, boxes)
        self._seen = looks, box, embedded[0]
        likenesses = self._appearance.latest.likeness(embedded)
        later = self._appearance.earlier.likeness(embedded[:1])
        return torch.cat([*places, heights, likenesses, later, box[2:]])

    def judge(self, observed: list[float], window: np.ndarray) -> Sighting:
        """Tell what the values of `observe` mean, of a window (s x s x 3, uint8)."""
        *observed, later, width, height = observed
        count = 1 + PEAKS
        rows = (observed[start : start + count] for start in range(0, 4 * count, count))
        (x, y, *seen), *there = zip(*rows, strict=True)
        size = (width, height)
        self._seen_in = window, (x, y, *size)
        evidence, score = self._judged(*seen, *self._seen_in)
        known = score if self._staleness else self._known(evidence, *self._seen_in)
        others = tuple(
            (x, y)
            for x, y, *seen in there
            if self._judged(*seen, window, (x, y, *size))[1] >= LOOKALIKE
        )
        return Sighting(*seen, later, evidence, score, known, others)

    def scores(
        self, looks: Tensor, answers: Tensor, boxes: Tensor, window: np.ndarray
    ) -> list[float]:
        """Return the probabilities that the target is in boxes, 4 x N, of N answers there."""
        likenesses = self._appearance.latest.likeness(self._embed(looks, boxes))
        seen = torch.cat([answers[None], likenesses[None], boxes]).T.tolist()
        return [self._judged(*row[:2], window, row[2:])[1] for row in seen]

    def lose_sight(self, frames: float) -> None:
        """Until it is learnt, expect of the target what it is like so many frames later.

        And its colours: meanwhile anybody may have come.
        """
        self._staleness = min(frames / STALE, 1.0)

    def learn(self, features: Tensor, place: tuple[float, float], sighting: Sighting) -> None:
        """Learn the window observed last, in which the target was found at `place`.

        The classifier learns only where its answer is high enough for this target, and the look as
        far as it is.
        """
        self._usual_answer.note(sighting.answer)
        self._usual_likeness.note(sighting.likeness, sighting.later)
        self._staleness = 0.0
        certainty = math.exp(min(2 * sighting.evidence[0], 0.0))
        self._colors.learn(*self._seen_in)
        looks, box, look = self._seen
        self._appearance.learn(look, self._embed_around(looks, box), certainty)
        if sighting.answer > LEARN_ABOVE * self._usual_answer.level:
            x, y = place
            self._classifier.learn(self._reduce(features), (x / self._stride, y / self._stride))

    def _judged(
        self, answer: float, likeness: float, window: np.ndarray, box: Sequence[float]
    ) -> tuple[tuple[float, float], float]:
        """Return the evidence for the target in a box, and the probability made of it."""
        found = evidence(
            self._usual_answer.relative(answer),
            self._usual_likeness.relative(likeness, self._staleness),
        )
        if self._staleness:
            return found, self._known(found, window, box)
        return found, float(self._logistic(found))

    def _known(self, found: tuple[float, float], window: np.ndarray, box: Sequence[float]) -> float:
        """Return the probability made of evidence and of the colours in a box."""
        answer, likeness = found
        strange = STRANGE * (1 - self._colors.alike(window, box))
        return float(self._logistic((answer, min(likeness, 1.0)), strange))

    def _embed(self, looks: Tensor, boxes: Tensor) -> Tensor:
        return embed_boxes(looks, boxes, LOOK_CELLS, self._stride)

    def _embed_around(self, looks: Tensor, box: Tensor) -> Tensor:
        return embed_around(looks, box, MARGIN, self._stride)
