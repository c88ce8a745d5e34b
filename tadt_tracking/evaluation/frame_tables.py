"""What a tracker did on every frame, written as tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.entrants import Entrant
from tadt_tracking.evaluation.runner import Outcome, Track

COLUMNS = ("frame", "x", "y", "w", "h", "score", "reported", "tracking", "overlap", "seconds")


@dataclass(frozen=True)
class WrittenEntrant:
    """An entrant of whose runs every frame is written down.

    Attributes:
        entrant: who runs.
        folder: takes <entrant>-<sequence>.csv, with a number where that is there already; it is
            made if it is missing.
    """

    entrant: Entrant
    folder: Path

    def run(self, sequences: list[Sequence], jobs: int = 1) -> Outcome:
        """See :class:`Entrant`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        outcome = self.entrant.run(sequences, jobs)
        for track in outcome.tracks:
            write(_unused(self.folder, f"{outcome.name}-{track.sequence.name}"), track)
        return outcome


def write(path: Path, track: Track) -> None:
    """Write a row a frame, with a column for each kind of evidence; what is not known is nan."""
    kinds = [f"evidence_{index}" for index in range(track.evidence.shape[1])]
    told = (track.scores, track.present, track.tracked, track.overlaps, track.seconds)
    table = np.column_stack([np.arange(len(track.boxes)), track.boxes, *told, track.evidence])
    header = ",".join([*COLUMNS, *kinds])
    np.savetxt(path, table, fmt="%.7g", delimiter=",", header=header, comments="")


def _unused(folder: Path, name: str) -> Path:
    """Return the path of a table of that name which is not there yet."""
    stem = re.sub(r"[^\w.-]+", "_", name)
    path, number = folder / f"{stem}.csv", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.csv"
    return path
