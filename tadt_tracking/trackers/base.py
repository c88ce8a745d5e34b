"""The interface of all trackers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.engines import Compute
from tadt_tracking.result import Result
from tadt_tracking.settings import Settings


class ImageError(ValueError):
    """An image that no tracker can use; the message holds what was given."""


class Tracker(ABC):
    """Follows one target through one stream of images.

    A tracker is `init` with the target's box on a first image, then `update` once an image.
    Subclasses implement :meth:`_init` and :meth:`_update`, in which image and box are known good.
    """

    Settings: ClassVar[type[Settings]]  # has at least the field `weights`

    def __init__(self, settings: Settings, compute: Compute) -> None:
        """Hold what every tracker has: checked settings, and where and how it computes."""
        self.settings = settings
        self.compute = compute
        self._started = False

    @classmethod
    def weights_name(cls, settings: Settings) -> str:
        """Return what `tadt_tracking.weights.load` is asked for: settings.weights.

        Raises:
            SettingError: the settings name none.
        """
        return settings.weights

    def init(self, image: np.ndarray, box: Sequence[float]) -> None:
        """Start to follow the target.

        Args:
            image: H x W x 3, uint8, BGR.
            box: (x, y, w, h), top-left corner and size in 0-based pixels; it may leave the image in
                part.

        Raises:
            ImageError: the image has another shape or type.
            BoxError: the box is not finite, empty, or wholly outside the image.
        """
        _require_bgr(image)
        self._init(image, Box(*box).require_in(image))
        self._started = True

    def update(self, image: np.ndarray) -> Result:
        """Find the target in the next image (H x W x 3, uint8, BGR).

        Raises:
            ImageError: the image has another shape or type.
            RuntimeError: `init` was never called.
        """
        _require_bgr(image)
        if not self._started:
            raise RuntimeError("update() before init(): give the target's box first")
        return self._update(image)

    def warm_up(self) -> None:
        """Pay one-time costs (kernels, memory) before the first frame: one init and one update."""
        noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
        self.init(noise, (140, 100, 40, 40))
        self.update(noise)
        self._started = False

    @abstractmethod
    def _init(self, image: np.ndarray, box: Box) -> None: ...

    @abstractmethod
    def _update(self, image: np.ndarray) -> Result: ...


def _require_bgr(image: np.ndarray) -> None:
    if not isinstance(image, np.ndarray):
        raise ImageError(f"an image must be a numpy array, got {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(
            f"an image must be H x W x 3 uint8 BGR, got {image.dtype} of shape {image.shape}"
        )
