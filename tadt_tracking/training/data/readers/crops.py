"""The crops of ../shared/train: an `index.json` beside folders of pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

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
            scene=source if source in OF_VIDEOS else file,
        )
    return builder.build(root)
