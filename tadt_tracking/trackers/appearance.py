"""How a target has looked, at first and lately.

A classifier tells the target from what was around it; whoever comes later, it has never seen. So
what is found must also look as the target did.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

RATE = 0.1  # share of the newest look in how the target looks lately
FIRST_SHARE = 0.25  # of how it looked at first in what looks are compared with


class Appearance:
    """What the target looks like; a look is a P x C embedding of `ops.embedding.embed_boxes`."""

    def __init__(self, look: Tensor) -> None:
        """Begin with the first look."""
        self._first, self._recent = look, look.clone()

    def likeness(self, looks: Tensor) -> Tensor:
        """Return how much N x P x C looks are like the target's: N values, 1 for the same."""
        at_first, lately = (
            torch.einsum("npc,pc->n", looks, functional.normalize(look, dim=-1)) / len(look)
            for look in (self._first, self._recent)
        )
        return torch.lerp(lately, at_first, FIRST_SHARE)

    def learn(self, look: Tensor) -> None:
        """Learn how the target looks now."""
        self._recent = torch.lerp(self._recent, look, RATE)
