"""Sequences with ground truth, in the layout of OTB: a folder each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.video import open_video

OTB_20 = (
    *("Bolt2", "Car4", "Couple", "Crossing", "David", "Deer", "Diving", "Dog", "DragonBaby"),
    *("Football1", "Freeman1", "Girl", "Human7", "Jogging-1", "Jogging-2", "KiteSurf", "Man"),
    *("MotorRolling", "Skiing", "Toy"),
)
LONGTERM = ("pedestrian2", "pedestrian3", "tld_car")  # the target leaves and comes back
OTB_6 = ("Bird2", "Gym", "Singer1", "Skating1", "Soccer", "Vase")
# Settings are chosen on the first half and reported on the second.
SHORT_TERM = {"otb": OTB_20, "first": OTB_20[0::2], "second": OTB_20[1::2], "six": OTB_6}
SPLITS = {**SHORT_TERM, "longterm": LONGTERM}


class DatasetError(ValueError):
    """A folder that does not hold what it should; the message names it."""


@dataclass(frozen=True)
class Sequence:
    """Frames and truth: those of a folder, or a variant of them.

    Attributes:
        name: the folder's name.
        folder: holds `groundtruth_rect.txt` and `img/` (pictures) or `video.mp4`.
        truth: N x 4 boxes (x, y, w, h), 0-based pixels; NaN where the target is absent.
        start: the folder's frame that is the first one here, counted from 0.
        stop: the folder's frame before which this sequence ends; None: at the folder's end.
        given: the box that a tracker is given on the first frame; None: the true one.
        canvas: width and height of the pictures, the folder's own in their middle; None: as is.
    """

    name: str
    folder: Path
    truth: np.ndarray
    start: int = 0
    stop: int | None = None
    given: Box | None = None
    canvas: tuple[int, int] | None = None

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
        """The box that a tracker is given on the first frame."""
        return self.given or Box(*self.truth[0])

    def part(self, start: int = 0, frames: int | None = None) -> Sequence:
        """Return the sequence from frame `start` on, at most `frames` frames of it.

        A box that was given for the first frame is that of no other.
        """
        truth = self.truth[start:][:frames]
        first = self.start + start
        given = None if start else self.given
        return replace(self, truth=truth, start=first, stop=first + len(truth), given=given)

    def starting_with(self, box: Box) -> Sequence:
        """Return the sequence with another box given to the tracker, the truth as it is."""
        return replace(self, given=box)

    def in_canvas(self, width: int, height: int) -> Sequence:
        """Return the sequence inside larger pictures; the target keeps its size in pixels."""
        own_height, own_width = next(self.frames()).shape[:2]
        if own_width > width or own_height > height:
            raise DatasetError(
                f"{self.name}: pictures of {own_width}x{own_height} do not fit {width}x{height}"
            )
        left, top = (width - own_width) // 2, (height - own_height) // 2
        given = self.given and Box(self.given.x + left, self.given.y + top, *self.given.size)
        truth = self.truth + np.array([left, top, 0, 0])
        return replace(self, truth=truth, given=given, canvas=(width, height))

    def frames(self) -> Iterator[np.ndarray]:
        """Return the frames in order: H x W x 3, uint8, BGR.

        Raises:
            VideoError: there are none, or one cannot be read.
        """
        pictures = self.folder / "img"
        video = open_video(pictures if pictures.is_dir() else self.folder / "video.mp4")
        frames = islice(video.frames, self.start, self.stop)
        return frames if self.canvas is None else (_surround(f, self.canvas) for f in frames)


def read_sequences(root: Path, names: str) -> list[Sequence]:
    """Read the sequences of a split, or those whose names `names` joins by commas.

    Raises:
        DatasetError: there is no such folder, split or sequence; the message lists what there is.
    """
    if not root.is_dir():
        raise DatasetError(f"no folder of sequences {root}; name one with --root")
    present = sorted(path.parent.name for path in root.glob("*/groundtruth_rect.txt"))
    wanted = SPLITS.get(names) or tuple(names.split(","))
    if missing := [name for name in wanted if name not in present]:
        raise DatasetError(
            f"no sequence {', '.join(map(repr, missing))} in {root}; valid are: "
            f"{', '.join(SPLITS)}, or some of these joined by commas: {', '.join(present)}"
        )
    return [Sequence.read(root / name) for name in wanted]


def _surround(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Put a picture into the middle of one of `size` (width, height), mirrored all around."""
    height, width = picture.shape[:2]
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    right, bottom = size[0] - width - left, size[1] - height - top
    return cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REFLECT)
