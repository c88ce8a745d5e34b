"""TrackingNet: Müller et al., ECCV 2018; `TRAIN_0/` to `TRAIN_11/`, each with `anno`, `frames`."""

from __future__ import annotations

from pathlib import Path

from tadt_tracking.training.data.readers.sequences import folders, read_numbers, youtube_scene
from tadt_tracking.training.data.tracks import DataError, Tracks, TracksBuilder, path_pattern


def read_trackingnet(root: Path) -> Tracks:
    """Read the training videos of the parts that are there; categories are unknown.

    A video's frames, `frames/NAME/0.jpg` and so on, belong to the rows of `anno/NAME.txt`.
    """
    builder = TracksBuilder()
    for part in folders(root, "TRAIN_*"):
        files = sorted((part / "anno").glob("*.txt"))
        if not files:
            raise DataError(f"{part / 'anno'}: no annotation in it")
        for file in files:
            boxes = read_numbers(file, 4)
            video = file.stem.rpartition("_")[0] or file.stem  # NAME is VIDEO_OBJECT
            builder.add(
                path_pattern(part / "frames" / file.stem, "%(frame)d", ".jpg"),
                range(len(boxes)),
                boxes,
                category=None,
                scene=youtube_scene(video),
            )
    return builder.build(root)
