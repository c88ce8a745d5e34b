"""Pairs of exemplar and search window: what a siamese tracker is trained on."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tadt_tracking.box import Box
from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE
from tadt_tracking.training.data.augment import colour, grey, motion_blur
from tadt_tracking.training.data.draws import POSITIVE, PairDraws
from tadt_tracking.training.data.pair_settings import PairSettings
from tadt_tracking.training.data.textures import texture_box
from tadt_tracking.training.data.tracks import Tracks
from tadt_tracking.training.data.windows import (
    Jitter,
    Whole,
    cut,
    draw_stretch,
    read_picture,
)

TRIES = 10  # pairs drawn for one whose pictures can be read
_LOG = logging.getLogger(__name__)


class PairDataset(Dataset):
    """Positive and negative pairs, each drawn from its index and a seed alone.

    A positive pair is an object in two frames of its video, or a still image twice, changed
    differently. A negative pair, of the same or another category, is made of two objects. Without
    an end: every index from 0 is a pair, `len` says how many are to be used. For a pair with a
    picture that cannot be read another one is drawn, and a warning logged; FileNotFoundError is
    raised if none of ten can be read.

    An item is a dict:
        exemplar: 3 x 127 x 127, uint8, BGR.
        search: 3 x S x S, uint8, BGR.
        box: 4, float32 (cx, cy, w, h): the search window's own object, in pixels from its centre.
        kind: int64: 0 positive, 1 negative of the same category, 2 of another.
        track, exemplar_track: int64: where search window and exemplar come from. One number have
            tracks whose pictures may show each other's objects. Of different numbers are different
            objects, also between pairs, as far as the reader of the data set can tell.
    """

    def __init__(
        self, tracks: Tracks, settings: PairSettings | None = None, *, seed: int, pairs: int
    ) -> None:
        """Prepare.

        Args:
            tracks: the annotated objects.
            settings: None for the defaults.
            seed: with another one come other pairs.
            pairs: the length.

        Raises:
            DataError: the tracks do not give the pairs that the settings ask for.
        """
        self._settings = own = settings or PairSettings()
        self._tracks = tracks.at_least(own.smallest)
        positive = 1 - own.same_category - own.other_category
        shares = (positive, own.same_category, own.other_category)
        self._draws = PairDraws(self._tracks, own.video, shares)
        self._seed, self._pairs = seed, pairs

    def __len__(self) -> int:
        return self._pairs

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([self._seed, index])
        for _ in range(TRIES - 1):
            try:
                return self._pair(rng)
            except FileNotFoundError as error:
                _LOG.warning("pair %d is drawn again: %s", index, error)
        return self._pair(rng)

    def _pair(self, rng: np.random.Generator) -> dict[str, Tensor]:
        stretch = draw_stretch(self._settings.stretch, rng)
        kind, first, second = self._draws.draw(rng)
        if kind == POSITIVE:
            exemplar, search = self._positive(first, stretch, rng)
        else:
            exemplar = self._any_picture(first, stretch, rng)
            search = self._any_picture(second, stretch, rng)
        whole = Whole(bool(rng.random() < self._settings.mirror), stretch)
        small = self._exemplar(*exemplar, whole, rng)
        large, box = self._search(*search, whole, rng)
        if rng.random() < self._settings.grey:
            small, large = grey(small), grey(large)
        return {
            "exemplar": _tensor(small),
            "search": _tensor(large),
            "box": torch.from_numpy(box),
            "kind": torch.tensor(kind),
            "track": torch.tensor(int(self._tracks.scenes[second])),
            "exemplar_track": torch.tensor(int(self._tracks.scenes[first])),
        }

    def _positive(
        self, track: int, stretch: float, rng: np.random.Generator
    ) -> tuple[tuple[np.ndarray, Box], tuple[np.ndarray, Box]]:
        """Return two pictures of a track, or one twice, each with the object's box."""
        frames = self._tracks.frames(track)
        one = int(rng.integers(len(frames)))
        if rng.random() < self._settings.textures:
            picture, box = self._picture(track, one, stretch)
            part = (picture, texture_box(picture, box, rng))
            return part, part
        low, high = np.searchsorted(
            frames, [frames[one] - self._settings.max_gap, frames[one] + self._settings.max_gap + 1]
        )
        other = int(rng.integers(low, high))
        exemplar = self._picture(track, one, stretch)
        return exemplar, exemplar if other == one else self._picture(track, other, stretch)

    def _any_picture(
        self, track: int, stretch: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, Box]:
        return self._picture(track, int(rng.integers(self._tracks.lengths[track])), stretch)

    def _picture(self, track: int, index: int, stretch: float) -> tuple[np.ndarray, Box]:
        sighting = self._tracks.sighting(track, index)
        return read_picture(str(sighting.path), sighting.box, stretch)

    def _exemplar(
        self, picture: np.ndarray, box: Box, whole: Whole, rng: np.random.Generator
    ) -> np.ndarray:
        own = self._settings
        jitter = Jitter.draw(own.exemplar_shift, own.exemplar_scale, 0.0, whole, rng)
        window, _ = cut(picture, box, EXEMPLAR_SIDE, jitter)
        return colour(window, own.colour, rng)

    def _search(
        self, picture: np.ndarray, box: Box, whole: Whole, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        own = self._settings
        jitter = Jitter.draw(own.shift, own.scale, own.aspect, whole, rng)
        window, place = cut(picture, box, own.search, jitter)
        if rng.random() < own.blur:
            window = motion_blur(window, own.blur_length, rng)
        return colour(window, own.colour, rng), place


def _tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
