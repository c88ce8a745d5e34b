"""What has turned out not to be the target, and so counts against candidates there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from tadt_tracking.box import Box
from tadt_tracking.result import Candidate

SAME = 0.5  # overlap from which on two boxes are of one thing
DISTRACTOR_FOR = 1.0  # s for which a distractor is expected to be where it was
REFUSALS = 16  # remembered


class Lookalikes:
    """Distractors, seen beside the target, and candidates that a second look has refused.

    A place with a distractor is left alone for a while. A refused one is only looked at after the
    others, the longest refused first: the target may have been half hidden there.
    """

    def __init__(self) -> None:
        """Know none."""
        self._distractors: tuple[Box, ...] = ()
        self._stamp = 0.0
        self._refused: deque[Box] = deque(maxlen=REFUSALS)

    def see(self, distractors: tuple[Box, ...], stamp: float) -> None:
        """Take note of all there is beside a target that is seen for certain; `stamp` in seconds.

        What was refused before counts no longer.
        """
        self._distractors, self._stamp = distractors, stamp
        self._refused.clear()

    def refuse(self, box: Box) -> None:
        """Take note of a candidate that a second look has refused."""
        self._refused.append(box)

    def best(self, candidates: Iterable[Candidate], stamp: float) -> Candidate | None:
        """Return the candidate to look at: the most probable, as far as no look-alike is there."""
        recent = 0 <= stamp - self._stamp <= DISTRACTOR_FOR
        left = [c for c in candidates if not (recent and _among(c.box, self._distractors))]
        return max(left, key=lambda c: (-self._refused_last(c.box), c.score), default=None)

    def _refused_last(self, box: Box) -> int:
        """Return the rank of the last refusal there, 0 for none."""
        ranks = (i for i, refused in enumerate(self._refused, 1) if _among(box, (refused,)))
        return max(ranks, default=0)


def _among(box: Box, others: Iterable[Box]) -> bool:
    return any(box.overlap(other) > SAME for other in others)
