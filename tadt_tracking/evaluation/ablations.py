"""The ablations of the papers: what each part of a method adds, shown by leaving it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tadt_tracking.evaluation import accuracy
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.entrants import TrackerEntrant
from tadt_tracking.evaluation.robustness import Protocol
from tadt_tracking.evaluation.tables import markdown


class Row(NamedTuple):
    """One row of a paper's table or figure.

    Attributes:
        label: what of the method is there.
        settings: the settings of our tracker that make it so.
    """

    label: str
    settings: Mapping[str, Any]


_AS_PUBLISHED = {"scale": False}  # HCF's paper estimates none
# By tracker. The first row is the method as its paper has it; the others are compared to it.
ABLATIONS: dict[str, tuple[Row, ...]] = {
    "tadt": (  # Table 5
        Row("regression and ranking loss", {"selection": "regression+ranking"}),
        Row("regression loss alone", {"selection": "regression"}),
        Row("channels at random", {"selection": "random"}),
    ),
    "hcf": (  # Figure 7, and last what is not in the paper
        Row("C5-C4-C3, coarse to fine", _AS_PUBLISHED),
        Row("C5-C4, coarse to fine", {**_AS_PUBLISHED, "layers": "conv5_4,conv4_4"}),
        Row("C5-C4-C3, concatenated", {**_AS_PUBLISHED, "fusion": "concatenation"}),
        Row("C5 (conv5-4) alone", {**_AS_PUBLISHED, "layers": "conv5_4"}),
        Row("C4 (conv4-4) alone", {**_AS_PUBLISHED, "layers": "conv4_4"}),
        Row("C3 (conv3-4) alone", {**_AS_PUBLISHED, "layers": "conv3_4"}),
        Row("as shipped, with scale", {}),
    ),
}


def table(
    tracker: str,
    sequences: list[Sequence],
    protocol: Protocol,
    jobs: int = 1,
    **options: Any,
) -> str:
    """Return the rows of a tracker's ablation, each with its difference to the first.

    Args:
        tracker: a key of `ABLATIONS`.
        sequences: what to run over.
        protocol: how to run.
        jobs: processes among which to divide the sequences.
        options: as in `create_tracker`, the same for every row.
    """
    rows = ABLATIONS[tracker]
    entrants = [TrackerEntrant.of(tracker, **{**options, **row.settings}) for row in rows]
    outcomes = [accuracy.run(entrant, sequences, protocol, jobs) for entrant in entrants]
    whole = accuracy.means(outcomes[0].tracks)
    cells = []
    for row, outcome in zip(rows, outcomes, strict=True):
        differences = (a - b for a, b in zip(accuracy.means(outcome.tracks), whole, strict=True))
        of_row = accuracy.row(row.label, outcome.tracks)
        cells.append([*of_row, *(f"{difference:+.3f}" for difference in differences)])
    header = [outcomes[0].name, *accuracy.HEADER, "difference in AUC", "in precision"]
    return f"{protocol}, {len(sequences)} sequences:\n\n{markdown(header, cells)}"
