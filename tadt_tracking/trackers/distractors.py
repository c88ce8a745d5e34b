"""Distractor-aware inference: Zhu et al., ECCV 2018, section 3.3.

Proposals that score high without being the target show what must not be mistaken for it: the
distractors. Proposals rank higher that look like the target so far, and lower that look like them.
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
CELLS = 3  # of an embedding, a row
DISTRACTING = 0.5  # least score of a distractor, relative to the best
ALPHA_HAT = 0.5  # influence of distractors, as published
ETA = 0.01  # learning rate, as published
INFLUENCE = 8.0  # of an embedding's likeness on a proposal's rank
TRUSTED = 10  # first frames, learnt whatever they show
PATIENCE = 5  # frames in which the target must seem confused before ranks change


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
    """What the target and its distractors have looked like: equation 4.

    The likeness of a proposal to the target, less that to the distractors of all frames, is linear
    in what it is compared with. So that is summed up while frames come, in constant memory, and a
    proposal costs one inner product.
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
        self._frames, self._beta = 0, 0.0
        self._confused = torch.zeros((), dtype=torch.int64, device=look.device)
        self._target, self._others = _Mean(look), _Mean(look)
        self._add(found, target, look, look.new_ones(()))

    @property
    def template(self) -> Tensor:
        """What equation 4 compares proposals with: D."""
        return self._target.value - ALPHA_HAT * self._others.value

    def corrections(self, found: Shortlist) -> Tensor:
        """Return what to add to the ranks of a frame's proposals (K); to be asked once a frame.

        Equation 4 alone would follow every fault of the embeddings, and a single jump to another
        place loses the target. So it has a say only after some frames in a row in which the first
        proposal seemed to be a distractor, and the one it prefers the target.
        """
        likeness = INFLUENCE * (found.looks @ self.template)
        preferred = (found.ranks + likeness).argmax()
        like_target, like_others = self._likenesses(found.looks)
        closer = like_target > like_others
        more = like_target.take(preferred) > like_target[0]
        confused = ~closer[0] & closer.take(preferred) & more
        self._confused = (self._confused + 1) * (confused & (self._frames >= TRUSTED))
        return likeness * (self._confused >= PATIENCE)

    def learn(self, found: Shortlist, best: Tensor) -> None:
        """Learn a frame in which the target is the proposal of index `best` (a scalar).

        Beyond the paper: after the first frames, one that looks more like the distractors than like
        the target, as when it is hidden by one of them, teaches nothing.
        """
        look = found.looks.index_select(0, best[None])[0]
        like_target, like_others = self._likenesses(look)
        share = (like_target > like_others) | (self._frames < TRUSTED)
        self._add(found, found.boxes.index_select(1, best[None]), look, share.to(look.dtype))

    def _likenesses(self, looks: Tensor) -> list[Tensor]:
        """Return the cosines of embeddings ... x D with the target's mean and the distractors'."""
        means = self._target.value, self._others.value
        return [functional.cosine_similarity(looks, mean, dim=-1) for mean in means]

    def _add(self, found: Shortlist, target: Tensor, look: Tensor, share: Tensor) -> None:
        self._frames += 1
        self._beta = 1 + self._beta * ETA / (1 - ETA)
        weight = share * self._beta
        self._target.add(look[None], weight[None])
        self._others.add(found.looks, weight * distractor_weights(found, target))


class _Mean:
    """The weighted mean of embeddings; 0 before the first."""

    def __init__(self, like: Tensor) -> None:
        self._sum, self._weight = torch.zeros_like(like), like.new_zeros(())

    def add(self, looks: Tensor, weights: Tensor) -> None:
        self._sum = self._sum + weights @ looks
        self._weight = self._weight + weights.sum()

    @property
    def value(self) -> Tensor:
        return self._sum / self._weight.clamp_min(torch.finfo(self._weight.dtype).tiny)


def distractor_weights(found: Shortlist, target: Tensor) -> Tensor:
    """Return how far each proposal is a distractor: its score (K), or 0 if it is none.

    A distractor does not overlap the target (4 x 1), and scores nearly as high as the best.
    """
    apart = iou(found.boxes, target) <= OVERLAP
    high = found.scores >= DISTRACTING * found.scores.max()
    return found.scores * (apart & high & found.ranks.isfinite())
