"""Made pictures with a target, shared by the tests of all trackers."""

import cv2
import numpy as np

from tadt_tracking.box import Box


def scene(center, size=(60, 48), shape=(240, 320)):
    """A textured picture with a textured target of `size` at `center`."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 120, (shape[0] // 8, shape[1] // 8, 3), dtype=np.uint8)
    picture = cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)
    patch = rng.integers(100, 255, (6, 6, 3), dtype=np.uint8)
    target = cv2.resize(patch, size, interpolation=cv2.INTER_CUBIC)
    left, top = (round(c - s / 2) for c, s in zip(center, size, strict=True))
    picture[top : top + size[1], left : left + size[0]] = target
    return picture, Box(left, top, *size)
