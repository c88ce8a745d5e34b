"""Pictures from a video file, a folder of pictures or a camera, as one stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

PICTURE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


class VideoError(ValueError):
    """A source that cannot be opened or read; the message names it."""


@dataclass(frozen=True)
class Video:
    """An opened source.

    Attributes:
        name: what was opened, for people.
        rate: pictures a second as the source itself tells; None where it does not (a folder).
        live: whether pictures come in their own time (a camera), so that reading waits for them.
        frames: yields every picture once: H x W x 3, uint8, BGR. Closing it frees the source.
            Raises :class:`VideoError` for a picture that cannot be read.
    """

    name: str
    rate: float | None
    live: bool
    frames: Iterator[np.ndarray]


def open_video(source: str | Path, camera_rate: float = 0.0) -> Video:
    """Open a video.

    Args:
        source: path of a video file or of a folder of pictures, or a camera's index ("0").
        camera_rate: pictures a second to ask a camera for; 0 leaves the camera's own.

    Raises:
        VideoError: there is no such file, folder or camera, or it holds no picture.
    """
    path = Path(source)
    if str(source).isdigit():
        return _camera(int(str(source)), camera_rate)
    if path.is_dir():
        pictures = list_pictures(path)
        return Video(f"folder {path}", None, False, (_read_picture(entry) for entry in pictures))
    if path.is_file():
        return _file(path)
    raise VideoError(f"no video at {str(source)!r}: neither a file, a folder nor a camera's index")


def list_pictures(folder: Path) -> list[Path]:
    """Return the pictures in `folder`, ordered by name with numbers by value (2 before 10)."""
    pictures = [path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES]
    if not pictures:
        raise VideoError(f"folder {folder} holds no pictures ({', '.join(PICTURE_SUFFIXES)})")
    return sorted(pictures, key=_natural_order)


def _natural_order(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _read_picture(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise VideoError(f"cannot read picture {path}")
    return picture


def _file(path: Path) -> Video:
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise VideoError(f"cannot read {path} as a video")
    rate = capture.get(cv2.CAP_PROP_FPS)
    return Video(f"file {path}", rate if rate > 0 else None, False, _read_file(capture, path))


def _read_file(capture: cv2.VideoCapture, path: Path) -> Iterator[np.ndarray]:
    try:
        good, picture = capture.read()
        if not good:
            raise VideoError(f"video {path} holds no picture")
        while good:
            yield picture
            good, picture = capture.read()
    finally:
        capture.release()


def _camera(index: int, rate: float) -> Video:
    capture = cv2.VideoCapture(index)
    if not capture.isOpened():
        raise VideoError(f"cannot open camera {index}")
    if rate > 0:
        capture.set(cv2.CAP_PROP_FPS, rate)
    own = capture.get(cv2.CAP_PROP_FPS)
    return Video(f"camera {index}", own if own > 0 else None, True, _read_camera(capture, index))


def _read_camera(capture: cv2.VideoCapture, index: int) -> Iterator[np.ndarray]:
    try:
        while True:
            good, picture = capture.read()
            if not good:
                raise VideoError(f"camera {index} stopped giving pictures")
            yield picture
    finally:
        capture.release()
