"""YouTube-BoundingBoxes: Real et al., CVPR 2017, with frames as PySOT takes them.

`yt_bb_detection_train.csv` beside `yt_bb_detection_train/CLASS/VIDEO_TIME_CLASS_OBJECT.jpg`: VIDEO
is YouTube's name, TIME in milliseconds, CLASS and OBJECT are numbers.
"""

from __future__ import annotations

import csv
import os
import struct
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tadt_tracking.training.data.readers.sequences import youtube_scene
from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern

NAME = "yt_bb_detection_train"
COLUMNS = 10  # video, time, class, its name, object, presence, xmin, xmax, ymin, ymax
MS_PER_FRAME = 33
# Of JPEG's start-of-frame markers these are others: tables and extensions.
_NO_FRAME = (0xC4, 0xC8, 0xCC)


def read_youtube_bb(root: Path) -> Tracks:
    """Read the objects of the training videos, as far as their frames are there.

    Many of the videos have vanished from YouTube, so frames without a picture are left out. Frame
    numbers are those of a video of 30 frames/s.
    """
    table, pictures = root / f"{NAME}.csv", root / NAME
    builder, present = TracksBuilder(), {}
    for (video, kind, name, item), rows in groupby(_rows(table), key=lambda row: row[:4]):
        folder = pictures / kind
        if kind not in present:
            present[kind] = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
        suffix = f"_{kind}_{item}.jpg"
        found = sorted(row[4:] for row in rows if f"{video}_{row[4]}{suffix}" in present[kind])
        if not found:
            continue
        width, height = jpeg_size(folder / f"{video}_{found[0][0]}{suffix}")
        left, right, top, bottom = np.array([row[1:] for row in found]).T
        boxes = np.stack([left, top, right - left, bottom - top], 1)
        prefix = path_pattern(folder / f"{video}_", number="")
        builder.add(
            f"{prefix}%(frame)d{suffix}",
            [row[0] for row in found],
            boxes * (width, height, width, height),
            category=name,
            scene=youtube_scene(video),
            ticks=MS_PER_FRAME,
        )
    return builder.build(table)


def jpeg_size(path: Path) -> tuple[int, int]:
    """Return width and height of a JPEG in pixels, from its header alone.

    Raises:
        DataError: it is missing, or is no JPEG.
    """
    try:
        with path.open("rb") as file:
            return _size_in_header(file)
    except (OSError, ValueError, struct.error) as error:
        raise DataError(f"{path}: {error}") from error


def _size_in_header(file: BinaryIO) -> tuple[int, int]:
    """Go from segment to segment (ITU-T T.81, annex B) until one tells the size."""
    if file.read(2) != b"\xff\xd8":
        raise ValueError("no JPEG")
    while True:
        start, marker, length = struct.unpack(">BBH", file.read(4))
        if start != 0xFF:
            raise ValueError("a broken JPEG")
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return width, height
        file.seek(length - 2, os.SEEK_CUR)


def _rows(table: Path) -> Iterator[tuple]:
    """Yield video, class, its name, object, time and the box's edges of each row with an object.

    Edges are parts of the picture's width and height.
    """
    try:
        with table.open(newline="") as file:
            for line, row in enumerate(csv.reader(file), 1):
                if len(row) != COLUMNS:
                    raise DataError(f"{table}, line {line}: not {COLUMNS} columns: {row!r}")
                video, time, kind, name, item, presence = row[:6]
                if presence == "present":
                    yield video, kind, name, item, int(time), *map(float, row[6:])
    except (OSError, ValueError) as error:
        raise error if isinstance(error, DataError) else DataError(f"{table}: {error}") from error
