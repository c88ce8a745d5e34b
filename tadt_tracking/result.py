"""What a tracker answers for one frame, and what a session makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tadt_tracking.box import Box


class State(Enum):
    """What a session believes of its target."""

    TRACKING = "the target is seen"
    UNCERTAIN = "the target is probably seen; the evidence is low"
    LOST = "the target is not seen; it is looked for around its last place"
    SEARCHING = "as LOST, and it is looked for in the whole picture"

    @property
    def present(self) -> bool:
        """Whether the target is believed to be where the box is."""
        return self in (State.TRACKING, State.UNCERTAIN)


@dataclass(frozen=True)
class Candidate:
    """A place where the target may be.

    Attributes:
        box: (x, y, w, h) in pixels of the full image.
        score: probability, in [0, 1], that the box covers the target (overlap above 0.5).
    """

    box: Box
    score: float


@dataclass(frozen=True)
class Result:
    """The believed box and how much it is believed.

    Attributes:
        box: (x, y, w, h) in pixels of the full image; while the target is lost the last one
            believed.
        score: probability, in [0, 1], that the box covers the target (overlap above 0.5).
        search_region: the part of the image in which the target was looked for, in pixels; None
            where it was given.
        evidence: what the tracker made the score of, each kind on a scale of its own; none where
            it does not tell.
        distractors: boxes elsewhere that look like the target on this frame.
        known: the score that it would have, had the target been out of sight: more is asked then;
            None: the score itself.
        state: what the session believes; None: a bare tracker's answer.
    """

    box: Box
    score: float
    search_region: Box | None = None
    evidence: tuple[float, ...] = ()
    distractors: tuple[Box, ...] = ()
    known: float | None = None
    state: State | None = None

    @property
    def doubted_score(self) -> float:
        """The score if the target was doubted just before: another may have taken its place."""
        return self.score if self.known is None else min(self.score, self.known)
