"""Settings of the pairs that a siamese tracker is trained on."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE, STRIDE, require_search_side
from tadt_tracking.settings import SettingError, Settings, setting


@dataclass(frozen=True)
class PairSettings(Settings):
    """What pairs are drawn and how they are changed; augmentation is that of Zhu et al., ECCV 2018.

    The paper does not say how many pairs are negative; one in five is what its authors' later code
    (PySOT) draws, divided evenly here.
    """

    search: int = setting(
        255,
        f"side of the search window: {EXEMPLAR_SIDE} and a multiple of {STRIDE}",
        unit="px",
        minimum=EXEMPLAR_SIDE,
        maximum=1023,
    )
    same_category: float = setting(
        0.1, "share of negative pairs of one category", minimum=0.0, maximum=1.0
    )
    other_category: float = setting(
        0.1, "share of negative pairs of different categories", minimum=0.0, maximum=1.0
    )
    video: float = setting(
        0.5,
        "share of objects drawn from videos, the others are of still images",
        minimum=0.0,
        maximum=1.0,
    )
    textures: float = setting(
        0.0,
        "share of positive pairs that show a part of a picture instead of an annotated object",
        minimum=0.0,
        maximum=1.0,
    )
    max_gap: int = setting(
        100, "frames between the two pictures of a video, at most", unit="frames", minimum=0
    )
    smallest: float = setting(
        10.0, "objects of a smaller square root of area are left out", unit="px", minimum=0.0
    )
    shift: float = setting(
        12.0,
        "how far the object may lie from the search window's centre, along x and y; networks that "
        "pad learn from the paper's 12 px that it is always there: 64 px cures them",
        unit="px",
        minimum=0.0,
        maximum=400.0,
    )
    scale: float = setting(
        0.15, "change of the object's size in the search window", minimum=0.0, maximum=0.9
    )
    aspect: float = setting(
        0.1, "change of the object's aspect in the search window", minimum=0.0, maximum=0.9
    )
    exemplar_shift: float = setting(
        4.0,
        "how far the object may lie from the exemplar's centre",
        unit="px",
        minimum=0.0,
        maximum=63.0,
    )
    exemplar_scale: float = setting(
        0.05, "change of the object's size in the exemplar", minimum=0.0, maximum=0.9
    )
    stretch: float = setting(
        0.0,
        "up to how many times, 1 + this, both pictures of a pair are made wider or narrower "
        "alike, so that a network sees shapes that few objects have",
        minimum=0.0,
        maximum=3.0,
    )
    mirror: float = setting(0.5, "share of mirrored pairs", minimum=0.0, maximum=1.0)
    grey: float = setting(0.25, "share of pairs without colour", minimum=0.0, maximum=1.0)
    blur: float = setting(
        0.2, "share of search windows blurred by motion", minimum=0.0, maximum=1.0
    )
    blur_length: float = setting(
        13.0, "longest motion in a blurred window", unit="px", minimum=2.0, maximum=63.0
    )
    colour: float = setting(
        0.2,
        "change of contrast and saturation of either picture, half of it of brightness and gains",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        """Check what ranges do not tell."""
        super().__post_init__()
        require_search_side("search", self.search)
        if self.same_category + self.other_category > 1:
            raise SettingError(
                "settings 'same_category' and 'other_category' are shares: together "
                f"{self.same_category + self.other_category!r} is more than 1"
            )
