"""SiamRPN (Li et al., CVPR 2018) on a modified AlexNet, as DaSiamRPN (Zhu et al., ECCV 2018).

Names of weights are those of the published checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from tadt_tracking.networks.base import FEATURES, RpnPair, SiameseRpn, convolution_type
from tadt_tracking.settings import SettingError

KERNELS = (11, 5, 3, 3, 3)
ANCHORS = 5
EXEMPLAR_SIDE, STRIDE = 127, 8  # pixels
CONV3, CONV3_END = "conv3", 11  # the rectified third convolution, and how many layers lead to it


@dataclass(frozen=True)
class SiamRpnPlan:
    """How wide a network is; kernels and strides are the same for all.

    Attributes:
        channels: output channels of the five convolutions.
        feature_out: channels that the heads correlate.
    """

    channels: tuple[int, int, int, int, int]
    feature_out: int


# The published variants "vot" and "otb" have the same shape and other weights.
PLANS: dict[str, SiamRpnPlan] = {
    "vot": SiamRpnPlan((96, 256, 384, 384, 256), 256),
    "otb": SiamRpnPlan((96, 256, 384, 384, 256), 256),
    "big": SiamRpnPlan((192, 512, 768, 768, 512), 512),
    "alexnet": SiamRpnPlan((64, 192, 384, 256, 256), 256),  # torchvision's AlexNet
    "narrow": SiamRpnPlan((64, 192, 384, 256, 256), 64),
}


class SiamRpn(SiameseRpn):
    """The network: total stride 8, no padding, up-channel correlation for each head.

    Kernels have the shape N x 4 A x F x 4 x 4 (regression) and N x 2 A x F x 4 x 4 (classification)
    for exemplars of 127 px, where A is 5 anchors and F the plan's `feature_out`.
    """

    classified = compared = CONV3

    def __init__(self, plan: SiamRpnPlan) -> None:
        """Make the layers with torch's usual random values."""
        super().__init__()
        self.plan = plan
        channels, features = plan.channels[-1], plan.feature_out
        self.featureExtract = _feature_extractor(plan)
        self.conv_r1 = nn.Conv2d(channels, features * 4 * ANCHORS, 3)
        self.conv_r2 = nn.Conv2d(channels, features, 3)
        self.conv_cls1 = nn.Conv2d(channels, features * 2 * ANCHORS, 3)
        self.conv_cls2 = nn.Conv2d(channels, features, 3)
        self.regress_adjust = nn.Conv2d(4 * ANCHORS, 4 * ANCHORS, 1)

    def layers(self, images: Tensor) -> dict[str, Tensor]:
        """See :class:`SiameseRpn`: 6 x 6 features for 127 px, 24 x 24 for 271 px."""
        conv3 = self.featureExtract[:CONV3_END](images.to(convolution_type(self)))
        return {CONV3: conv3, FEATURES: self.featureExtract[CONV3_END:](conv3)}

    def kernels(self, exemplar_features: Tensor) -> RpnPair:
        """See :class:`SiameseRpn`."""
        raw = self.conv_r1(exemplar_features), self.conv_cls1(exemplar_features)
        return RpnPair(*(r.unflatten(1, (-1, self.plan.feature_out)) for r in raw))

    def search(self, search_features: Tensor) -> RpnPair:
        """See :class:`SiameseRpn`."""
        return RpnPair(self.conv_r2(search_features), self.conv_cls2(search_features))

    def correlate(self, kernels: RpnPair, searched: RpnPair) -> tuple[Tensor, Tensor]:
        """See :class:`SiameseRpn`."""
        regression, classification = map(_correlate_up_channels, kernels, searched)
        offsets = self.regress_adjust(regression)
        return classification.unflatten(1, (2, ANCHORS)), offsets.unflatten(1, (4, ANCHORS))

    def response_cells(self, search_side: int) -> int:
        """See :class:`SiameseRpn`."""
        return (search_side - EXEMPLAR_SIDE) // STRIDE + 1

    def drop_features(self) -> None:
        """See :class:`SiameseRpn`."""
        del self.featureExtract


def require_search_side(name: str, side: int) -> None:
    """Raise :class:`SettingError` unless the cells of a window of that side lie about its middle.

    Args:
        name: of the setting.
        side: in pixels.
    """
    beyond = side - EXEMPLAR_SIDE
    if beyond < 0 or beyond % STRIDE:
        raise SettingError(
            f"setting {name!r} must be {EXEMPLAR_SIDE} and a multiple of {STRIDE}, for example "
            f"255 or 271, got {side!r}"
        )


def _correlate_up_channels(kernels: Tensor, searched: Tensor) -> Tensor:
    """Correlate N x O x F x k x k kernels with N x F x h x w features, one to one: N x O x ..."""
    count, height, width = len(searched), *searched.shape[-2:]
    together = searched.reshape(1, -1, height, width)
    found = functional.conv2d(together, kernels.flatten(0, 1), groups=count)
    return found.unflatten(1, (count, -1))[0]


def _feature_extractor(plan: SiamRpnPlan) -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = 3
    for index, (channels, kernel) in enumerate(zip(plan.channels, KERNELS, strict=True)):
        layers += [nn.Conv2d(inputs, channels, kernel, stride=2 if index == 0 else 1)]
        layers += [nn.BatchNorm2d(channels)]
        layers += [nn.MaxPool2d(3, stride=2)] if index < 2 else []
        layers += [nn.ReLU(inplace=True)] if index < len(KERNELS) - 1 else []
        inputs = channels
    return nn.Sequential(*layers)
