"""How a target has looked, at first and lately, and what was around it.

A classifier tells the target from what was around it; whoever comes later, it has never seen. So
what is found must also look as the target did.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.ops.precision import small_dtype

RATE = 0.6  # share of the newest look in how the target looks lately, where it is certain
STEEPNESS = 8.0  # of a point's vote, by how much more like the target it is than like the rest
AGE = 30  # frames learnt from one memory to the next


class Memory(NamedTuple):
    """What the target and its surroundings looked like once.

    Attributes:
        target: P' x C, looks of its points.
        surroundings: Q x C, those of cells around it; of the same dtype, of which products are.
    """

    target: Tensor
    surroundings: Tensor

    def likeness(self, looks: Tensor) -> Tensor:
        """Return how much N x P x C looks are like the target's: N shares of their points.

        Every point is for the target as far as it is more like the nearest of the target's points
        than like the nearest of the surroundings. A target that bends or turns keeps points,
        wherever they go.
        """
        looks = looks.to(self.target.dtype)
        for_target, against = ((looks @ seen.T).amax(-1).float() for seen in self)
        return torch.sigmoid(STEEPNESS * (for_target - against)).mean(-1)


class Appearance:
    """What the target and its surroundings look like.

    Looks are P x C embeddings of `ops.embedding.embed_boxes`, surroundings those of `embed_around`.

    Attributes:
        latest: the target at first and lately, and its surroundings on the last learnt frame.
    """

    def __init__(self, look: Tensor, surroundings: Tensor) -> None:
        """Begin with the first frame's."""
        self._first, self._recent = look, look.clone()
        self.latest = self._remember(surroundings)
        self._kept, self._learnt = deque([self.latest], maxlen=2), 0

    @property
    def earlier(self) -> Memory:
        """What was the latest one to two times `AGE` learnt frames ago, or on the first frame."""
        return self._kept[0]

    def learn(self, look: Tensor, surroundings: Tensor, certainty: float) -> None:
        """Learn how target and surroundings look now; the target by how certain (0 to 1) it is."""
        self._recent = torch.lerp(self._recent, look, RATE * certainty)
        self.latest = self._remember(surroundings)
        self._learnt += 1
        if self._learnt % AGE == 0:
            self._kept.append(self.latest)

    def _remember(self, surroundings: Tensor) -> Memory:
        recent = functional.normalize(self._recent, dim=-1)
        dtype = small_dtype(recent.device)
        return Memory(torch.cat([self._first, recent]).to(dtype), surroundings.to(dtype))
