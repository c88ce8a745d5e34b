"""Tables of accuracy: how well boxes fit the truth, and how well scores tell."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tadt_tracking.evaluation.datasets import SHORT_TERM, Sequence
from tadt_tracking.evaluation.entrants import Entrant
from tadt_tracking.evaluation.measures import ranking_area, reliability
from tadt_tracking.evaluation.robustness import Protocol
from tadt_tracking.evaluation.runner import Outcome, Track, pool_by_sequence
from tadt_tracking.evaluation.tables import markdown

HEADER = ("mean AUC", "mean precision at 20 px")
SCORE_BINS = 5


def run(entrant: Entrant, sequences: list[Sequence], protocol: Protocol, jobs: int) -> Outcome:
    """Run over all variants of the sequences; the outcome has one track a sequence."""
    variants = [variant for sequence in sequences for variant in protocol.variants(sequence)]
    outcome = entrant.run(variants, jobs)
    return Outcome(outcome.name, pool_by_sequence(outcome.tracks), outcome.peak_mib)


def means(tracks: list[Track]) -> tuple[float, float]:
    """Return mean AUC and mean precision over tracks."""
    auc, precision = (np.mean([getattr(t, key) for t in tracks]) for key in ("auc", "precision"))
    return float(auc), float(precision)


def row(name: str, tracks: list[Track]) -> list[str]:
    """Return a name, mean AUC and mean precision over tracks."""
    return [name, *(f"{mean:.3f}" for mean in means(tracks))]


def of_sequences(outcome: Outcome) -> str:
    """Return a table with a row a sequence, and one for their mean."""
    rows = [row(track.sequence.name, [track]) for track in outcome.tracks]
    rows.append(row(f"mean of {len(outcome.tracks)}", outcome.tracks))
    return markdown([outcome.name, "AUC", "precision at 20 px"], rows)


def of_entrants(
    entrants: Iterable[Entrant], sequences: list[Sequence], protocol: Protocol, jobs: int
) -> str:
    """Return a table with a row for every entrant and split of `SHORT_TERM`.

    `sequences` are those of all these splits.
    Below it, for every tracker that gives scores, how well they tell on the second half, which
    their calibration has not seen.
    """
    rows, scores = [], []
    for entrant in entrants:
        outcome = run(entrant, sequences, protocol, jobs)
        for split, names in SHORT_TERM.items():
            name = f"{outcome.name}, {split} ({len(names)} sequences)"
            rows.append(row(name, _among(outcome.tracks, names)))
        if not np.isnan(outcome.tracks[0].scores).all():
            scores.append(of_scores(outcome.name, _among(outcome.tracks, SHORT_TERM["second"])))
    return "\n\n".join([f"{protocol}:", markdown(["tracker", *HEADER], rows), *scores])


def of_scores(tracker: str, tracks: list[Track]) -> str:
    """Return how well the score tells good boxes (overlap above 0.5) from bad ones, as a table."""
    scores = np.concatenate([track.scores for track in tracks])
    overlaps = np.concatenate([track.overlaps for track in tracks])
    judged = ~np.isnan(scores) & ~np.isnan(overlaps)
    return reliability_table(tracker, scores[judged], overlaps[judged] > 0.5, SCORE_BINS)


def reliability_table(tracker: str, scores: np.ndarray, good: np.ndarray, bins: int) -> str:
    """Return for each bin of N scores the share of good frames (N booleans), and the ROC area."""
    rows = [
        [f"{low / bins:.1f} to {(low + 1) / bins:.1f}", n, f"{mean:.2f}", f"{share:.2f}"]
        for low, (n, mean, share) in enumerate(reliability(scores, good, bins))
    ]
    rows.append(["area under ROC", len(good), f"{ranking_area(scores, good):.3f}", ""])
    return markdown(
        [f"score of {tracker}", "frames", "mean score", "share with overlap > 0.5"], rows
    )


def _among(tracks: list[Track], names: tuple[str, ...]) -> list[Track]:
    return [track for track in tracks if track.sequence.name in names]
