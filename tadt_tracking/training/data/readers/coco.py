"""COCO: Lin et al., ECCV 2014; `annotations/instances_train2017.json` beside `train2017/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern


def read_coco(root: Path) -> Tracks:
    """Read the objects of all training sets (`instances_train*.json`), except for crowds.

    Those whose pictures are not there are left out. The sets of several years share pictures, each
    of which is taken from the first set that has it.
    """
    files = sorted((root / "annotations").glob("instances_train*.json"))
    if not files:
        raise DataError(f"{root / 'annotations'}: no instances_train*.json in it")
    folders = {file: root / file.stem.removeprefix("instances_") for file in files}
    there = {file: folder for file, folder in folders.items() if folder.is_dir()}
    if not there:
        raise DataError(f"no folder of pictures: {', '.join(map(str, folders.values()))}")
    builder, done = TracksBuilder(), set()
    for file, pictures in there.items():
        try:
            done |= _add_instances(builder, json.loads(file.read_text()), pictures, done)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file}: {error!r}") from error
    return builder.build(root)


def _add_instances(
    builder: TracksBuilder, content: Any, pictures: Path, done: set[int]
) -> set[int]:
    """Add a set's objects, without those of the images `done`; returns the set's images."""
    names = {category["id"]: category["name"] for category in content["categories"]}
    images = {image["id"]: image["file_name"] for image in content["images"]}
    for instance in content["annotations"]:
        if instance["iscrowd"] or instance["image_id"] in done:
            continue
        path = pictures / images[instance["image_id"]]
        builder.add(
            path_pattern(path, number=""),
            [0],
            [instance["bbox"]],
            category=names[instance["category_id"]],
            scene=f"coco:{instance['image_id']}",
        )
    return set(images)
