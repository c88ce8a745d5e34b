"""TADT: Li, Ma, Wu, He, Yang, "Target-Aware Deep Tracking", CVPR 2019.

On the first frame gradients pick the channels of a pre-trained VGG-16 that matter for this target;
then a template of them is matched with every search window, at three scales. The paper's template
stays as it was on the first frame; here it follows slowly (setting update_rate). Beside it a
classifier learns on the same channels what the target is not: it has a say in the place, tells
whether the target is there, and finds it again.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.box import Box
from tadt_tracking.crops import crop
from tadt_tracking.engines import Compute, make_engine
from tadt_tracking.engines.steady_frame import SteadyFrame
from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, Vgg
from tadt_tracking.ops.anchors import box_at
from tadt_tracking.ops.correlation import bicubic, cosine_window
from tadt_tracking.ops.template import Template, middle
from tadt_tracking.result import Candidate, Result
from tadt_tracking.trackers.base import Thresholds, Tracker
from tadt_tracking.trackers.candidates import candidates_of_cells, sighted
from tadt_tracking.trackers.evidence import Logistic, Usual
from tadt_tracking.trackers.place import Place
from tadt_tracking.trackers.presence import FirstLook, Presence
from tadt_tracking.trackers.tadt_channels import RANKED_SCALES, choose_channels
from tadt_tracking.trackers.tadt_settings import RENEWED_EVERY, TadtSettings
from tadt_tracking.weights import fill
from tadt_tracking.weights.manifest import StateDict

LOW, HIGH = "conv4_1", "conv4_3"
STRIDE = 4
SMALLEST_SIDE = 0.75  # of a target in the search window, as a share of the largest
SCALE_WEIGHTS = (0.990, 1.0, 1.005)
# A similarity below this share of the usual one is an abrupt fall: something hides the target, and
# the box waits, unless the target is seen all the same.
HIDDEN_BELOW = 0.35
# Every RENEWED_EVERY frames the template is renewed, half of it being the first look for ever,
# where the similarity is at least this share of the usual one.
FIRST_SHARE, SURE_ABOVE = 0.5, 0.6
RANKED_MARGIN = 4  # cells around a ranked target, so that the zero padding stays outside
# What tells whether the target is there sees the chosen channels in cells of twice the stride.
POOLED, POOLED_STRIDE = 3, 2
# Logistic fit by `tadt-eval calibrate`, on half of the sequences (docs/benchmarks.md).
CONFIDENCE = Logistic((2.81, 8.41), -4.94)


class Tadt(Tracker):
    """Target-Aware Deep Tracking."""

    Settings = TadtSettings
    thresholds = Thresholds(0.04, 0.3, 0.8)
    can_search = True

    def __init__(self, settings: TadtSettings, compute: Compute, weights: StateDict) -> None:
        """Load the network; see `create_tracker`."""
        super().__init__(settings, compute)
        network = Vgg(VGG16_TO_CONV4_3)
        fill(network, weights)
        self._engine = make_engine(network, (LOW, HIGH), compute)
        self._low_engine = self._engine.with_taps((LOW,))
        self._cells = _odd_cells(settings.target_side * settings.padding)
        self._window = self._cells * STRIDE  # pixels
        # Responses a row, interpolated to one a pixel.
        self._fine = (self._cells - 1) * STRIDE + 1
        self._finer = bicubic(self._cells, self._fine).to(compute.device)
        self._scales = (1 / settings.scale_step, 1.0, settings.scale_step)
        self._scale_weights = torch.tensor(SCALE_WEIGHTS, device=compute.device)[:, None, None]
        window = torch.lerp(torch.ones(()), cosine_window(self._fine), settings.window_influence)
        self._cosine = window.to(compute.device)
        offsets = torch.arange(self._fine, device=compute.device) - self._fine // 2
        self._places = torch.cartesian_prod(offsets, offsets).T.flip(0).float()  # row by row

    @torch.inference_mode()
    def _init(self, image: np.ndarray, box: Box) -> None:
        self._place, self._usual = Place(box), Usual()
        self._zoom = self._zoom_for(math.sqrt(box.w * box.h))
        self._seen = 0  # frames since the first on which the target was not hidden
        kernel = tuple(min(_odd_cells(n * self._zoom), self._cells) for n in (box.h, box.w))
        window = self._search_window(image, self._place.center, self._pixel())
        found = self._engine(self.compute.batch([window]))
        low, high = found[LOW][0], found[HIGH][0]
        pyramid = functools.partial(self._pyramid, image, kernel)
        chosen = choose_channels(self.settings, (low, high), kernel, pyramid)
        self._selected = self._engine.with_channels(dict(zip((LOW, HIGH), chosen, strict=True)))
        self._frame = SteadyFrame(self._search, self.compute.device)
        self._set_template(low[chosen[0]], high[chosen[1]], kernel)
        sides = (self._window // 2, self._window)
        look = FirstLook(image, box.center, self._size_seen(), (self._pixel(),) * 2, sides)
        how = {
            "stride": STRIDE * POOLED_STRIDE,
            "beside": self.compute.background,
            "logistic": CONFIDENCE,
        }
        self._presence = Presence(look, self._describe, **how)

    def _zoom_for(self, side: float) -> float:
        """Return how much a target, whose side is given in pixels of the image, is enlarged."""
        largest = self.settings.target_side
        return min(max(side, SMALLEST_SIDE * largest), largest) / side

    def _search_window(
        self, image: np.ndarray, center: tuple[float, float], pixel: float
    ) -> np.ndarray:
        """Cut a search window, whose pixels are `pixel` pixels of the image."""
        return crop(image, center, (self._window * pixel,) * 2, (self._window,) * 2)

    def _pixel(self) -> float:
        """Return the size of the window's pixels in pixels of the image."""
        return self._place.scale / self._zoom

    def _size_seen(self) -> tuple[float, float]:
        """Return width and height of the target in pixels of the window."""
        width, height = self._place.first_size
        return width * self._zoom, height * self._zoom

    def _pyramid(self, image: np.ndarray, kernel: tuple[int, int]) -> Tensor:
        """Return conv4-1 of the first target at all `RANKED_SCALES`, S x C x h x w."""
        height, width = (STRIDE * (cells + 2 * RANKED_MARGIN) for cells in kernel)
        pixels = self._pixel() * RANKED_SCALES
        crops = [
            crop(image, self._place.center, (width * p, height * p), (width, height))
            for p in pixels
        ]
        inner = slice(RANKED_MARGIN, -RANKED_MARGIN)
        return self._low_engine(self.compute.batch(crops))[LOW][:, :, inner, inner]

    def _set_template(self, low: Tensor, high: Tensor, kernel: tuple[int, int]) -> None:
        """Balance the two layers, centre the channels, and take the template."""
        sums = [middle(layer, kernel).sum((1, 2)).max() for layer in (low, high)]
        self._balance = sums[1] / sums[0].clamp_min(1e-6)
        window = torch.cat([low * self._balance, high])
        self._mean = window.mean((1, 2), keepdim=True)
        self._template = Template(window - self._mean, kernel, self._scales)

    @torch.inference_mode()
    def _update(self, image: np.ndarray) -> Result:
        self._place.stay_inside(image)
        span = self.search_span()
        searched = Box.from_center(*self._place.center, span, span).clip(image)
        window = self._search_window(image, self._place.center, self._pixel())
        responses, features = self._frame(self.compute.batch([window]))
        pooled = _pooled(features)
        answers = self._presence.answers(pooled)
        best = self._choose(responses, features, self._presence.at(answers, self._places))
        box = box_at(best[:2], self._size_seen())
        # The frame's only synchronisation with a GPU:
        x, y, scale, similarity, *observed = torch.cat(
            [best, self._presence.observe(pooled, answers, box)]
        ).tolist()
        sighting = self._presence.judge(observed, window)
        at = (self._place.center, (self._pixel(),) * 2)
        as_usual = self._usual.note(similarity, HIDDEN_BELOW)
        if as_usual or sighting.score >= self.thresholds.doubt_below:
            grown = self._follow(image, (x, y), self._scales[int(scale)])
            if self.learning:
                self._renew(features, (x, y), grown, similarity)
                self._presence.learn(pooled, (x, y), sighting)
        return sighted(sighting, self._place.box, searched, *at)

    def _search(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Match the template with the search window.

        Returns:
            A response for each scale and pixel, 3 x s x s, and the features, C x n x n.
        """
        features = self._features(window)
        return self._finer @ self._template.match(features) @ self._finer.mT, features

    def _choose(self, responses: Tensor, features: Tensor, answers: Tensor) -> Tensor:
        """Find the target where the template's response and the classifier's answer say.

        Returns:
            Four values: the place (x, y) in pixels of the window from its middle, the index of the
            scale, and the cosine of the angle between the template and the features there.
        """
        side, share = self._fine, self.settings.classifier_share
        heights = responses / responses.amax().clamp_min(1e-6)
        ranks = torch.lerp(heights * self._scale_weights, answers.view(side, side), share)
        best = (ranks * self._cosine).argmax()
        scale, place = best // side**2, best % side**2
        row, column = place // side, place % side
        cell = (row + STRIDE // 2) // STRIDE * self._cells + (column + STRIDE // 2) // STRIDE
        similarity = self._template.similarity(features, responses.take(best), cell)
        there = self._places.index_select(1, place[None])[:, 0]  # [:, place] waits for the GPU
        return torch.cat([there, torch.stack([scale, similarity])])

    def _features(self, window: Tensor) -> Tensor:
        """Return the chosen channels, balanced and centred, C x n x n, of a window of any size."""
        found = self._selected(window)
        return torch.cat([found[LOW][0] * self._balance, found[HIGH][0]]).sub_(self._mean)

    def _describe(self, window: np.ndarray) -> tuple[Tensor, Tensor]:
        return (_pooled(self._features(self.compute.batch([window]))),) * 2

    def _follow(self, image: np.ndarray, place: tuple[float, float], scale: float) -> float:
        """Follow the best response; returns the factor by which the target has grown."""
        self._place.move(*(length * self._pixel() for length in place), image)
        return self._place.grow(1 + self.settings.scale_rate * (scale - 1))

    def _renew(
        self, features: Tensor, place: tuple[float, float], grown: float, similarity: float
    ) -> None:
        """Now and then learn how the target looks, where it looks much as usual."""
        self._seen += 1
        due = self.settings.update_rate > 0 and self._seen % RENEWED_EVERY == 0
        if due and similarity > SURE_ABOVE * self._usual.level:
            x, y = ((length + self._fine // 2) / STRIDE for length in place)
            rate = self.settings.update_rate
            self._template.learn(features, (y, x), grown, rate, FIRST_SHARE)

    def search_span(self) -> float:
        """See :class:`Tracker`."""
        return self._window * self._pixel()

    @torch.inference_mode()
    def _search_for(self, image: np.ndarray, region: Box, scale: float) -> list[Candidate]:
        pixel = scale * self._pixel()
        window = self._search_window(image, region.center, pixel)
        pooled = _pooled(self._features(self.compute.batch([window])))
        at, size = (region.center, (pixel,) * 2), self._size_seen()
        return candidates_of_cells(image, *at, size, window, pooled, self._presence)

    def _move_to(self, image: np.ndarray, box: Box) -> None:
        self._place.move_to(box, image)


def _pooled(features: Tensor) -> Tensor:
    """Return C x m x m features of cells twice as far apart, with the same middle; n is odd."""
    return functional.avg_pool2d(features, POOLED, POOLED_STRIDE)


def _odd_cells(pixels: float) -> int:
    """Return the odd number of feature cells nearest to a length in the window's pixels."""
    return max(2 * round((pixels / STRIDE - 1) / 2) + 1, 3)
