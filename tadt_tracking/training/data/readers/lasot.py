"""LaSOT: Fan et al., CVPR 2019; `category/category-1/` and so on, `training_set.txt` if there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tadt_tracking.training.data.readers.sequences import folders, read_flags, read_numbers
from tadt_tracking.training.data.tracks import Tracks, TracksBuilder, path_pattern

TRAINING = "training_set.txt"


def read_lasot(root: Path) -> Tracks:
    """Read the videos, without frames in which the object is covered or out of view.

    Where `root` has LaSOT's list `training_set.txt`, only the videos that it names.
    """
    builder = TracksBuilder()
    for folder in _videos(root):
        boxes = read_numbers(folder / "groundtruth.txt", 4)
        boxes[:, :2] -= 1  # the file counts pixels from 1
        covered = read_flags(folder / "full_occlusion.txt", len(boxes))
        outside = read_flags(folder / "out_of_view.txt", len(boxes))
        boxes[covered | outside] = np.nan
        builder.add(
            path_pattern(folder / "img", "%(frame)08d", ".jpg"),
            range(1, len(boxes) + 1),
            boxes,
            category=folder.parent.name,
            scene=folder.name,
        )
    return builder.build(root)


def _videos(root: Path) -> list[Path]:
    chosen = root / TRAINING
    if not chosen.is_file():
        return folders(root, "*/*-*")
    names = chosen.read_text().split()
    return [root / name.rpartition("-")[0] / name for name in names]
