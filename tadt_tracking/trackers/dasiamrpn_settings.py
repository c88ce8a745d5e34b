"""Settings of DaSiamRPN, and the published constants of its variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE, STRIDE, require_search_side
from tadt_tracking.settings import SettingError, Settings, setting
from tadt_tracking.trackers.base import Thresholds
from tadt_tracking.trackers.evidence import Logistic

RESNET, NARROW = "r50", "narrow"
OWN = -1.0  # a setting that is to be the variant's own
ONLINE_WINDOW = 0.2  # share of the cosine window where the classifier tells look-alikes apart


class Variant(NamedTuple):
    """The constants of a network.

    They are the published ones; the narrow network, which is not, has those of `otb`, with which it
    does better than with those of `vot` (docs/tried.md).

    Attributes:
        search_side, penalty, window_influence, size_rate: see `DaSiamRpnSettings`.
        weights: name of its weights; empty: there are none.
        corrects_shape: whether widths and heights are corrected by what the network is off with on
            the first frame.
        classifier_share: see `DaSiamRpnSettings`; chosen here (docs/benchmarks.md).
    """

    search_side: int
    penalty: float
    window_influence: float
    size_rate: float
    weights: str = ""
    corrects_shape: bool = False
    classifier_share: float = 0.5


CONSTANTS = ("search_side", "penalty", "window_influence", "size_rate", "classifier_share")
VARIANTS = {
    "vot": Variant(271, 0.04, 0.44, 0.45),
    "otb": Variant(271, 0.22, 0.40, 0.30),
    "big": Variant(271, 0.055, 0.42, 0.295),
    "alexnet": Variant(271, 0.04, 0.44, 0.45),
    NARROW: Variant(
        271, 0.22, 0.40, 0.30, "siamrpn-narrow", corrects_shape=True, classifier_share=0.7
    ),
    RESNET: Variant(255, 0.10, 0.41, 0.32, "siamrpn-r50"),
}

# What a session loses, doubts and finds targets by (docs/benchmarks.md tells how they were chosen).
THRESHOLDS = {
    RESNET: Thresholds(0.05, 0.25, 0.5),
    NARROW: Thresholds(0.01, 0.65, 0.65),
}
# Logistic fits by `tadt-eval calibrate`, on half of the sequences (docs/benchmarks.md); AlexNets of
# other widths use the narrow one's as they are.
CONFIDENCE = {
    RESNET: Logistic((1.91, 9.54), -7.42),
    NARROW: Logistic((3.14, 7.91), -5.06),
}


@dataclass(frozen=True)
class DaSiamRpnSettings(Settings):
    """Settings of DaSiamRPN; -1 stands for the variant's own constant."""

    variant: str = setting(
        NARROW,
        "network: an AlexNet (vot, otb and big as published, alexnet and narrow with torchvision's "
        "widths) or r50, PySOT's ResNet-50",
        choices=tuple(VARIANTS),
    )
    weights: str = setting(
        "auto", "weights: auto (the variant's), manifest name or .safetensors file"
    )
    search_side: int = setting(
        -1,
        f"side of the search window as the network sees it: {EXEMPLAR_SIDE} and a multiple of "
        f"{STRIDE}; -1: the variant's",
        unit="px",
        minimum=-1,
        maximum=1023,
    )
    penalty: float = setting(
        OWN,
        "how strongly changes of size and shape count against a proposal; -1: the variant's",
        minimum=OWN,
        maximum=10.0,
    )
    window_influence: float = setting(
        OWN,
        "share of the cosine window in a proposal's rank; -1: the variant's, or "
        f"{ONLINE_WINDOW} with online",
        minimum=OWN,
        maximum=1.0,
    )
    size_rate: float = setting(
        OWN,
        "share of the best proposal's size that is followed, if it is certain; -1: the variant's",
        minimum=OWN,
        maximum=1.0,
    )
    online: bool = setting(
        True, "learn on the way a classifier that tells the target from what is around it"
    )
    classifier_share: float = setting(
        OWN,
        "share of that classifier's answer in a proposal's rank, beside the network's score; -1: "
        "the variant's",
        minimum=OWN,
        maximum=1.0,
    )
    distractor_aware: bool = setting(
        False, "learn what looks like the target but is not, and rank proposals by that too"
    )

    def __post_init__(self) -> None:
        """Check what ranges do not tell."""
        super().__post_init__()
        self._require_own_or_positive(*CONSTANTS)
        if self.search_side != -1:
            require_search_side("search_side", self.search_side)

    @property
    def resolved(self) -> Variant:
        """The constants to use, and the name of the weights.

        Raises:
            SettingError: weights "auto" for a variant that comes without.
        """
        variant = VARIANTS[self.variant]
        if self.weights == "auto" and not variant.weights:
            raise SettingError(
                f"variant {self.variant!r} comes without weights: set 'weights' to the path of a "
                ".safetensors file (tadt-weights convert makes one of a published checkpoint)"
            )
        own = {name: getattr(self, name) for name in CONSTANTS if getattr(self, name) != OWN}
        if self.online:
            variant = variant._replace(window_influence=ONLINE_WINDOW)
        weights = variant.weights if self.weights == "auto" else self.weights
        return variant._replace(weights=weights, **own)
