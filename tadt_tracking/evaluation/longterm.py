"""A table of how trackers bear it that their target leaves and comes back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.entrants import Entrant
from tadt_tracking.evaluation.longterm_measures import (
    after_absence,
    best_f,
    found,
    presence,
    recoveries,
)
from tadt_tracking.evaluation.runner import Track
from tadt_tracking.evaluation.tables import markdown

HEADER = (
    *("sequence", "absent frames", "F", "precision", "recall", "TPR", "TNR", "MaxGM"),
    *("found after absence", "absent but reported", "frames to recovery"),
    *("found, TRACKING", "absent but TRACKING"),
)
ABOUT = (
    "F, precision, recall: VOT-LT; TPR, TNR, MaxGM: OxUvA. Found after absence: share of the "
    "visible frames behind the first absence with overlap > 0.5. Absent but reported: share of the "
    "absent frames on which the target is reported. Frames to recovery: from each reappearance. "
    "The last two columns count a frame as reported only in the state TRACKING, not if UNCERTAIN."
)


def of_entrants(entrants: Iterable[Entrant], sequences: list[Sequence], jobs: int) -> str:
    """Return a table for every entrant, with a row a sequence and one for all."""
    tables = [_table(*_run(entrant, sequences, jobs)) for entrant in entrants]
    return "\n\n".join([ABOUT, *tables])


def _run(entrant: Entrant, sequences: list[Sequence], jobs: int) -> tuple[str, list[Track]]:
    outcome = entrant.run(sequences, jobs)
    return outcome.name, outcome.tracks


def _table(name: str, tracks: list[Track]) -> str:
    rows = [_row(track.sequence.name, [track]) for track in tracks]
    rows.append(_row(f"all {len(tracks)}", tracks))
    return markdown([name, *HEADER[1:]], rows)


def _row(name: str, tracks: list[Track]) -> list[str]:
    """Return the measures over tracks: F with every track, the others with every frame alike."""
    overlaps = [track.overlaps[1:] for track in tracks]
    reported = [track.present[1:] for track in tracks]
    best = best_f(overlaps, [_confidences(track) for track in tracks])
    everywhere, told = np.concatenate(overlaps), np.concatenate(reported)
    rates = presence(everywhere, told)
    later = np.concatenate([after_absence(values) for values in overlaps])
    waits = [wait for pair in zip(overlaps, reported, strict=True) for wait in recoveries(*pair)]
    return [
        name,
        f"{np.isnan(everywhere).sum()}",
        *(f"{value:.3f}" for value in (*best[:3], *rates, rates.max_gm)),
        *_shares(everywhere, told, later),
        ", ".join("never" if wait is None else f"{wait}" for wait in waits),
        *_shares(everywhere, np.concatenate([track.tracked[1:] for track in tracks]), later),
    ]


def _shares(overlaps: np.ndarray, reported: np.ndarray, later: np.ndarray) -> tuple[str, str]:
    """Return the shares found after absence, and reported though absent."""
    return _share(found(overlaps, reported)[later]), _share(reported[np.isnan(overlaps)])


def _confidences(track: Track) -> np.ndarray:
    """Return the scores of reported frames, -inf elsewhere; a tracker without scores is sure."""
    return np.where(track.present, np.nan_to_num(track.scores, nan=1.0), -np.inf)[1:]


def _share(of: np.ndarray) -> str:
    return f"{of.mean():.1%}" if len(of) else ""
