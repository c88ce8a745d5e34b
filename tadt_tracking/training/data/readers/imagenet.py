"""ImageNet DET and VID: Russakovsky et al., IJCV 2015; an XML file for each picture.

`Annotations/VID/train/...` mirrors `Data/VID/train/...`; of DET likewise. Categories are WordNet's
numbers ("n02084071") in both, so that pairs of one category go across the two.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern

SUFFIX = ".JPEG"
SNIPPET_DIGITS = 3
CORNERS = ("xmin", "ymin", "xmax", "ymax")


class _Object(NamedTuple):
    category: str
    track: str | None
    box: tuple[float, float, float, float]


def read_imagenet_det(root: Path) -> Tracks:
    """Read the objects of DET's training pictures."""
    builder = TracksBuilder()
    for folder, files in _annotations(root, "DET"):
        pictures = _pictures(root, folder)
        for file in files:
            picture = pictures / (file.stem + SUFFIX)
            for seen in _objects(file):
                pattern = path_pattern(picture, number="")
                builder.add(pattern, [0], [seen.box], category=seen.category, scene=str(picture))
    return builder.build(root)


def read_imagenet_vid(root: Path) -> Tracks:
    """Read the objects of VID's training videos: a folder of pictures each, `000000.JPEG` on."""
    builder = TracksBuilder()
    for folder, files in _annotations(root, "VID"):
        tracks: dict[tuple[str | None, str], tuple[list, list]] = {}
        for file in files:
            if not file.stem.isdecimal():
                raise DataError(f"{file}: its name must be the frame's number")
            for seen in _objects(file):
                if seen.track is None:
                    raise DataError(f"{file}: an object without trackid")
                numbers, boxes = tracks.setdefault((seen.track, seen.category), ([], []))
                numbers.append(int(file.stem))
                boxes.append(seen.box)
        pattern = path_pattern(_pictures(root, folder), "%(frame)06d", SUFFIX)
        for (_, category), (numbers, boxes) in tracks.items():
            builder.add(pattern, numbers, boxes, category=category, scene=_video(folder.name))
    return builder.build(root)


def _video(snippet: str) -> str:
    """Return the name of the video that a snippet is a part of.

    A snippet's name ends in eight digits, of which the first five are the video's.
    """
    return snippet[:-SNIPPET_DIGITS] if re.search(r"\d{8}$", snippet) else snippet


def _annotations(root: Path, kind: str) -> Iterator[tuple[Path, list[Path]]]:
    """Yield each folder that holds annotations of the training set, and these in order.

    Links are not followed: PySOT has some made here, to folders beside them and to those of the
    validation set.
    """
    base = root / "Annotations" / kind / "train"
    if not base.is_dir():
        raise DataError(f"no folder {base}")
    for folder, folders, names in os.walk(base):
        folders.sort()
        if files := [Path(folder, name) for name in sorted(names) if name.endswith(".xml")]:
            yield Path(folder), files


def _pictures(root: Path, annotations: Path) -> Path:
    return root / "Data" / annotations.relative_to(root / "Annotations")


def _objects(file: Path) -> Iterator[_Object]:
    """Yield the objects of a picture; corners are those of pixels, counted from 0."""
    try:
        for node in ElementTree.parse(file).getroot().iter("object"):
            left, top, right, bottom = (float(node.findtext(f"bndbox/{c}")) for c in CORNERS)
            box = (left, top, right - left, bottom - top)
            yield _Object(node.find("name").text, node.findtext("trackid"), box)
    except (ElementTree.ParseError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{file}: {error!r}") from error
