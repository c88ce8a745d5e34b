"""The interface of all trackers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.engines import Compute
from tadt_tracking.result import Candidate, Result
from tadt_tracking.settings import Settings
from tadt_tracking.trackers.presence import Presence


class ImageError(ValueError):
    """An image that no tracker can use; the message holds what was given."""


class Thresholds(NamedTuple):
    """The scores by which a session judges, in rising order.

    Attributes:
        lose_below: a lower score speaks against the target being where the tracker looks.
        doubt_below: a lower score makes it doubted for that frame.
        regain_above: a place has to score this much for a lost target to be found there.
    """

    lose_below: float
    doubt_below: float
    regain_above: float


class Tracker(ABC):
    """Follows one target through one stream of images.

    A tracker is `init` with the target's box on a first image, then `update` once an image.
    Subclasses implement :meth:`_init` and :meth:`_update`, in which image and box are known good.
    One that can look for a lost target in large regions sets `can_search` and implements
    :meth:`search_span`, :meth:`_search_for` and :meth:`_move_to`. One that judges by a `Presence`
    whether its target is there makes it, `_presence`, in :meth:`_init`.

    Attributes:
        thresholds: by which a session judges, unless it is given others.
        learning: whether `update` may change what the tracker knows of the target's looks; true
            after `init`. Who decides that the target is lost (a session) clears it meanwhile.
    """

    Settings: ClassVar[type[Settings]]  # has at least the field `weights`
    thresholds: Thresholds = Thresholds(0.5, 0.6, 0.8)
    can_search: ClassVar[bool] = False

    def __init__(self, settings: Settings, compute: Compute) -> None:
        """Hold what every tracker has: checked settings, and where and how it computes."""
        self.settings = settings
        self.thresholds = self.thresholds_of(settings)
        self.compute = compute
        self.learning = True
        self._presence: Presence | None = None
        self._started = False

    @classmethod
    def weights_name(cls, settings: Settings) -> str:
        """Return what `tadt_tracking.weights.load` is asked for: settings.weights.

        Raises:
            SettingError: the settings name none.
        """
        return settings.weights

    @classmethod
    def thresholds_of(cls, settings: Settings) -> Thresholds:
        """Return the thresholds of a tracker with these settings."""
        return cls.thresholds

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
        require_bgr(image)
        inside = Box(*box).require_in(image)
        self.learning = True
        self._init(image, inside)
        self._started = True

    def update(self, image: np.ndarray) -> Result:
        """Find the target in the next image (H x W x 3, uint8, BGR).

        Raises:
            ImageError: the image has another shape or type.
            RuntimeError: `init` was never called.
        """
        self._require_started(image, "update")
        return self._update(image)

    def search(self, image: np.ndarray, region: Box, scale: float = 1.0) -> list[Candidate]:
        """Look for the target all over a region in one pass of the network.

        Neither the tracker's place nor what it knows of the target changes.

        Args:
            image: H x W x 3, uint8, BGR.
            region: where to look, pixels; the part of it in the image counts. Its longer side
                should not exceed `scale` times the `search_span`.
            scale: size of the target looked for, relative to its last one.

        Returns:
            Places that do not cover each other, the most probable first; none where nothing looks
            like the target.

        Raises:
            ImageError: the image has another shape or type.
            BoxError: the region lies outside the image.
            RuntimeError: `init` was never called, or the tracker cannot search (`can_search`).
        """
        self._require_started(image, "search")
        return self._search_for(image, region.clip(image), scale)

    def move_to(self, image: np.ndarray, box: Box) -> None:
        """Take `box` as the target's last place and size; what is known of its looks stays.

        Raises:
            ImageError: the image has another shape or type.
            BoxError: the box lies outside the image.
            RuntimeError: `init` was never called, or the tracker cannot search (`can_search`).
        """
        self._require_started(image, "move_to")
        self._move_to(image, box.require_in(image))

    def lose_sight(self, frames: float) -> None:
        """Take note that the target was not seen for so many frames, and may look otherwise by now.

        Until it is learnt again, its look is judged by how much it stays the same meanwhile.
        Trackers without a `Presence` do nothing.
        """
        if self._presence is not None:
            self._presence.lose_sight(frames)

    def search_span(self) -> float:
        """Return the longest side, in pixels of the image, of a region given to `search` at once.

        It follows the target's present size. Such a search costs about as much as an update.
        """
        raise RuntimeError(self._cannot_search("search_span"))

    def warm_up(self) -> None:
        """Pay one-time costs (kernels, memory) before the first frame."""
        noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
        self.init(noise, (140, 100, 40, 40))
        self.update(noise)
        if self.can_search:
            self.search(noise, Box(0, 0, 320, 240))
        self._started = False

    @abstractmethod
    def _init(self, image: np.ndarray, box: Box) -> None: ...

    @abstractmethod
    def _update(self, image: np.ndarray) -> Result: ...

    def _search_for(self, image: np.ndarray, region: Box, scale: float) -> list[Candidate]:
        raise RuntimeError(self._cannot_search("search"))

    def _move_to(self, image: np.ndarray, box: Box) -> None:
        raise RuntimeError(self._cannot_search("move_to"))

    def _cannot_search(self, method: str) -> str:
        return f"{method}(): {type(self).__name__} cannot search (its can_search is False)"

    def _require_started(self, image: np.ndarray, method: str) -> None:
        require_bgr(image)
        if not self._started:
            raise RuntimeError(f"{method}() before init(): give the target's box first")


def require_bgr(image: np.ndarray) -> None:
    """Raise :class:`ImageError` for what is no H x W x 3 uint8 picture."""
    if not isinstance(image, np.ndarray):
        raise ImageError(f"an image must be a numpy array, got {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(
            f"an image must be H x W x 3 uint8 BGR, got {image.dtype} of shape {image.shape}"
        )
