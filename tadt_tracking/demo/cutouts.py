"""Objects cut out of the photographs that ship inside the scikit-image package."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tadt_tracking.photographs import photograph

# Outlines drawn by hand, in pixels of the photographs.
CAT_FACE = (
    (44, 80), (54, 48), (72, 24), (96, 11), (130, 4), (190, 2), (250, 2), (300, 10), (332, 30),
    (350, 62), (361, 112), (357, 160), (338, 205), (318, 245), (298, 268), (275, 281), (252, 286),
    (222, 284), (190, 275), (152, 256), (106, 226), (64, 178), (44, 130),
)  # fmt: skip
ASTRONAUT = (
    (154, 84), (157, 62), (169, 50), (186, 41), (194, 30), (211, 20), (235, 17), (257, 21),
    (274, 30), (288, 43), (298, 65), (300, 88), (296, 107), (283, 127), (271, 135), (265, 135),
    (261, 155), (256, 171), (279, 190), (296, 212), (304, 240), (322, 247), (339, 262), (350, 285),
    (358, 316), (362, 346), (376, 347), (400, 345), (430, 350), (459, 370), (479, 396), (492, 430),
    (496, 458), (506, 490), (511, 512), (12, 512), (22, 450), (24, 400), (34, 340), (44, 292),
    (57, 260), (76, 240), (96, 224), (116, 210), (114, 188), (123, 176), (136, 159), (156, 150),
    (183, 150), (180, 133), (169, 119), (161, 104),
)  # fmt: skip
_FEATHER_PX = 1.2  # softness of the mask's edge, standard deviation
_MARGIN_PX = 6  # around the outline, for the soft edge


@dataclass(frozen=True)
class Cutout:
    """An object without its surroundings.

    Attributes:
        picture: H x W x 3, float32, BGR, 0 to 255.
        alpha: H x W, float32, opacity in [0, 1].
        outline: N x 2, float32, (x, y) of the edge in pixels of `picture`.
    """

    picture: np.ndarray
    alpha: np.ndarray
    outline: np.ndarray

    def mirrored(self, brightness: float) -> Cutout:
        """Return the object seen in a mirror, its light multiplied by `brightness`."""
        width = self.alpha.shape[1]
        outline = np.column_stack([width - self.outline[:, 0], self.outline[:, 1]])
        picture = np.ascontiguousarray(self.picture[:, ::-1]) * np.float32(brightness)
        return Cutout(picture, np.ascontiguousarray(self.alpha[:, ::-1]), outline)


@dataclass(frozen=True)
class Pose:
    """Where an object is: centre in pixels, scale factor, turn in degrees (counter-clockwise)."""

    x: float
    y: float
    scale: float
    degrees: float

    def matrix(self, cutout: Cutout) -> np.ndarray:
        """Return the 2 x 3 map from pixels of `cutout` to pixels of the picture."""
        low, high = cutout.outline.min(axis=0), cutout.outline.max(axis=0)
        middle = (low + high) / 2
        matrix = cv2.getRotationMatrix2D(tuple(map(float, middle)), self.degrees, self.scale)
        matrix[:, 2] += (self.x, self.y) - middle
        return matrix


def resized_photograph(name: str, factor: float) -> np.ndarray:
    """Read a photograph of scikit-image (H x W x 3, uint8, BGR), resized by `factor`."""
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(photograph(name), None, fx=factor, fy=factor, interpolation=interpolation)


def cut_out(name: str, outline: tuple[tuple[int, int], ...], factor: float) -> Cutout:
    """Cut the object within `outline` (pixels of the photograph) out of it; resize by `factor`."""
    picture = resized_photograph(name, factor)
    points = np.array(outline, np.float32) * factor
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    alpha = cv2.GaussianBlur(mask.astype(np.float32) / 255, None, _FEATHER_PX)
    return Cutout(picture.astype(np.float32), alpha, points)


def paste(canvas: np.ndarray, cutout: Cutout, pose: Pose) -> np.ndarray:
    """Draw `cutout` onto `canvas` (H x W x 3, float32) in place; returns its opacity, H x W."""
    alpha = np.zeros(canvas.shape[:2], np.float32)
    x, y, w, h = bounds(cutout, pose)
    left, top = max(0, int(x) - _MARGIN_PX), max(0, int(y) - _MARGIN_PX)
    part = canvas[top : max(0, int(y + h) + _MARGIN_PX), left : max(0, int(x + w) + _MARGIN_PX)]
    if part.size == 0:
        return alpha
    matrix = pose.matrix(cutout) - [[0, 0, left], [0, 0, top]]
    size = part.shape[1::-1]
    drawn = cv2.warpAffine(cutout.picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    opacity = alpha[top : top + size[1], left : left + size[0]]
    opacity[:] = cv2.warpAffine(cutout.alpha, matrix, size)
    part += opacity[..., None] * (drawn - part)
    return alpha


def bounds(cutout: Cutout, pose: Pose) -> tuple[float, float, float, float]:
    """Return the upright box (x, y, w, h) around the object in `pose`, in pixels."""
    matrix = pose.matrix(cutout)
    points = cutout.outline @ matrix[:, :2].T + matrix[:, 2]
    low, high = points.min(axis=0), points.max(axis=0)
    return (*map(float, low), *map(float, high - low))
