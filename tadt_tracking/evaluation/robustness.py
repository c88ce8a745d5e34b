"""More than one pass a sequence: other first frames, other first boxes (OTB's TRE and SRE).

One pass is a lottery: a small change early decides whether a target is lost for good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.evaluation.datasets import Sequence

SHORTEST = 20  # frames that the last start leaves
SHIFT = 0.1  # of the box's size, in eight directions
SCALES = (0.8, 0.9, 1.1, 1.2)


@dataclass(frozen=True)
class Protocol:
    """How often, and from where, a tracker runs over each sequence.

    Attributes:
        starts: frames, spread evenly, at which it is started with the true box; it runs to the end.
        shifts: whether it is given twelve wrong first boxes, one a run, in place of the true one.
    """

    starts: int = 1
    shifts: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        if self.starts < 1:
            raise ValueError(f"starts must be at least 1, got {self.starts}")

    def variants(self, sequence: Sequence) -> list[Sequence]:
        """Return what a tracker has to run over; `pool_by_sequence` joins the tracks again."""
        runs = [sequence.part(frame) for frame in start_frames(sequence.truth, self.starts)]
        if not self.shifts:
            return runs
        return [run.starting_with(box) for run in runs for box in shifted(run.first_box)]

    def __str__(self) -> str:
        """Return for example "20 starts a sequence"."""
        starts = "one pass" if self.starts == 1 else f"{self.starts} starts"
        return f"{starts} a sequence{', 12 first boxes each' if self.shifts else ''}"


def start_frames(truth: np.ndarray, count: int) -> list[int]:
    """Return at most `count` frames, spread evenly, on which the target is present.

    Args:
        truth: N x 4 boxes, NaN where the target is absent.
        count: 1 is the first frame alone.
    """
    spread = np.linspace(0, max(len(truth) - SHORTEST, 0), count).astype(int)
    return [int(frame) for frame in np.unique(spread) if not np.isnan(truth[frame]).any()]


def shifted(box: Box) -> list[Box]:
    """Return eight boxes beside `box`, and four around its centre of other sizes."""
    steps = [(right, down) for right in (-1, 0, 1) for down in (-1, 0, 1) if right or down]
    moved = [
        Box(box.x + right * SHIFT * box.w, box.y + down * SHIFT * box.h, *box.size)
        for right, down in steps
    ]
    return moved + [Box.from_center(*box.center, s * box.w, s * box.h) for s in SCALES]
