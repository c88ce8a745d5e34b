"""What a tracker answers for one frame."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.box import Box


@dataclass(frozen=True)
class Result:
    """The believed box and how much it is believed.

    Attributes:
        box: (x, y, w, h) in pixels of the full image.
        score: probability, in [0, 1], that the box covers the target (overlap above 0.5).
        search_region: the part of the image in which the target was looked for, in pixels; None
            where it was given.
    """

    box: Box
    score: float
    search_region: Box | None = None

    @property
    def certain(self) -> bool:
        """Whether the box is more likely right than wrong."""
        return self.score >= 0.5
