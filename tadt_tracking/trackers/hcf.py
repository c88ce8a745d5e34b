"""HCF: Ma, Huang, Yang, Yang, "Hierarchical Convolutional Features for Visual Tracking", ICCV 2015.

One correlation filter for each of three layers of a pre-trained VGG-19, learned frame by frame. The
coarse layers, which know what the target is, say where the fine ones, which know where its edges
are, have to look. The paper has no scale; here a fourth filter finds it (`ops.scale_filter`). Nor
does the paper know when its target is gone; here a classifier learns beside the filters, on conv4-4
of the same window, what the target is not: it leaves the place to them, but tells whether the
target is there, and finds it again.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tadt_tracking.box import Box
from tadt_tracking.crops import crop
from tadt_tracking.engines import Compute, make_engine
from tadt_tracking.networks.vgg import VGG19_TO_CONV5_4, Vgg
from tadt_tracking.ops.anchors import box_at
from tadt_tracking.ops.correlation_filter import CorrelationFilter
from tadt_tracking.ops.fourier_band import FourierBand
from tadt_tracking.ops.scale_filter import ScaleFilter, ScalePyramid
from tadt_tracking.result import Candidate, Result
from tadt_tracking.trackers.base import Thresholds, Tracker
from tadt_tracking.trackers.candidates import candidates_of_cells, sighted
from tadt_tracking.trackers.evidence import Logistic, Usual
from tadt_tracking.trackers.hcf_settings import LAYER_WEIGHTS, HcfSettings
from tadt_tracking.trackers.place import Place
from tadt_tracking.trackers.presence import FirstLook, Presence
from tadt_tracking.weights import fill
from tadt_tracking.weights.manifest import StateDict

STRIDES = {"conv5_4": 16, "conv4_4": 8, "conv3_4": 4}  # pixels of the window
LABEL_SIGMA = 0.1  # of the target's size
WINDOW = 224  # pixels of the search window as the network sees it
CELLS = 56  # of the grid to which all layers are resized; conv3-4 has as many
CELL = WINDOW // CELLS  # pixels of the window
STEP = 0.25  # cells between neighbouring responses
SCALE_LAYER = "conv3_4"
SCALE_STEP = 1.02
PYRAMID = ScalePyramid(tuple(SCALE_STEP**step for step in range(-8, 9)), cells=10)
SCALE_SIGMA, SCALE_REGULARIZATION = 1.0, 1e-2
# What tells whether the target is there sees means of POOLED x POOLED cells, twice as far apart.
PRESENCE_LAYER, PRESENCE_CHANNELS = "conv4_4", 192
POOLED, POOLED_STRIDE = 4, 2
PRESENCE_STRIDE = STRIDES[PRESENCE_LAYER] * POOLED_STRIDE
# Logistic fit by `tadt-eval calibrate`, on half of the sequences (docs/benchmarks.md).
CONFIDENCE = Logistic((3.79, 8.99), -5.19)


class Hcf(Tracker):
    """Hierarchical Convolutional Features."""

    Settings = HcfSettings
    thresholds = Thresholds(0.02, 0.35, 0.8)
    can_search = True

    def __init__(self, settings: HcfSettings, compute: Compute, weights: StateDict) -> None:
        """Load the network; see `create_tracker`."""
        super().__init__(settings, compute)
        network = Vgg(VGG19_TO_CONV5_4)
        fill(network, weights)
        self._layers = settings.coarse_to_fine
        # Made for all layers, whichever are used: quantised once.
        self._engine = make_engine(network, tuple(LAYER_WEIGHTS), compute)
        used = {*self._layers, PRESENCE_LAYER} | ({SCALE_LAYER} if settings.scale else set())
        if len(used) < len(LAYER_WEIGHTS):
            self._engine = self._engine.with_taps(tuple(n for n in LAYER_WEIGHTS if n in used))
        self._band = FourierBand.of_labels(CELLS, LABEL_SIGMA * CELLS / (1 + settings.padding))
        self._centered = self._analyses((0.0, 0.0))
        self._places = torch.from_numpy(self._band.offsets(STEP)).to(compute.device, torch.float32)
        self._synthesis = self._band.synthesis(STEP, compute.device)

    @torch.inference_mode()
    def _init(self, image: np.ndarray, box: Box) -> None:
        self._place, self._usual = Place(box), Usual()
        found = self._look(self._search_window(image, box.center))
        height, width = self._target_cells()
        sigma = (LABEL_SIGMA * height, LABEL_SIGMA * width)
        self._labels = self._band.gaussian(sigma, self.compute.device)
        self._filters = [
            CorrelationFilter(spectrum, self._labels, self.settings.regularization)
            for spectrum in self._spectra(found, self._centered)
        ]
        if self.settings.scale:
            sample = self._pyramid(found, (0.0, 0.0))
            self._scale_filter = ScaleFilter(sample, SCALE_SIGMA, SCALE_REGULARIZATION)
        look = FirstLook(image, box.center, self._size_seen(), self._pixel(), (WINDOW // 2, WINDOW))
        how = {"stride": PRESENCE_STRIDE, "beside": self.compute.background, "logistic": CONFIDENCE}
        self._presence = Presence(look, self._describe, channels=PRESENCE_CHANNELS, **how)

    @torch.inference_mode()
    def _update(self, image: np.ndarray) -> Result:
        self._place.stay_inside(image)
        searched = Box.from_center(*self._place.center, *self._window()).clip(image)
        window = self._search_window(image, self._place.center)
        found = self._look(window)
        seen = _pooled(found)
        place, height = self._locate(self._spectra(found, self._centered))
        answers = self._presence.answers(seen)
        box = box_at(place.flip(0) * CELL, self._size_seen())
        observed = self._presence.observe(seen, answers, box)
        # The one synchronisation with a GPU before the scale's:
        down, across, height, *observed = torch.cat([place, height, observed]).tolist()
        sighting = self._presence.judge(observed, window)
        at = (self._place.center, self._pixel())
        place = self._move((down, across), image)
        if self._usual.note(height, self.settings.learn_above):
            if self.settings.scale:
                self._follow_scale(found, place)
            if self.learning:
                self._presence.learn(seen, (place[1] * CELL, place[0] * CELL), sighting)
                self._learn(image, found, place)
        return sighted(sighting, self._place.box, searched, *at)

    def _window(self) -> tuple[float, float]:
        """Return the width and height of the search window in pixels of the image."""
        width, height = self._place.first_size
        if self.settings.window_shape == "square":
            width = height = math.sqrt(width * height)
        growth = self._place.scale * (1 + self.settings.padding)
        return width * growth, height * growth

    def _pixel(self) -> tuple[float, float]:
        """Return width and height of the window's pixels in pixels of the image."""
        width, height = self._window()
        return width / WINDOW, height / WINDOW

    def _size_seen(self) -> tuple[float, float]:
        """Return width and height of the target in pixels of the window."""
        height, width = self._target_cells()
        return width * CELL, height * CELL

    def _search_window(
        self, image: np.ndarray, center: tuple[float, float], scale: float = 1.0
    ) -> np.ndarray:
        """Cut a search window, `scale` times as large as usual, around a place."""
        span = tuple(scale * length for length in self._window())
        return crop(image, center, span, (WINDOW, WINDOW))

    def _describe(self, window: np.ndarray) -> tuple[Tensor, Tensor]:
        return (_pooled(self._look(window)),) * 2

    def _look(self, window: np.ndarray) -> dict[str, Tensor]:
        """Return the features (1 x C x h x w) of a search window, by layer."""
        found = self._engine(self.compute.batch([window]))
        # Channels last in memory, which is what all that reads them wants.
        return {
            layer: features.contiguous(memory_format=torch.channels_last)
            for layer, features in found.items()
        }

    def _analyses(self, place: tuple[float, float]) -> dict[str, tuple[Tensor, Tensor]]:
        """Return what transforms each layer's features with the window around a place."""
        return {
            layer: self._band.analysis(WINDOW // STRIDES[layer], self.compute.device, place)
            for layer in self._layers
        }

    def _spectra(
        self, found: dict[str, Tensor], analyses: dict[str, tuple[Tensor, Tensor]]
    ) -> list[Tensor]:
        """Return the spectra that the filters see: one for each of them."""
        spectra = [self._band.transform(found[n][0], analyses[n]) for n in self._layers]
        return [torch.cat(spectra, -1)] if self.settings.fusion == "concatenation" else spectra

    def _locate(self, spectra: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Find the target where the layers' responses, each of height 1, add up best.

        This is equation 5 without its limit on how far the layers' maxima lie apart.

        Returns:
            Its place, down and across in cells from the window's middle, and the height of the
            coarsest layer's response, one value.
        """
        total, peaks = 0.0, []
        weights = (LAYER_WEIGHTS[layer] for layer in self._layers)
        for filter_, spectrum, weight in zip(self._filters, spectra, weights, strict=False):
            response = self._band.inverse(filter_.respond(spectrum), self._synthesis)
            peaks.append(response.amax())
            total = total + weight / peaks[-1].clamp_min(1e-6) * response
        best, side = total.argmax(), len(self._places)
        return self._places.take(torch.stack([best // side, best % side])), peaks[0][None]

    def _move(self, place: tuple[float, float], image: np.ndarray) -> tuple[float, float]:
        """Follow the target to a place in the window; returns the place, inside the image."""
        width, height = (length / CELLS for length in self._window())
        x, y = self._place.center
        self._place.move(place[1] * width, place[0] * height, image)
        return (self._place.center[1] - y) / height, (self._place.center[0] - x) / width

    def _learn(
        self, image: np.ndarray, found: dict[str, Tensor], place: tuple[float, float]
    ) -> None:
        """Learn from the features with the cosine window around the target's place in them.

        The paper cuts a second window there, which runs the network twice a frame.
        """
        if self.settings.second_pass:
            found = self._look(self._search_window(image, self._place.center))
            place = (0.0, 0.0)
        spectra = self._spectra(found, self._analyses(place))
        for filter_, spectrum in zip(self._filters, spectra, strict=True):
            filter_.learn(spectrum, self._labels, self.settings.learning_rate)

    def _follow_scale(self, found: dict[str, Tensor], place: tuple[float, float]) -> None:
        """Find the target's scale at its new place, and learn how it looks there, if it may."""
        sample = self._pyramid(found, place)
        step = self._scale_filter.find(sample)
        if self.learning:
            self._scale_filter.learn(sample, step, self.settings.scale_rate)
        self._place.grow(SCALE_STEP**step)

    def _pyramid(self, found: dict[str, Tensor], place: tuple[float, float]) -> Tensor:
        """Sample the target, which is at `place`, at all scales: S x D."""
        center = (CELLS / 2 + place[1], CELLS / 2 + place[0])
        return PYRAMID.sample(found[SCALE_LAYER][0], center, self._target_cells()[::-1])

    def _target_cells(self) -> tuple[float, float]:
        """Return the target's height and width in cells; its scale leaves them as they are."""
        sizes = zip(self._place.box.size, self._window(), strict=True)
        width, height = (length / window * CELLS for length, window in sizes)
        return height, width

    def search_span(self) -> float:
        """See :class:`Tracker`."""
        return min(self._window())

    @torch.inference_mode()
    def _search_for(self, image: np.ndarray, region: Box, scale: float) -> list[Candidate]:
        window = self._search_window(image, region.center, scale)
        seen = _pooled(self._look(window))
        at = (region.center, tuple(scale * length for length in self._pixel()))
        return candidates_of_cells(image, *at, self._size_seen(), window, seen, self._presence)

    def _move_to(self, image: np.ndarray, box: Box) -> None:
        self._place.move_to(box, image)


def _pooled(found: dict[str, Tensor]) -> Tensor:
    """Return what tells whether the target is there: C x m x m with the window's middle."""
    # With the batch: of C x h x w maps torch forgets that their channels are last.
    return functional.avg_pool2d(found[PRESENCE_LAYER], POOLED, POOLED_STRIDE)[0]
