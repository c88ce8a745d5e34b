"""Made scenes in which something of the target's kind crosses its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.demo.cutouts import (
    ASTRONAUT,
    CAT_FACE,
    Pose,
    bounds,
    cut_out,
    paste,
    resized_photograph,
)

WIDTH, HEIGHT = 400, 300
FRAMES = 40
OBJECTS = {"cat": ("chelsea.png", CAT_FACE, 0.2), "astronaut": ("astronaut.png", ASTRONAUT, 0.14)}


@dataclass(frozen=True)
class Crossing:
    """Two of a kind meet: the target comes from the left, the other from the right.

    Attributes:
        kind: one of OBJECTS; the other one is its mirror image.
        tint: factors of blue, green and red by which the other one's colours differ.
        apart: how much lower the other one passes than the target, in pixels.
        in_front: the other one hides the target where they meet; else it is hidden.
    """

    kind: str
    tint: tuple[float, float, float]
    apart: float
    in_front: bool = True

    def frames(self) -> Iterator[tuple[np.ndarray, Box]]:
        """Yield pictures (HEIGHT x WIDTH x 3, uint8, BGR) and the target's true boxes."""
        ground = resized_photograph("coffee.png", 0.8)[:HEIGHT, :WIDTH].astype(np.float32)
        target = cut_out(*OBJECTS[self.kind])
        other = target.mirrored(1.0)
        other = replace(other, picture=(other.picture * np.float32(self.tint)).clip(0, 255))
        for index in range(FRAMES):
            way = index / (FRAMES - 1)
            pose = Pose(140 + 120 * way, 140, 1, 8 * np.sin(9 * way))
            coming = Pose(260 - 120 * way, 140 + self.apart, 1, 8 * np.cos(9 * way))
            canvas = ground.copy()
            pair = [(target, pose), (other, coming)]
            for thing in pair if self.in_front else reversed(pair):
                paste(canvas, *thing)
            yield canvas.round().astype(np.uint8), Box(*bounds(target, pose))
