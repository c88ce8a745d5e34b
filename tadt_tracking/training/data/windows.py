"""Windows around objects, as siamese trackers cut them, with what is drawn at random."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.networks.siamrpn import EXEMPLAR_SIDE
from tadt_tracking.ops.anchors import context_side

_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


class Whole(NamedTuple):
    """How both windows of a pair differ from the picture that they are cut from.

    Attributes:
        mirror: whether left and right are exchanged.
        stretch: how many times wider for its height the picture, and with it the object, is made.
    """

    mirror: bool = False
    stretch: float = 1.0


UNCHANGED = Whole()


def draw_stretch(limit: float, rng: np.random.Generator) -> float:
    """Draw a stretch of 1 / (1 + limit) to 1 + limit; without a limit nothing is drawn."""
    reach = math.log1p(limit)
    return math.exp(rng.uniform(-reach, reach)) if limit > 0 else 1.0


@dataclass(frozen=True)
class Jitter:
    """How a window differs from the one that is centred on the object.

    Attributes:
        shift: where the object's centre lies from the window's (x, y), in pixels of the window,
            after the picture was mirrored.
        zoom: by how much the object is enlarged (x, y).
        whole: what both windows of a pair have in common.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    zoom: tuple[float, float] = (1.0, 1.0)
    whole: Whole = UNCHANGED

    @classmethod
    def draw(
        cls, shift: float, scale: float, aspect: float, whole: Whole, rng: np.random.Generator
    ) -> Jitter:
        """Draw evenly: shifts up to `shift` px, scales 1 - scale to 1 + scale, aspect likewise."""
        dx, dy = rng.uniform(-shift, shift, 2)
        zoom = 1 + rng.uniform(-scale, scale)
        stretch = math.sqrt(1 + rng.uniform(-aspect, aspect))
        return cls((dx, dy), (zoom * stretch, zoom / stretch), whole)


def cut(picture: np.ndarray, box: Box, side: int, jitter: Jitter) -> tuple[np.ndarray, np.ndarray]:
    """Cut the window around an object in one bilinear warp.

    The scale is SiamFC's: the square of area (w + p)(h + p), p = (w + h) / 2, becomes 127 px wide.
    Outside of the picture lies its mean colour.

    Args:
        picture: H x W x 3, uint8.
        box: of the object in it.
        side: pixels of the window's side.
        jitter: see there.

    Returns:
        The window, side x side x 3, uint8, and the object's box in it (cx, cy, w, h), float32, in
        pixels from the window's centre.
    """
    scale_x, scale_y = _scales(box, jitter.whole.stretch)
    zoom_x, zoom_y = scale_x * jitter.zoom[0], scale_y * jitter.zoom[1]
    flip = -1 if jitter.whole.mirror else 1
    # From the picture's pixel indices to the window's: a pixel's centre lies half a pixel in.
    middle = (side - 1) / 2
    left = middle + jitter.shift[0] - flip * zoom_x * (box.x + box.w / 2 - 0.5)
    top = middle + jitter.shift[1] - zoom_y * (box.y + box.h / 2 - 0.5)
    matrix = np.array([[flip * zoom_x, 0, left], [0, zoom_y, top]])
    mean = picture[::8, ::8].reshape(-1, 3).mean(0)
    window = cv2.warpAffine(
        picture, matrix, (side, side), borderMode=cv2.BORDER_CONSTANT, borderValue=mean.tolist()
    )
    return window, np.array([*jitter.shift, zoom_x * box.w, zoom_y * box.h], np.float32)


def _scales(box: Box, stretch: float) -> tuple[float, float]:
    """Return by how much a window enlarges the picture around a box, along x and y."""
    wider = math.sqrt(stretch)
    scale = EXEMPLAR_SIDE / context_side(box.w * wider, box.h / wider)
    return scale * wider, scale / wider


def read_picture(path: str, box: Box, stretch: float = 1.0) -> tuple[np.ndarray, Box]:
    """Read a picture, at a half, quarter or eighth of its size where the object allows that.

    JPEG does so while it decodes, which is faster than the whole, and smoother than a warp that
    skips pixels.

    Args:
        path: of the picture.
        box: of the object in it.
        stretch: of the windows that will be cut, see :class:`Whole`.

    Returns:
        H x W x 3, uint8, BGR, and the object's box in its pixels.

    Raises:
        FileNotFoundError: there is no picture that can be read.
    """
    spare = 1 / max(_scales(box, stretch))
    part = max(part for part in _REDUCED if part <= max(spare, 1))
    picture = cv2.imread(path, _REDUCED[part] | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise FileNotFoundError(f"no picture that can be read: {path}")
    return picture, Box(*(value / part for value in box))
