"""Pictures to track in: real sequences, and a small rendered scene."""

from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]


class Scene:
    """A textured patch that slides over a textured ground, at 320 x 240 pixels."""

    width, height, side = 320, 240, 48

    def __init__(self):
        random = np.random.default_rng(1)
        self.ground = _texture(random, self.height, self.width) // 2
        self.patch = _texture(random, self.side, self.side) // 2 + 127

    def box(self, index):
        """The patch's box (x, y, w, h) on frame `index`."""
        return 60 + 2 * (index % 60), 90 + (index % 60), self.side, self.side

    def frame(self, index):
        """Frame `index`: H x W x 3, uint8, BGR."""
        x, y, w, h = self.box(index)
        picture = self.ground.copy()
        picture[y : y + h, x : x + w] = self.patch
        return picture

    def follow(self, client, frames=2):
        """Let a client's node follow the patch from the first frame on."""
        client.send(self.frame(0))
        client.set_target(self.box(0), client.stamp)
        client.result_of(client.stamp)
        for index in range(1, frames):
            client.track(self.frame(index))


def _texture(random, height, width):
    noise = random.integers(0, 255, (height // 6 + 1, width // 6 + 1, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
