"""Readers of data sets in their published layouts: each makes tracks of a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tadt_tracking.training.data.readers.coco import read_coco
from tadt_tracking.training.data.readers.crops import read_crops
from tadt_tracking.training.data.readers.got10k import read_got10k
from tadt_tracking.training.data.readers.imagenet import read_imagenet_det, read_imagenet_vid
from tadt_tracking.training.data.readers.lasot import read_lasot
from tadt_tracking.training.data.readers.trackingnet import read_trackingnet
from tadt_tracking.training.data.readers.youtube_bb import read_youtube_bb
from tadt_tracking.training.data.tracks import DataError, Tracks

READERS: dict[str, Callable[[Path], Tracks]] = {
    "imagenet_vid": read_imagenet_vid,
    "imagenet_det": read_imagenet_det,
    "coco": read_coco,
    "youtube_bb": read_youtube_bb,
    "got10k": read_got10k,
    "lasot": read_lasot,
    "trackingnet": read_trackingnet,
    "crops": read_crops,
}


def read_tracks(name: str, root: Path) -> Tracks:
    """Read a data set.

    Args:
        name: its layout, one of READERS.
        root: its folder.

    Raises:
        DataError: there is no such layout or folder, or a file in it is not as published.
    """
    if name not in READERS:
        raise DataError(f"unknown layout {name!r}; valid are: {', '.join(READERS)}")
    if not Path(root).is_dir():
        raise DataError(f"no folder {root} of layout {name!r}")
    return READERS[name](Path(root))
