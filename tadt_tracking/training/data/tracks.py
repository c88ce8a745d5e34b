"""Annotated objects as all readers give them: millions of boxes in a few arrays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tadt_tracking.box import Box

UNKNOWN = -1


class DataError(ValueError):
    """A data set's file that is missing or not as published; the message names it."""


class Sighting(NamedTuple):
    """An object in one picture.

    Attributes:
        path: of the picture.
        box: in pixels of that picture.
        frame: number of the frame in its video; 0 for a still image.
    """

    path: Path
    box: Box
    frame: int


def path_pattern(folder: Path, number: str = "%(frame)d", suffix: str = "") -> str:
    """Return the pattern of the pictures in a folder, whose names hold the frame's number.

    Args:
        folder: or a whole path, where `number` is empty.
        number: %-format of the number, with the key `frame`: "%(frame)08d" for eight digits.
        suffix: what follows it, such as ".jpg".
    """
    escaped = str(folder).replace("%", "%%")
    return f"{escaped}/{number}{suffix}" if number else escaped


@dataclass(frozen=True)
class Tracks:
    """Objects in order, each with its sightings; a still image's object has one.

    Attributes:
        patterns: T, bytes: paths of the pictures, see :func:`path_pattern`.
        starts: T + 1, int64: track t has the sightings starts[t] to starts[t + 1], without the
            latter.
        numbers: N, int64: numbers in the names of the pictures, rising within a track.
        boxes: N x 4, float32 (x, y, w, h) in pixels, 0-based.
        ticks: T, int32: by how much the numbers of neighbouring frames differ.
        categories: T, int32: index into `names`, or UNKNOWN.
        scenes: T, int32: index into `scene_keys`; of one number are tracks that may appear in each
            other's pictures.
        names: of the categories.
        scene_keys: S, bytes: what tells the scenes of all data sets apart.
    """

    patterns: np.ndarray
    starts: np.ndarray
    numbers: np.ndarray
    boxes: np.ndarray
    ticks: np.ndarray
    categories: np.ndarray
    scenes: np.ndarray
    names: tuple[str, ...]
    scene_keys: np.ndarray

    def __len__(self) -> int:
        return len(self.patterns)

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many sightings each track has: T, int64."""
        return np.diff(self.starts)

    def category(self, track: int) -> str | None:
        """Return the name of a track's category; None where it is unknown."""
        index = self.categories[track]
        return None if index == UNKNOWN else self.names[index]

    def frames(self, track: int) -> np.ndarray:
        """Return the frame number of each of a track's sightings: L, int64."""
        return self.numbers[self.starts[track] : self.starts[track + 1]] // self.ticks[track]

    def sighting(self, track: int, index: int) -> Sighting:
        """Return a track's sighting, counted from 0."""
        if not 0 <= index < self.lengths[track]:
            raise IndexError(f"track {track} has {self.lengths[track]} sightings, not {index}")
        at = self.starts[track] + index
        number = int(self.numbers[at])
        path = Path(self.patterns[track].decode() % {"frame": number})
        return Sighting(path, Box(*self.boxes[at]), number // int(self.ticks[track]))

    def take(self, tracks: np.ndarray) -> Tracks:
        """Return some of the tracks, by index or as a mask of T."""
        tracks = np.arange(len(self))[tracks]
        lengths = self.lengths[tracks]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        kept = np.repeat(self.starts[tracks] - starts[:-1], lengths) + np.arange(starts[-1])
        own = {
            name: getattr(self, name)[tracks]
            for name in ("patterns", "ticks", "categories", "scenes")
        }
        sightings = {"numbers": self.numbers[kept], "boxes": self.boxes[kept]}
        return replace(self, starts=starts, **own, **sightings)

    def at_least(self, side: float) -> Tracks:
        """Return the sightings whose square root of area is `side` pixels or more."""
        kept = self.boxes[:, 2] * self.boxes[:, 3] >= side**2
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        rest = replace(self, starts=starts, numbers=self.numbers[kept], boxes=self.boxes[kept])
        return rest.take(rest.lengths > 0)

    def hold_out(self, share: float, seed: int) -> tuple[Tracks, Tracks]:
        """Divide into tracks to train on and others, by scenes: no picture is in both.

        Args:
            share: of the scenes of videos, and of those of still images, that are held out; of
                either one scene at least, if there are two.
            seed: what is drawn depends on it.
        """
        rng = np.random.default_rng(seed)
        video = np.isin(self.scenes, self.scenes[self.lengths > 1])
        held = []
        for group in (video, ~video):
            scenes = rng.permutation(np.unique(self.scenes[group]))
            held.append(scenes[: max(round(share * len(scenes)), int(len(scenes) > 1))])
        out = np.isin(self.scenes, np.concatenate(held))
        return self.take(~out), self.take(out)


def join(parts: Sequence[Tracks]) -> Tracks:
    """Return the tracks of several data sets; categories, and scenes, of one name become one."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    offsets = np.cumsum([0, *(len(part.numbers) for part in parts)])
    scenes: dict[bytes, int] = {}
    scene_numbers = [
        np.array([scenes.setdefault(k, len(scenes)) for k in part.scene_keys.tolist()], np.int32)
        for part in parts
    ]
    categories = [
        np.array([*(names.index(name) for name in part.names), UNKNOWN], np.int32)[part.categories]
        for part in parts
    ]
    starts = [part.starts[:-1] + offset for part, offset in zip(parts, offsets, strict=False)]
    return Tracks(
        np.concatenate([part.patterns for part in parts]),
        np.concatenate([*starts, offsets[-1:]]),
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.ticks for part in parts]),
        np.concatenate(categories),
        np.concatenate([n[part.scenes] for n, part in zip(scene_numbers, parts, strict=True)]),
        names,
        np.array(list(scenes)),
    )


class TracksBuilder:
    """Collects tracks one by one."""

    def __init__(self) -> None:
        self._patterns: list[bytes] = []
        self._lengths, self._numbers, self._boxes = array("q"), array("q"), array("f")
        self._ticks, self._categories, self._scenes = array("i"), array("i"), array("i")
        self._names: dict[str, int] = {}
        self._scene_keys: dict[bytes, int] = {}

    def add(
        self,
        pattern: str,
        numbers: Iterable[int],
        boxes: Iterable[Sequence[float]],
        *,
        category: str | None,
        scene: str,
        ticks: int = 1,
    ) -> None:
        """Add a track, without its boxes that are empty or not finite.

        Args:
            pattern: see :func:`path_pattern`.
            numbers: of the pictures, rising.
            boxes: of each (x, y, w, h) in pixels, 0-based.
            category: its name, if it is known.
            scene: the same for tracks that may appear in each other's pictures, also those of
                another data set; no other data set may call another scene so.
            ticks: by how much the numbers of neighbouring frames differ.
        """
        numbers = np.asarray(numbers, np.int64)
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        seen = np.isfinite(boxes).all(1) & (boxes[:, 2:] > 0).all(1)
        if not seen.any():
            return
        self._patterns.append(pattern.encode())
        self._lengths.append(int(seen.sum()))
        self._numbers.frombytes(numbers[seen].tobytes())
        self._boxes.frombytes(boxes[seen].tobytes())
        self._ticks.append(ticks)
        index = UNKNOWN if category is None else self._names.setdefault(category, len(self._names))
        self._categories.append(index)
        key = scene.encode()
        self._scenes.append(self._scene_keys.setdefault(key, len(self._scene_keys)))

    def build(self, source: Path) -> Tracks:
        """Return what was added.

        Raises:
            DataError: that is nothing; the message names `source`.
        """
        if not self._patterns:
            raise DataError(f"{source}: there is no annotated object in it")
        return Tracks(
            np.array(self._patterns),
            np.concatenate([[0], np.cumsum(np.asarray(self._lengths))]),
            np.asarray(self._numbers),
            np.asarray(self._boxes).reshape(-1, 4),
            np.asarray(self._ticks),
            np.asarray(self._categories),
            np.asarray(self._scenes),
            tuple(self._names),
            np.array(list(self._scene_keys)),
        )
