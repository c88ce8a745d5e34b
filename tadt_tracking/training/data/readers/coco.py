"""COCO: Lin et al., ECCV 2014; `annotations/instances_train2017.json` beside `train2017/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern


def read_coco(root: Path) -> Tracks:
    """Read the objects of all training sets (`instances_train*.json`), except for crowds."""
    files = sorted((root / "annotations").glob("instances_train*.json"))
    if not files:
        raise DataError(f"{root / 'annotations'}: no instances_train*.json in it")
    builder = TracksBuilder()
    for file in files:
        pictures = root / file.stem.removeprefix("instances_")
        try:
            _add_instances(builder, json.loads(file.read_text()), pictures)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file}: {error!r}") from error
    return builder.build(root)


def _add_instances(builder: TracksBuilder, content: Any, pictures: Path) -> None:
    names = {category["id"]: category["name"] for category in content["categories"]}
    images = {image["id"]: image["file_name"] for image in content["images"]}
    for instance in content["annotations"]:
        if instance["iscrowd"]:
            continue
        path = pictures / images[instance["image_id"]]
        builder.add(
            path_pattern(path, number=""),
            [0],
            [instance["bbox"]],
            category=names[instance["category_id"]],
            scene=str(path),
        )
