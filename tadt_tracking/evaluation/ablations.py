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


class Ablation(NamedTuple):
    """A table of variants of one tracker.

    Attributes:
        tracker: its name in the registry.
        rows: the first is the one that the others are compared to.
    """

    tracker: str
    rows: tuple[Row, ...]


def _of_siamrpn(variant: str) -> Ablation:
    """Return what is added to SiamRPN, and what it adds to its network's scores (section 4.3)."""
    plain = {"variant": variant, "online": False}
    rows = (
        Row(f"{variant}, plain SiamRPN", plain),
        Row("with the distractor-aware objective", {**plain, "distractor_aware": True}),
        Row("with the online classifier (as shipped)", {"variant": variant}),
        Row("with both", {"variant": variant, "distractor_aware": True}),
        Row("plain, no penalty on change", {**plain, "penalty": 0.0}),
        Row("plain, no cosine window", {**plain, "window_influence": 0.0}),
        Row("plain, size as proposed", {**plain, "size_rate": 1.0}),
    )
    return Ablation("dasiamrpn", rows)


# The paper's template stays as it was, and chooses alone.
_TADT_PAPER = {"update_rate": 0.0, "classifier_share": 0.0}
_HCF_PAPER = {"scale": False, "learn_above": 0.0}  # it has no scale, and learns from every frame
ABLATIONS: dict[str, Ablation] = {
    "tadt": Ablation(  # Table 5 of the paper, and last what is not in it
        "tadt",
        (
            Row("regression and ranking loss", _TADT_PAPER),
            Row("regression loss alone", {**_TADT_PAPER, "selection": "regression"}),
            Row("channels at random", {**_TADT_PAPER, "selection": "random"}),
            Row("the template follows", {"classifier_share": 0.0}),
            Row("as shipped: and a classifier helps to choose the place", {}),
        ),
    ),
    "tadt-settings": Ablation(
        "tadt",
        (
            Row("as shipped", {}),
            Row("torchvision's weights", {"weights": "vgg16-torchvision"}),
            Row("300 + 80 channels (paper)", {"conv4_3_channels": 300}),
            Row("all channels", {"conv4_1_channels": 512, "conv4_3_channels": 512}),
            Row("100 + 40 channels", {"conv4_1_channels": 40, "conv4_3_channels": 100}),
            Row("window weight 0.9", {"window_influence": 0.9}),
            Row("padding 2.6", {"padding": 2.6}),
            Row("padding 3.4", {"padding": 3.4}),
            Row("target 48 px", {"target_side": 48.0}),
            Row("scale step 1.03", {"scale_step": 1.03}),
            Row("whole scale step each frame", {"scale_rate": 1.0}),
            Row("template stays as it was", {"update_rate": 0.0}),
            Row("template follows at 0.4", {"update_rate": 0.4}),
            Row("classifier's share 0.3", {"classifier_share": 0.3}),
            Row("classifier's share 0.8", {"classifier_share": 0.8}),
        ),
    ),
    "hcf": Ablation(  # Figure 7 of the paper, and last what is not in it
        "hcf",
        (
            Row("C5-C4-C3, coarse to fine", _HCF_PAPER),
            Row("C5-C4, coarse to fine", {**_HCF_PAPER, "layers": "conv5_4,conv4_4"}),
            Row("C5-C4-C3, concatenated", {**_HCF_PAPER, "fusion": "concatenation"}),
            Row("C5 (conv5-4) alone", {**_HCF_PAPER, "layers": "conv5_4"}),
            Row("C4 (conv4-4) alone", {**_HCF_PAPER, "layers": "conv4_4"}),
            Row("C3 (conv3-4) alone", {**_HCF_PAPER, "layers": "conv3_4"}),
            Row("as shipped: scale, and learning only what looks usual", {}),
        ),
    ),
    "hcf-settings": Ablation(
        "hcf",
        (
            Row("as shipped", {}),
            Row("no scale", {"scale": False}),
            Row("learning from every frame (paper)", {"learn_above": 0.0}),
            Row("both (paper)", _HCF_PAPER),
            Row("window stretched to the target's shape", {"window_shape": "stretched"}),
        ),
    ),
    "dasiamrpn": _of_siamrpn("narrow"),
    "dasiamrpn-r50": _of_siamrpn("r50"),
}


def table(
    name: str,
    sequences: list[Sequence],
    protocol: Protocol,
    jobs: int = 1,
    **options: Any,
) -> str:
    """Return the rows of an ablation, each with its difference to the first.

    Args:
        name: a key of `ABLATIONS`.
        sequences: what to run over.
        protocol: how to run.
        jobs: processes among which to divide the sequences.
        options: as in `create_tracker`, the same for every row.
    """
    tracker, rows = ABLATIONS[name]
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
