"""DaSiamRPN: Zhu et al., "Distractor-aware Siamese Networks", ECCV 2018, on SiamRPN, CVPR 2018.

On the first frame a siamese network turns an exemplar of the target into the kernels of a region
proposal network. Among the boxes that this proposes in each search window, the best is one with a
high score, close to the last place and of much the same size and shape; with
`distractor_aware`, one that looks more like the target than like what was confused with it; with
`online`, one whose middle a classifier takes for the target's that has learnt both on the way.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.box import Box
from tadt_tracking.crops import crop
from tadt_tracking.engines import Compute
from tadt_tracking.networks.base import SiameseRpn
from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE, PLANS, STRIDE, SiamRpn
from tadt_tracking.networks.siamrpn_resnet import SiamRpnResNet
from tadt_tracking.ops.anchors import box_at, change_penalty, context_side
from tadt_tracking.ops.correlation import cosine_window
from tadt_tracking.result import Candidate, Result
from tadt_tracking.trackers.base import Thresholds, Tracker
from tadt_tracking.trackers.candidates import candidates, sighted
from tadt_tracking.trackers.dasiamrpn_settings import (
    CONFIDENCE,
    NARROW,
    RESNET,
    THRESHOLDS,
    DaSiamRpnSettings,
)
from tadt_tracking.trackers.distractors import Distractors, Shortlist, shortlist
from tadt_tracking.trackers.place import inside
from tadt_tracking.trackers.presence import FirstLook, Presence
from tadt_tracking.trackers.proposals import Proposals, Proposer
from tadt_tracking.trackers.shape import Shape
from tadt_tracking.weights import fill
from tadt_tracking.weights.manifest import StateDict

SMALLEST = 10.0  # pixels of a target's width and height, unless it was given a smaller one


class DaSiamRpn(Tracker):
    """SiamRPN's tracking, aware of distractors, and with a classifier that learns online."""

    Settings = DaSiamRpnSettings
    can_search = True

    @classmethod
    def weights_name(cls, settings: DaSiamRpnSettings) -> str:
        """See :class:`Tracker`."""
        return settings.resolved.weights

    @classmethod
    def thresholds_of(cls, settings: DaSiamRpnSettings) -> Thresholds:
        """See :class:`Tracker`."""
        return THRESHOLDS.get(settings.variant, THRESHOLDS[NARROW])

    def __init__(self, settings: DaSiamRpnSettings, compute: Compute, weights: StateDict) -> None:
        """Load the network; see `create_tracker`."""
        super().__init__(settings, compute)
        self._constants = settings.resolved
        network = _network(settings.variant)
        fill(network, weights)
        self._propose = Proposer(network, self._constants.search_side, compute)
        self._cosine = cosine_window(self._propose.cells).to(compute.device)

    @torch.inference_mode()
    def _init(self, image: np.ndarray, box: Box) -> None:
        self._center, self._size = box.center, box.size
        self._smallest = tuple(min(length, SMALLEST) for length in box.size)
        exemplar = self._window(image, self._center, self._pixel(), EXEMPLAR_SIDE)
        self._propose.learn(self.compute.batch([exemplar]))
        self._shape = Shape()
        if self.settings.distractor_aware or self._constants.corrects_shape:
            self._compare(self._proposals(self._window(image, self._center, self._pixel())))
        if self.settings.online:
            self._presence = self._first_presence(image)
        self._size = self._shape.undo(self._size)

    def _compare(self, seen: Proposals) -> None:
        """Learn what the network makes of the first frame, whose target is known."""
        size = self._size_seen()
        if self.settings.distractor_aware:
            target = seen.boxes.new_tensor([0, 0, *size])[:, None]
            self._distractors = Distractors(seen.matched, seen.boxes, seen.scores, target)
        if self._constants.corrects_shape:
            best = (seen.scores * self._cosine).argmax()
            self._shape = Shape.of(size, seen.boxes[2:].flatten(1)[:, best].tolist())

    def _first_presence(self, image: np.ndarray) -> Presence:
        sides = (EXEMPLAR_SIDE, self._constants.search_side)
        first = FirstLook(image, self._center, self._size_seen(), (self._pixel(),) * 2, sides)
        logistic = CONFIDENCE.get(self.settings.variant, CONFIDENCE[NARROW])
        how = {"stride": STRIDE, "beside": self.compute.background, "logistic": logistic}
        return Presence(first, self._describe, **how)

    def _describe(self, window: np.ndarray) -> tuple[Tensor, Tensor]:
        return self._propose.describe(self.compute.batch([window]))

    def _window(
        self, image: np.ndarray, center: tuple[float, float], pixel: float, side: int | None = None
    ) -> np.ndarray:
        """Cut a square of `side` pixels of `pixel` pixels of the image; None: a search window."""
        side = side or self._constants.search_side
        return crop(image, center, (side * pixel,) * 2, (side, side))

    def _proposals(self, window: np.ndarray) -> Proposals:
        return self._propose(self.compute.batch([window]))

    def _pixel(self) -> float:
        """Return the size of the network's pixels in pixels of the image."""
        return context_side(*self._size) / EXEMPLAR_SIDE

    def _size_seen(self) -> tuple[float, float]:
        """Return width and height of the target, as the network sees it, in its pixels."""
        width, height = self._size
        return width / self._pixel(), height / self._pixel()

    @torch.inference_mode()
    def _update(self, image: np.ndarray) -> Result:
        self._center = inside(self._center, image)
        pixel = self._pixel()
        span = self._constants.search_side * pixel
        searched = Box.from_center(*self._center, span, span).clip(image)
        window = self._window(image, self._center, pixel)
        seen = self._proposals(window)
        answers = self._answers(seen)
        best = self._choose(seen, answers)
        # The frame's only synchronisation with a GPU:
        values = torch.cat([best, self._observe(seen, answers, best)]).tolist()
        proposal, (certainty, score), observed = values[:4], values[4:6], values[6:]
        at, place = (self._center, (pixel, pixel)), (proposal[0], proposal[1])
        self._follow(image, [length * pixel for length in proposal], certainty)
        box = Box.from_center(*self._center, *self._shape.correct(self._size))
        if not self.settings.online:
            return Result(box, score, searched, (score,))
        sighting = self._presence.judge(observed, window)
        if self.learning:
            self._presence.learn(seen.features, place, sighting)
        return sighted(sighting, box, searched, *at)

    def _answers(self, seen: Proposals) -> Tensor | None:
        """Return the classifier's answers for the cells that have proposals, if there is one."""
        return self._presence.answers(seen.features) if self.settings.online else None

    def _observe(self, seen: Proposals, answers: Tensor | None, best: Tensor) -> Tensor:
        """Return what the classifier, if there is one, has to judge of the best proposal."""
        if answers is None:
            return best.new_empty(0)
        box = box_at(best[:2], self._shape.correct(self._size_seen()))
        return self._presence.observe(seen.looks, answers, box)

    def _choose(self, seen: Proposals, answers: Tensor | None) -> Tensor:
        """Return the best proposal: its box (cx, cy, w, h), its certainty, and its score."""
        certainties, heights = self._judge(seen, answers)
        influence = self._constants.window_influence
        ranks = (1 - influence) * heights + influence * self._cosine
        best = ranks.argmax()
        if self.settings.distractor_aware:
            best = self._choose_among(shortlist(seen.matched, seen.boxes, seen.scores, ranks))
        return torch.stack([v.take(best) for v in (*seen.boxes, certainties, seen.scores)])

    def _judge(self, seen: Proposals, answers: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return for each proposal, A x n x n, its certainty, and what it is worth.

        Certainty is the network's score with a penalty on change; the worth is that, joined by the
        classifier's answer if there is one.
        """
        penalties = change_penalty(seen.boxes, self._size_seen(), self._constants.penalty)
        certainties = penalties * seen.scores
        if answers is None:
            return certainties, certainties
        share = self._constants.classifier_share
        return certainties, torch.lerp(certainties, self._there(seen, answers), share)

    def _there(self, seen: Proposals, answers: Tensor) -> Tensor:
        """Return the classifier's answer at the middle of each proposal, A x n x n."""
        return self._presence.at(answers, seen.boxes[:2].flatten(1)).view_as(seen.scores)

    def _choose_among(self, found: Shortlist) -> Tensor:
        """Return the best proposal's index, and learn what it and the others look like."""
        best = (found.ranks + self._distractors.corrections(found)).argmax()
        if self.learning:
            self._distractors.learn(found, best)
        return found.indices.take(best)

    def _follow(self, image: np.ndarray, proposal: list[float], certainty: float) -> None:
        """Move to a proposal, in pixels of the image, and follow its size with some inertia."""
        right, down, *size = proposal
        self._center = inside((self._center[0] + right, self._center[1] + down), image)
        rate = certainty * self._constants.size_rate
        height, width = image.shape[:2]
        limits = zip(*map(self._shape.undo, (self._smallest, (width, height))), strict=True)
        self._size = tuple(
            max(smallest, min((1 - rate) * before + rate * now, largest))
            for before, now, (smallest, largest) in zip(self._size, size, limits, strict=True)
        )

    def search_span(self) -> float:
        """See :class:`Tracker`: the part of a window with proposals, and half a target beyond."""
        reach = self._propose.cells * STRIDE + max(self._size_seen())
        return min(reach, self._constants.search_side) * self._pixel()

    @torch.inference_mode()
    def _search_for(self, image: np.ndarray, region: Box, scale: float) -> list[Candidate]:
        pixel = scale * self._pixel()
        window = self._window(image, region.center, pixel)
        seen = self._proposals(window)
        answers = self._answers(seen)
        _, heights = self._judge(seen, answers)
        boxes = torch.stack([*seen.boxes[:2], *self._shape.correct(seen.boxes[2:])]).flatten(1)

        def scores(chosen: Tensor) -> list[float]:
            if answers is None:
                return seen.scores.take(chosen).tolist()
            there = self._there(seen, answers).take(chosen)
            return self._presence.scores(seen.looks, there, boxes[:, chosen], window)

        return candidates(image, region.center, (pixel,) * 2, boxes, heights.flatten(), scores)

    def _move_to(self, image: np.ndarray, box: Box) -> None:
        self._center, self._size = inside(box.center, image), self._shape.undo(box.size)


def _network(variant: str) -> SiameseRpn:
    return SiamRpnResNet() if variant == RESNET else SiamRpn(PLANS[variant])
