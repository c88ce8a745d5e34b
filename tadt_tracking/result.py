"""What a tracker answers for one frame."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.box import Box


@dataclass(frozen=True)
class Result:
    """The believed box and how much it is believed.

    Attributes:
        box: (x, y, w, h) in pixels of the full image.
        score: confidence in [0, 1] that the box covers the target.
    """

    box: Box
    score: float
