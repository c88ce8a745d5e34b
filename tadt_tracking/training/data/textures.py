"""Parts of pictures that serve as objects: self-supervised pairs."""

from __future__ import annotations

import math

import numpy as np

from tadt_tracking.box import Box

TRIES = 10
CONTRAST = 12.0  # least standard deviation of grey values; a flat part is like any other


def texture_box(picture: np.ndarray, box: Box, rng: np.random.Generator) -> Box:
    """Return the box of a part of a picture that has texture, or `box` where none is found.

    Its sides are 8 to 25 % of the picture's shorter one in the mean, at aspects from 1/3 to 3; its
    centre lies so far inside that most of a search window around it is picture, too.

    Args:
        picture: H x W x 3, uint8.
        box: of the annotated object.
        rng: what is drawn.
    """
    height, width = picture.shape[:2]
    for _ in range(TRIES):
        side = rng.uniform(0.08, 0.25) * min(height, width)
        stretch = math.sqrt(3 ** rng.uniform(-1, 1))
        w, h = side * stretch, side / stretch
        x, y = rng.uniform(0.3, 0.7, 2) * (width, height)
        part = Box.from_center(x, y, w, h)
        rows = slice(int(part.y), math.ceil(part.y + h))
        columns = slice(int(part.x), math.ceil(part.x + w))
        if picture[rows, columns].mean(2).std() >= CONTRAST:
            return part
    return box
