"""How a target has looked, at first and lately, and what was around it.

A classifier tells the target from what was around it; whoever comes later, it has never seen. So
what is found must also look as the target did.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

RATE = 0.6  # share of the newest look in how the target looks lately, where it is certain
STEEPNESS = 8.0  # of a point's vote, by how much more like the target it is than like the rest


class Appearance:
    """What the target and its surroundings look like.

    Looks are P x C embeddings of `ops.embedding.embed_boxes`, surroundings those of `embed_around`.
    """

    def __init__(self, look: Tensor, surroundings: Tensor) -> None:
        """Begin with the first frame's."""
        self._first, self._recent = look, look.clone()
        self._surroundings = surroundings

    def likeness(self, looks: Tensor) -> Tensor:
        """Return how much N x P x C looks are like the target's: N shares of their points.

        Every point is for the target as far as it is more like the nearest of the target's points,
        at first or lately, than like the nearest of the surroundings. A target that bends or turns
        keeps points, wherever they go.
        """
        target = torch.cat([self._first, functional.normalize(self._recent, dim=-1)])
        for_target, against = ((looks @ s.T).amax(-1) for s in (target, self._surroundings))
        return torch.sigmoid(STEEPNESS * (for_target - against)).mean(-1)

    def learn(self, look: Tensor, surroundings: Tensor, certainty: float) -> None:
        """Learn how target and surroundings look now; the target by how certain (0 to 1) it is."""
        self._recent = torch.lerp(self._recent, look, RATE * certainty)
        self._surroundings = surroundings
