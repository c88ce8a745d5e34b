"""DaSiamRPN: Zhu et al., "Distractor-aware Siamese Networks", ECCV 2018, on SiamRPN, CVPR 2018.

On the first frame a siamese network turns an exemplar of the target into the kernels of a region
proposal network. Among the boxes that this proposes in each search window, the best is one with a
high score, close to the last place and of much the same size and shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.box import Box
from tadt_tracking.crops import crop
from tadt_tracking.engines import Compute, make_engine
from tadt_tracking.engines.steady_frame import SteadyFrame
from tadt_tracking.networks.base import (
    CLASSIFICATION,
    FEATURES,
    REGRESSION,
    RpnPair,
    SearchBranch,
    SiameseRpn,
)
from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE, PLANS, STRIDE, SiamRpn
from tadt_tracking.networks.siamrpn_resnet import SiamRpnResNet
from tadt_tracking.ops.anchors import anchor_grid, change_penalty, context_side, decode
from tadt_tracking.ops.correlation import cosine_window
from tadt_tracking.result import Result
from tadt_tracking.settings import SettingError, Settings, setting
from tadt_tracking.trackers.base import Tracker
from tadt_tracking.trackers.place import inside
from tadt_tracking.weights.manifest import StateDict

SMALLEST = 10.0  # pixels of a target's width and height, unless it was given a smaller one
RESNET = "r50"
PUBLISHED = -1.0  # a setting that is to be the variant's own


class Variant(NamedTuple):
    """The published constants of a network, and the name of its weights (if there are any)."""

    search_side: int
    penalty: float
    window_influence: float
    size_rate: float
    weights: str = ""


VARIANTS = {
    "vot": Variant(271, 0.04, 0.44, 0.45),
    "otb": Variant(271, 0.22, 0.40, 0.30),
    "big": Variant(271, 0.055, 0.42, 0.295),
    "alexnet": Variant(271, 0.04, 0.44, 0.45),
    "narrow": Variant(271, 0.04, 0.44, 0.45),
    RESNET: Variant(255, 0.10, 0.41, 0.32, "siamrpn-r50"),
}


@dataclass(frozen=True)
class DaSiamRpnSettings(Settings):
    """Settings of DaSiamRPN; -1 stands for the variant's published constant."""

    variant: str = setting(
        RESNET,
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
        PUBLISHED,
        "how strongly changes of size and shape count against a proposal; -1: the variant's",
        minimum=PUBLISHED,
        maximum=10.0,
    )
    window_influence: float = setting(
        PUBLISHED,
        "share of the cosine window in a proposal's rank; -1: the variant's",
        minimum=PUBLISHED,
        maximum=1.0,
    )
    size_rate: float = setting(
        PUBLISHED,
        "share of the best proposal's size that is followed, if it is certain; -1: the variant's",
        minimum=PUBLISHED,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        """Check what ranges do not tell."""
        super().__post_init__()
        for name in ("search_side", "penalty", "window_influence", "size_rate"):
            value = getattr(self, name)
            if PUBLISHED < value < 0:
                raise SettingError(f"setting {name!r} must be -1 or at least 0, got {value!r}")
        beyond = self.search_side - EXEMPLAR_SIDE
        if self.search_side != -1 and (beyond < 0 or beyond % STRIDE):
            raise SettingError(
                f"setting 'search_side' must be {EXEMPLAR_SIDE} and a multiple of {STRIDE}, for "
                f"example 255 or 271, got {self.search_side!r}"
            )

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
        own = {
            name: getattr(self, name)
            for name in ("search_side", "penalty", "window_influence", "size_rate")
            if getattr(self, name) != PUBLISHED
        }
        weights = variant.weights if self.weights == "auto" else self.weights
        return variant._replace(weights=weights, **own)


class DaSiamRpn(Tracker):
    """SiamRPN's tracking."""

    Settings = DaSiamRpnSettings

    @classmethod
    def weights_name(cls, settings: DaSiamRpnSettings) -> str:
        """See :class:`Tracker`."""
        return settings.resolved.weights

    def __init__(self, settings: DaSiamRpnSettings, compute: Compute, weights: StateDict) -> None:
        """Load the network; see `create_tracker`."""
        super().__init__(settings, compute)
        self._constants = settings.resolved
        self._network = _network(settings.variant)
        self._network.load_state_dict(weights)
        self._network.eval().requires_grad_(False).to(compute.device)
        taps = (FEATURES, CLASSIFICATION, REGRESSION)
        self._engine = make_engine(SearchBranch(self._network), taps, compute)
        self._network.drop_features()
        cells = self._network.response_cells(self._constants.search_side)
        self._anchors = anchor_grid(cells).to(compute.device)
        self._cosine = cosine_window(cells).to(compute.device)

    @torch.inference_mode()
    def _init(self, image: np.ndarray, box: Box) -> None:
        self._center, self._size = box.center, box.size
        self._smallest = tuple(min(length, SMALLEST) for length in box.size)
        exemplar = self._engine(self._window(image, EXEMPLAR_SIDE))
        self._kernels = self._network.kernels(exemplar[FEATURES])
        self._frame = SteadyFrame(self._propose, self.compute.device)

    def _window(self, image: np.ndarray, side: int) -> Tensor:
        """Cut a square around the last place, of which the network sees `side` pixels a row."""
        span = side * self._pixel()
        return self.compute.batch([crop(image, self._center, (span, span), (side, side))])

    def _pixel(self) -> float:
        """Return the size of the network's pixels in pixels of the image."""
        return context_side(*self._size) / EXEMPLAR_SIDE

    @torch.inference_mode()
    def _update(self, image: np.ndarray) -> Result:
        self._center = inside(self._center, image)
        pixel, side = self._pixel(), self._constants.search_side
        searched = Box.from_center(*self._center, side * pixel, side * pixel).clip(image)
        scores, boxes = self._frame(self._window(image, side))
        # The frame's only synchronisation with a GPU:
        *proposal, score, penalty = self._choose(scores, boxes, pixel).tolist()
        self._follow(image, [length * pixel for length in proposal], score * penalty)
        return Result(Box.from_center(*self._center, *self._size), score, searched, score)

    def _propose(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return the proposals in a search window: scores A x n x n, boxes 4 x A x n x n."""
        found = self._engine(window)
        searched = RpnPair(found[REGRESSION], found[CLASSIFICATION])
        logits, offsets = self._network.correlate(self._kernels, searched)
        return logits[0].softmax(0)[1], decode(offsets[0], self._anchors)

    def _choose(self, scores: Tensor, boxes: Tensor, pixel: float) -> Tensor:
        """Return the best proposal: its box (cx, cy, w, h), its score, and its penalty."""
        size = tuple(length / pixel for length in self._size)
        penalties = change_penalty(boxes, size, self._constants.penalty)
        influence = self._constants.window_influence
        ranks = (1 - influence) * penalties * scores + influence * self._cosine
        best = ranks.argmax()
        return torch.stack([values.take(best) for values in (*boxes, scores, penalties)])

    def _follow(self, image: np.ndarray, proposal: list[float], certainty: float) -> None:
        """Move to a proposal, in pixels of the image, and follow its size with some inertia."""
        right, down, *size = proposal
        self._center = inside((self._center[0] + right, self._center[1] + down), image)
        rate = certainty * self._constants.size_rate
        height, width = image.shape[:2]
        limits = zip(self._smallest, (width, height), strict=True)
        self._size = tuple(
            max(smallest, min((1 - rate) * before + rate * now, largest))
            for before, now, (smallest, largest) in zip(self._size, size, limits, strict=True)
        )


def _network(variant: str) -> SiameseRpn:
    return SiamRpnResNet() if variant == RESNET else SiamRpn(PLANS[variant])
