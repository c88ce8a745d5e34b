"""Films whose target is away for a while, cut together from sequences in which it never is.

There are few long sequences with their truth, and those are for reporting. Any two short ones make
a film: one is followed, the other interrupts it, and the first goes on as if time had passed. The
other comes from the left like a curtain, behind which the target disappears bit by bit. More than
half hidden it counts as absent, as in the sequences of TLD (Kalal et al., PAMI 2012).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import cv2
import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.evaluation.datasets import DatasetError, Sequence

LEAD = 0.5  # of a sequence comes before the interruption
SKIPPED = 0.25  # of it, at most, is never seen
CURTAIN = 10  # frames in which the target is covered


@dataclass(frozen=True)
class Film:
    """A sequence that another one interrupts, for a tracker to run over as over a sequence.

    Attributes:
        before: what is seen at first, at its end behind the curtain.
        meanwhile: what is seen while the target is away, in pictures of the first one's size.
        after: what is seen then; None: the film ends before.
    """

    before: Sequence
    meanwhile: Sequence
    after: Sequence | None

    @property
    def name(self) -> str:
        """The name of the sequence that is followed."""
        return self.before.name

    @property
    def first_box(self) -> Box:
        """The box that a tracker is given on the first frame."""
        return self.before.first_box

    @property
    def truth(self) -> np.ndarray:
        """N x 4 boxes (x, y, w, h) in pixels; NaN while the target is away."""
        before = self.before.truth.copy()
        before[len(before) - (self._curtain - self._curtain // 2) :] = np.nan
        away = np.full_like(self.meanwhile.truth, np.nan)
        return np.concatenate([before, away, *(s.truth for s in self._end)])

    def frames(self) -> Iterator[np.ndarray]:
        """Return the frames in order: H x W x 3, uint8, BGR."""
        size = next(self.before.frames()).shape[1::-1]
        other = (cv2.resize(frame, size) for frame in self.meanwhile.frames())
        return chain(self._before(size), other, *(s.frames() for s in self._end))

    def _before(self, size: tuple[int, int]) -> Iterator[np.ndarray]:
        """Return the first part's frames, the last ones covered up to a rising share of the box."""
        curtain = cv2.resize(next(self.meanwhile.frames()), size)
        lead = len(self.before.truth) - self._curtain
        for index, frame in enumerate(self.before.frames()):
            if index < lead:
                yield frame
                continue
            x, _, width, _ = np.nan_to_num(self.before.truth[index])
            edge = min(max(round(x + width * (index - lead + 1) / self._curtain), 0), size[0])
            covered = frame.copy()
            covered[:, :edge] = curtain[:, :edge]
            yield covered

    @property
    def _curtain(self) -> int:
        """The number of frames in which the curtain comes: all but the first, at most."""
        return min(CURTAIN, len(self.before.truth) - 1)

    @property
    def _end(self) -> tuple[Sequence, ...]:
        return () if self.after is None else (self.after,)


def interrupted(sequences: list[Sequence], away: int, *, returning: bool) -> list[Film]:
    """Cut frames of each sequence's successor into it; the first one succeeds the last.

    Args:
        sequences: at least two, in each of which the target is visible when it comes back.
        away: frames for which the target is away; the successor may have fewer.
        returning: whether the target comes back.

    Raises:
        DatasetError: there is only one sequence.
    """
    if len(sequences) < 2:
        names = ", ".join(sequence.name for sequence in sequences)
        raise DatasetError(f"a film needs at least two sequences, got {names}")
    return [
        _film(followed, other.part(frames=away), returning)
        for followed, other in zip(sequences, sequences[1:] + sequences[:1], strict=True)
    ]


def _film(followed: Sequence, meanwhile: Sequence, returning: bool) -> Film:
    length = len(followed.truth)
    lead = round(LEAD * length)
    back = lead + min(len(meanwhile.truth), round(SKIPPED * length))
    after = followed.part(back) if returning else None
    return Film(followed.part(frames=lead), meanwhile, after)
