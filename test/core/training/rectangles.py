"""Pictures of one rectangle, and where it is in a window."""

import cv2
import numpy as np

GROUND, OBJECT = (40, 160, 90), (200, 30, 210)


def draw(path, box, size=(400, 300)):
    """A picture with one rectangle."""
    x, y, w, h = box
    picture = np.full((size[1], size[0], 3), GROUND, np.uint8)
    picture[y : y + h, x : x + w] = OBJECT
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def found(window):
    """The rectangle in a window: (cx, cy, w, h) from the window's centre."""
    pixels = window.numpy().transpose(1, 2, 0).astype(float)
    to_object = np.array(OBJECT, float) - GROUND
    share = ((pixels - GROUND) @ to_object / (to_object @ to_object)).clip(0, 1)
    share[share < 0.1] = 0  # the fill around the picture is nearly, not quite, the ground's colour
    across, down = share.sum(0), share.sum(1)
    places = np.arange(len(share)) - (len(share) - 1) / 2
    # Of a rectangle whose edges are blurred evenly the sums are as without.
    total = share.sum()
    height, width = across.max(), down.max()
    return (across @ places / total, down @ places / total, width, height)
