"""The crops of ../shared/train: an `index.json` beside folders of pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2

from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern

CATEGORIES = {
    "PennFudanPed": "person",
    "pedestrians_LSchen": "person",
    "drone-net": "drone",
    "raccoon": "raccoon",
    "kangaroo": "kangaroo",
    "cards": "card",
}
# Sets of still images whose pictures are frames of a few videos: one object many times.
OF_VIDEOS = ("DAVIS", "SegTrack2")


def read_crops(root: Path) -> Tracks:
    """Read the crops in `root`: one track a video, and one for each still image."""
    index = root / "index.json"
    stills, videos = [], {}
    try:
        for entry in json.loads(index.read_text()):
            if entry["kind"] == "still":
                stills.append(entry)
            else:
                videos.setdefault(entry["source"], []).append(entry)
        return _tracks(root, stills, videos)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{index}: {error!r}") from error


def _tracks(root: Path, stills: list[Any], videos: dict[str, list[Any]]) -> Tracks:
    builder = TracksBuilder()
    for source, entries in videos.items():
        entries.sort(key=lambda entry: entry["frame"])
        first = root / entries[0]["file"]
        builder.add(
            path_pattern(first.parent, f"%(frame)0{len(first.stem)}d", first.suffix),
            [entry["frame"] for entry in entries],
            [entry["box"] for entry in entries],
            category=None,
            scene=re.sub(r"_\d+$", "", source),  # truck4_1 and truck4_2 are parts of one video
        )
    for entry in stills:
        source, file = entry["source"], entry["file"]
        builder.add(
            path_pattern(root / file, number=""),
            [0],
            [entry["box"]],
            category=CATEGORIES.get(source),
            scene=source if source in OF_VIDEOS else _photograph(source, root / file),
        )
    return builder.build(root)


def _photograph(source: str, crop: Path) -> str:
    """Return a name of the photograph that a crop was cut from, the same for its other crops.

    Photographs are told apart by the colour that is outside of them, their mean. A crop that shows
    nothing of that counts as a photograph of its own, although it may be of one of the others.
    """
    colour = _outside(crop)
    return str(crop) if colour is None else f"{source} {colour}"


def _outside(crop: Path) -> tuple[int, ...] | None:
    """Return the colour outside of a crop's photograph, or None where the crop does not show it.

    It is there from corner to corner of a side. The crop is read at an eighth of its size, where a
    pixel is a block of JPEG's: a block of one colour has just this colour in every crop.
    """
    blocks = cv2.imread(str(crop), cv2.IMREAD_REDUCED_COLOR_8)
    if blocks is None:
        return None
    sides = (blocks[0], blocks[-1], blocks[:, 0], blocks[:, -1])
    return next((tuple(s[0].tolist()) for s in sides if (s == s[0]).all()), None)
