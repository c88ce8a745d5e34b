"""Cutting windows out of images."""

from __future__ import annotations

import cv2
import numpy as np


def crop(
    image: np.ndarray,
    center: tuple[float, float],
    size: tuple[float, float],
    shape: tuple[int, int],
) -> np.ndarray:
    """Cut a window and bring it to `shape` in one bilinear warp; borders are replicated.

    The cost depends on `shape` alone, not on the image's size.

    Args:
        image: H x W x 3, uint8.
        center: the window's centre (x, y) in image pixels.
        size: the window's width and height in image pixels.
        shape: width and height of the result in pixels.

    Returns:
        shape[1] x shape[0] x 3, uint8.
    """
    step_x, step_y = size[0] / shape[0], size[1] / shape[1]
    # From the result's pixel indices to the image's: a pixel's centre lies half a pixel in.
    left = center[0] - size[0] / 2 + step_x / 2 - 0.5
    top = center[1] - size[1] / 2 + step_y / 2 - 0.5
    to_image = np.array([[step_x, 0, left], [0, step_y, top]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, to_image, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
