"""GOT-10k: Huang et al., TPAMI 2019; `train/GOT-10k_Train_000001/` and so on."""

from __future__ import annotations

import configparser
from pathlib import Path

import numpy as np

from tadt_tracking.training.data.readers.sequences import folders, read_flags, read_numbers
from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern

HIDDEN = 0  # cover labels go from 0, nothing of the object is to be seen, to 8, all of it


def read_got10k(root: Path) -> Tracks:
    """Read the training videos, without frames in which the object is absent or hidden."""
    builder = TracksBuilder()
    for folder in folders(root, "train/GOT-10k_Train_*"):
        boxes = read_numbers(folder / "groundtruth.txt", 4)
        boxes[:, :2] -= 1  # the file counts pixels from 1
        absent = read_flags(folder / "absence.label", len(boxes))
        cover = read_numbers(folder / "cover.label", 1)[:, 0]
        if len(cover) != len(boxes):
            raise DataError(f"{folder / 'cover.label'}: {len(cover)} rows for {len(boxes)} boxes")
        boxes[absent | (cover == HIDDEN)] = np.nan
        builder.add(
            path_pattern(folder, "%(frame)08d", ".jpg"),
            range(1, len(boxes) + 1),
            boxes,
            category=_category(folder / "meta_info.ini"),
            scene=folder.name,
        )
    return builder.build(root)


def _category(path: Path) -> str:
    """Return the object's class, as WordNet names it."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text())
        return parser["METAINFO"]["object_class"]
    except (OSError, configparser.Error, KeyError) as error:
        raise DataError(f"{path}: {error!r}") from error
