"""What tests of the core share: a sequence made here, small and known."""

import cv2
import numpy as np
import pytest

FRAMES, SIDE, STEP = 30, 32, 2


@pytest.fixture(scope="session")
def made_root(tmp_path_factory):
    """A folder with one sequence, "square": a textured square moves right, 2 px a frame."""
    root = tmp_path_factory.mktemp("sequences")
    folder = root / "square"
    (folder / "img").mkdir(parents=True)
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(0, 120, (15, 20, 3), dtype=np.uint8), (160, 120))
    patch = cv2.resize(rng.integers(100, 255, (6, 6, 3), dtype=np.uint8), (SIDE, SIDE))
    lines = []
    for index in range(FRAMES):
        left = 20 + STEP * index
        picture = ground.copy()
        picture[40 : 40 + SIDE, left : left + SIDE] = patch
        cv2.imwrite(str(folder / "img" / f"{index + 1:04d}.png"), picture)
        lines.append(f"{left + 1},41,{SIDE},{SIDE}\n")
    (folder / "groundtruth_rect.txt").write_text("".join(lines))
    return root
