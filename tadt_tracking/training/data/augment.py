"""Small changes to pictures: H x W x 3, uint8, BGR in, and the same out."""

from __future__ import annotations

import cv2
import numpy as np

_LUMA = np.array([0.114, 0.587, 0.299], np.float32)  # ITU-R BT.601, in the order of BGR


def grey(image: np.ndarray) -> np.ndarray:
    """Return the picture without colour, in three equal channels."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def colour(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Change brightness, contrast, saturation and the channels' gains, all in one linear map.

    Args:
        image: see above.
        strength: 0 to 1: contrast and saturation change by this share at most, gains and
            brightness (of 255) by half of it.
        rng: what is drawn.
    """
    contrast, saturation = 1 + strength * rng.uniform(-1, 1, 2)
    gains = 1 + strength / 2 * rng.uniform(-1, 1, 3)
    brightness = strength / 2 * rng.uniform(-1, 1) * 255
    mix = saturation * np.eye(3) + (1 - saturation) * _LUMA  # towards the grey of each pixel
    linear = contrast * gains[:, None] * mix
    offset = brightness + 128 * (1 - contrast)
    return cv2.transform(image, np.column_stack([linear, np.full(3, offset)]).astype(np.float32))


def motion_kernel(length: float, angle: float) -> np.ndarray:
    """Return the point spread of a straight motion: rows x columns, both odd, float32, sum 1.

    It is no larger than it must be: OpenCV takes small kernels by their few values that are not 0.

    Args:
        length: of the way in pixels, at least 2.
        angle: its direction in radians.
    """
    reach = np.rint(length / 2 * np.array([np.sin(angle), np.cos(angle)]))
    half = int(np.abs(reach).max())
    steps = np.arange(-half, half + 1) / half
    rows, columns = (np.rint(reach[:, None] * steps) + np.abs(reach)[:, None]).astype(int)
    kernel = np.zeros((rows.max() + 1, columns.max() + 1), np.float32)
    kernel[rows, columns] = 1 / len(steps)
    return kernel


def motion_blur(image: np.ndarray, longest: float, rng: np.random.Generator) -> np.ndarray:
    """Blur along a straight way of 2 to `longest` pixels; what is in the picture stays in place."""
    kernel = motion_kernel(rng.uniform(2, longest), rng.uniform(0, np.pi))
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
