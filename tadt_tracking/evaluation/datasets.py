"""Sequences with ground truth, in the layout of OTB: a folder each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.video import open_video

OTB_20 = (
    *("Bolt2", "Car4", "Couple", "Crossing", "David", "Deer", "Diving", "Dog", "DragonBaby"),
    *("Football1", "Freeman1", "Girl", "Human7", "Jogging-1", "Jogging-2", "KiteSurf", "Man"),
    *("MotorRolling", "Skiing", "Toy"),
)
OTB_6 = ("Bird2", "Gym", "Singer1", "Skating1", "Soccer", "Vase")
# Settings are chosen on the first half and reported on the second.
SPLITS = {"otb": OTB_20, "first": OTB_20[0::2], "second": OTB_20[1::2], "six": OTB_6}


class DatasetError(ValueError):
    """A folder that does not hold what it should; the message names it."""


@dataclass(frozen=True)
class Sequence:
    """Frames and truth.

    Attributes:
        name: the folder's name.
        folder: holds `groundtruth_rect.txt` and `img/` (pictures) or `video.mp4`.
        truth: N x 4 boxes (x, y, w, h), 0-based pixels; NaN where the target is absent.
    """

    name: str
    folder: Path
    truth: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Sequence:
        """Read the ground truth (OTB's is 1-based) of the sequence in `folder`."""
        path = Path(folder) / "groundtruth_rect.txt"
        if not path.is_file():
            raise DatasetError(f"no ground truth {path}")
        rows = [line.replace(",", " ").split() for line in path.read_text().splitlines() if line]
        truth = np.array(rows, dtype=float)
        if truth.ndim != 2 or truth.shape[1] != 4:
            raise DatasetError(f"{path}: every line must hold x, y, w, h")
        truth[:, :2] -= 1
        return cls(Path(folder).name, Path(folder), truth)

    @property
    def first_box(self) -> Box:
        """The target's box on the first frame."""
        return Box(*self.truth[0])

    def frames(self) -> Iterator[np.ndarray]:
        """Return the frames in order: H x W x 3, uint8, BGR.

        Raises:
            VideoError: there are none, or one cannot be read.
        """
        pictures = self.folder / "img"
        return open_video(pictures if pictures.is_dir() else self.folder / "video.mp4").frames
