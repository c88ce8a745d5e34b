"""TADT: Li, Ma, Wu, He, Yang, "Target-Aware Deep Tracking", CVPR 2019.

On the first frame gradients pick the channels of a pre-trained VGG-16 that matter for this target;
then a fixed template of them is matched with every search window, at three scales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.box import Box
from tadt_tracking.crops import crop
from tadt_tracking.engines import Compute, make_engine
from tadt_tracking.engines.steady_frame import SteadyFrame
from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, Vgg
from tadt_tracking.ops.channel_importance import ranking_importance, regression_importance
from tadt_tracking.ops.correlation import correlate, cosine_window, kernel_spectrum, padded_size
from tadt_tracking.result import Result
from tadt_tracking.settings import Settings, setting
from tadt_tracking.trackers.base import Tracker
from tadt_tracking.weights.manifest import StateDict

LOW, HIGH = "conv4_1", "conv4_3"
STRIDE = 4
SMALLEST_SIDE = 0.75  # of a target in the search window, as a share of the largest
SCALE_WEIGHTS = (0.990, 1.0, 1.005)
# A similarity below this share of the usual one is an abrupt fall: something hides the target, and
# the box waits. What is usual follows the similarity at these rates (a frame), seen and hidden.
HIDDEN_BELOW, RATE_SEEN, RATE_HIDDEN = 0.35, 0.1, 0.02
MIN_SCALE, MAX_SCALE = 0.2, 5.0  # of the first size
# Sizes at which the ranking loss sees the target, relative to the true one.
RANKED_SCALES = np.geomspace(0.8, 1.25, 11)
RANKED_MARGIN = 4  # cells around a ranked target, so that the zero padding stays outside
# Logistic fit of "overlap > 0.5" to the similarity on half of the sequences (docs/benchmarks.md).
CONFIDENCE_SLOPE, CONFIDENCE_MIDDLE = 17.4, 0.18


@dataclass(frozen=True)
class TadtSettings(Settings):
    """Settings of TADT; the constants above are the paper's and its implementations'."""

    weights: str = setting("vgg16-oxford", "VGG-16 weights: manifest name or .safetensors file")
    conv4_3_channels: int = setting(300, "channels kept of conv4-3", minimum=1, maximum=512)
    conv4_1_channels: int = setting(80, "channels kept of conv4-1", minimum=1, maximum=512)
    selection: str = setting(
        "regression+ranking",
        "what chooses channels: both losses (conv4-1 by ranking), the regression loss, or chance",
        choices=("regression+ranking", "regression", "random"),
    )
    target_side: float = setting(
        59.0,
        "square root of a target's area as the network sees it, at most; three quarters at least",
        unit="px",
        minimum=20.0,
        maximum=200.0,
    )
    padding: float = setting(
        3.0, "side of the search window, relative to target_side", minimum=1.5, maximum=6.0
    )
    window_influence: float = setting(
        1.0, "weight of the cosine window on responses", minimum=0.0, maximum=1.0
    )
    scale_step: float = setting(
        1.045, "ratio of neighbouring scales among the three", minimum=1.001, maximum=1.5
    )
    scale_rate: float = setting(
        0.3, "share of the best scale's change that is followed", minimum=0.0, maximum=1.0
    )


class Tadt(Tracker):
    """Target-Aware Deep Tracking."""

    Settings = TadtSettings

    def __init__(self, settings: TadtSettings, compute: Compute, weights: StateDict) -> None:
        """Load the network; see `create_tracker`."""
        super().__init__(settings, compute)
        network = Vgg(VGG16_TO_CONV4_3)
        network.load_state_dict(weights)
        self._engine = make_engine(network, (LOW, HIGH), compute)
        self._low_engine = self._engine.with_taps((LOW,))
        self._cells = _odd_cells(settings.target_side * settings.padding)
        self._window = self._cells * STRIDE  # pixels
        self._fine = (
            self._cells - 1
        ) * STRIDE + 1  # responses per row, interpolated to one a pixel
        self._scales = (1 / settings.scale_step, 1.0, settings.scale_step)
        influence = settings.window_influence
        window = 1 - influence + influence * cosine_window(self._fine)
        self._weight = (torch.tensor(SCALE_WEIGHTS)[:, None, None] * window).to(compute.device)

    @torch.inference_mode()
    def _init(self, image: np.ndarray, box: Box) -> None:
        side = math.sqrt(box.w * box.h)
        largest = self.settings.target_side
        self._zoom = min(max(side, SMALLEST_SIDE * largest), largest) / side
        self._center, self._first_size, self._scale = box.center, box.size, 1.0
        self._usual = 0.0  # similarity; nothing is usual yet, so nothing counts as a fall
        height, width = (
            min(_odd_cells(length * self._zoom), self._cells) for length in (box.h, box.w)
        )

        found = self._engine(self._search_window(image))
        low, high = found[LOW][0], found[HIGH][0]
        self._low, self._high = self._choose_channels(image, low, high, (height, width))
        self._selected = self._engine.with_channels(HIGH, self._high)
        self._frame = SteadyFrame(self._search, self.compute.device)
        self._set_template(low[self._low], high[self._high], (height, width))

    def _search_window(self, image: np.ndarray) -> Tensor:
        """Cut the search window around the last place: a batch of one."""
        side = self._pixel() * self._window
        shape = (self._window, self._window)
        return self.compute.batch([crop(image, self._center, (side, side), shape)])

    def _pixel(self) -> float:
        """Return the size of the window's pixels in pixels of the image."""
        return self._scale / self._zoom

    def _choose_channels(
        self, image: np.ndarray, low: Tensor, high: Tensor, kernel: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Choose channels of conv4-1 and conv4-3, as far as they tell about the target."""
        if self.settings.selection == "random":
            chance = torch.Generator().manual_seed(0)
            importances = [torch.rand(len(layer), generator=chance) for layer in (low, high)]
        else:
            ranking = self.settings.selection == "regression+ranking"
            importances = [
                self._scale_importance(image, low, kernel)
                if ranking
                else regression_importance(low, kernel),
                regression_importance(high, kernel),
            ]
        counts = (self.settings.conv4_1_channels, self.settings.conv4_3_channels)
        return tuple(
            importance.topk(count).indices.sort().values.to(low.device)
            for importance, count in zip(importances, counts, strict=True)
        )

    def _scale_importance(self, image: np.ndarray, low: Tensor, kernel: tuple[int, int]) -> Tensor:
        """Return how much channels of conv4-1 notice the target's scale, if active there."""
        height, width = (STRIDE * (cells + 2 * RANKED_MARGIN) for cells in kernel)
        pixels = self._pixel() * RANKED_SCALES
        crops = [
            crop(image, self._center, (width * p, height * p), (width, height)) for p in pixels
        ]
        inner = slice(RANKED_MARGIN, -RANKED_MARGIN)
        pyramid = self._low_engine(self.compute.batch(crops))[LOW][:, :, inner, inner]
        distances = torch.from_numpy(np.abs(np.log(RANKED_SCALES))).to(low.device)
        importance = ranking_importance(pyramid, distances)
        activity = _middle(low, kernel).amax((1, 2))
        return importance.masked_fill(activity <= activity.median(), -torch.inf)

    def _set_template(self, low: Tensor, high: Tensor, kernel: tuple[int, int]) -> None:
        """Balance the two layers, centre the channels, and fix the template at three scales."""
        sums = [_middle(layer, kernel).sum((1, 2)).max() for layer in (low, high)]
        self._balance = sums[1] / sums[0].clamp_min(1e-6)
        window = torch.cat([low * self._balance, high])
        self._mean = window.mean((1, 2), keepdim=True)
        template = _middle(window - self._mean, kernel)
        scaled = torch.stack([_rescale(template, scale) for scale in self._scales])
        self._spectra = kernel_spectrum(scaled, padded_size(self._cells, kernel))
        self._kernel, self._norm = kernel, template.norm()

    @torch.inference_mode()
    def _update(self, image: np.ndarray) -> Result:
        self._stay_inside(image)
        side = self._pixel() * self._window
        searched = Box.from_center(*self._center, side, side).clip(image)
        # The frame's only synchronisation with a GPU:
        scale, row, column, similarity = self._frame(self._search_window(image)).tolist()
        if not self._is_hidden(similarity):
            self._move(self._scales[int(scale)], row, column)
            self._stay_inside(image)
        width, height = (length * self._scale for length in self._first_size)
        box = Box.from_center(*self._center, width, height)
        return Result(box, _confidence(similarity), searched)

    def _search(self, window: Tensor) -> Tensor:
        """Find the template in the search window.

        Returns:
            Index of the scale, row and column of the best response in pixels of the window, and
            the cosine of the angle between the template and the features there.
        """
        found = self._selected(window)
        low = found[LOW][0, self._low] * self._balance
        features = torch.cat([low, found[HIGH][0]]) - self._mean
        responses = correlate(features, self._spectra)[:, None]
        side = self._fine
        fine = functional.interpolate(responses, side, mode="bicubic", align_corners=True)
        best = (fine[:, 0] * self._weight).argmax()
        scale, row, column = best // side**2, best % side**2 // side, best % side
        cell = (row + STRIDE // 2) // STRIDE * self._cells + (column + STRIDE // 2) // STRIDE
        # take(), since indexing with a tensor of one value waits for the GPU.
        norms = self._norm * _local_energy(features, self._kernel).take(cell).sqrt()
        similarity = fine.take(best) / norms.clamp_min(1e-6)
        return torch.stack([scale, row, column, similarity])

    def _is_hidden(self, similarity: float) -> bool:
        """Tell whether the similarity has fallen abruptly, and note what is usual."""
        hidden = similarity < HIDDEN_BELOW * self._usual
        self._usual += (RATE_HIDDEN if hidden else RATE_SEEN) * (similarity - self._usual)
        return hidden

    def _move(self, scale: float, row: float, column: float) -> None:
        """Follow the best response, at a scale and a place in pixels of the window."""
        right, down = ((place - self._fine // 2) * self._pixel() for place in (column, row))
        self._center = (self._center[0] + right, self._center[1] + down)
        damped = self._scale * (1 + self.settings.scale_rate * (scale - 1))
        self._scale = min(max(damped, MIN_SCALE), MAX_SCALE)

    def _stay_inside(self, image: np.ndarray) -> None:
        """Keep the centre in the picture, whose size may change from one to the next."""
        height, width = image.shape[:2]
        x, y = self._center
        self._center = (min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height)))


def _odd_cells(pixels: float) -> int:
    """Return the odd number of feature cells nearest to a length in the window's pixels."""
    return max(2 * round((pixels / STRIDE - 1) / 2) + 1, 3)


def _middle(features: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Return the middle h x w cells of C x n x n features."""
    top, left = ((features.shape[-1] - cells) // 2 for cells in kernel)
    return features[:, top : top + kernel[0], left : left + kernel[1]]


def _rescale(template: Tensor, scale: float) -> Tensor:
    """Return a C x h x w template of the target grown by `scale`: same grid, same norm."""
    shrink = torch.tensor([[[1 / scale, 0, 0], [0, 1 / scale, 0]]], device=template.device)
    grid = functional.affine_grid(shrink, [1, *template.shape], align_corners=False)
    grown = functional.grid_sample(template[None], grid, align_corners=False)[0]
    return grown * (template.norm() / grown.norm().clamp_min(1e-6))


def _local_energy(features: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Return the squared norm of C x n x n features under a kernel around each cell: n x n."""
    half = (kernel[0] // 2, kernel[1] // 2)
    mean = functional.avg_pool2d(features.square().sum(0)[None, None], kernel, 1, half)
    return mean[0, 0] * math.prod(kernel)


def _confidence(similarity: float) -> float:
    """Return the probability that the box is right, from the cosine of template and picture."""
    return 1 / (1 + math.exp(-CONFIDENCE_SLOPE * (similarity - CONFIDENCE_MIDDLE)))
