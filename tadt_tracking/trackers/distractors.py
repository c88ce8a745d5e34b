"""Distractor-aware inference: Zhu et al., ECCV 2018, section 3.3.

Proposals that score high without being the target show what must not be mistaken for it. Proposals
rank the higher the more they look like the target so far, and the lower the more like those.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.anchors import iou
from tadt_tracking.ops.embedding import embed
from tadt_tracking.ops.nms import suppress

MOST = 8  # proposals that are compared
OVERLAP = 0.3  # of proposals, above which they show the same thing
CELLS = 5  # of an embedding, a row
DISTRACTING = 0.5  # least score of a distractor, relative to the best
ALPHA_HAT = 0.5  # influence of distractors, as published
ETA = 0.01  # learning rate, as published
INFLUENCE = 1.0  # of an embedding's likeness on a proposal's rank


class Shortlist(NamedTuple):
    """The K best places where the target may be, best first.

    Attributes:
        indices: K, of the proposals among all, flattened.
        boxes: 4 x K (cx, cy, w, h), pixels from the middle of the search window.
        scores: K, in [0, 1].
        ranks: K; -inf for one that is none, where there were fewer than K.
        looks: K x D embeddings, see `ops.embedding.embed`.
    """

    indices: Tensor
    boxes: Tensor
    scores: Tensor
    ranks: Tensor
    looks: Tensor


def shortlist(features: Tensor, boxes: Tensor, scores: Tensor, ranks: Tensor) -> Shortlist:
    """Choose the proposals that rank best, one for each place.

    Args:
        features: C x n x n of the search window, from which the proposals came.
        boxes: 4 x ... (cx, cy, w, h), pixels from the middle of the window.
        scores: of shape ..., in [0, 1].
        ranks: of shape ..., finite.
    """
    boxes, scores = boxes.flatten(1), scores.flatten()
    indices, ranks = suppress(boxes, ranks.flatten(), most=MOST, overlap=OVERLAP)
    boxes = boxes[:, indices]
    return Shortlist(indices, boxes, scores[indices], ranks, embed(features, boxes[:2], CELLS))


class Distractors:
    """What the target and its distractors have looked like: the sums of equation 4.

    What that equation subtracts from a proposal's likeness to the target, over all frames and their
    distractors, is linear in their embeddings. So embeddings are summed up as frames come, and a
    proposal costs one inner product, however many there were.
    """

    def __init__(self, features: Tensor, boxes: Tensor, scores: Tensor, target: Tensor) -> None:
        """Learn the first frame.

        Args:
            features: C x n x n of a search window around the target.
            boxes: 4 x ... proposals in it (cx, cy, w, h), pixels from its middle.
            scores: of shape ..., in [0, 1].
            target: 4 x 1, the box of the target.
        """
        found = shortlist(features, boxes, scores, scores)
        look = embed(features, target[:2], CELLS)[0]
        self._beta = 0.0
        self._targets, self._others = torch.zeros_like(look), torch.zeros_like(look)
        self._targets_weight = self._others_weight = look.new_zeros(())
        self._learn(found, target, look, look.new_ones(()))

    def corrections(self, found: Shortlist) -> Tensor:
        """Return what equation 4 adds to the ranks of proposals."""
        target, others = self._means()
        return INFLUENCE * (found.looks @ (target - ALPHA_HAT * others))

    def learn(self, found: Shortlist, best: Tensor) -> None:
        """Learn a frame, in which the target is the proposal of index `best` (a scalar).

        Nothing is learnt if that looks more like distractors than like the target.
        """
        look = found.looks[best]
        target, others = (functional.normalize(mean, dim=0) for mean in self._means())
        certain = (look @ target > look @ others).to(look.dtype)
        self._learn(found, found.boxes[:, best, None], look, certain)

    def _means(self) -> tuple[Tensor, Tensor]:
        least = torch.finfo(self._targets.dtype).tiny
        return self._targets / self._targets_weight, self._others / self._others_weight.clamp_min(
            least
        )

    def _learn(self, found: Shortlist, target: Tensor, look: Tensor, share: Tensor) -> None:
        weights = distractor_weights(found, target)
        self._beta = 1 + self._beta * ETA / (1 - ETA)
        weight = share * self._beta
        self._targets = self._targets + weight * look
        self._targets_weight = self._targets_weight + weight
        self._others = self._others + weight * (weights @ found.looks)
        self._others_weight = self._others_weight + weight * weights.sum()


def distractor_weights(found: Shortlist, target: Tensor) -> Tensor:
    """Return how far each proposal is a distractor: its score (K), or 0 if it is none.

    A distractor does not overlap the target (4 x 1), and scores nearly as high as the best.
    """
    apart = iou(found.boxes, target) <= OVERLAP
    high = found.scores >= DISTRACTING * found.scores.max()
    return found.scores * (apart & high & found.ranks.isfinite())
