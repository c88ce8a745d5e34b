"""What data sets of videos share: text files with a row or flag for each frame, scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tadt_tracking.training.data.tracks import DataError


def read_numbers(path: Path, columns: int) -> np.ndarray:
    """Read a text file of numbers, rows of `columns` that commas or spaces divide.

    Raises:
        DataError: it is missing, or holds something else.
    """
    try:
        rows = [line.replace(",", " ").split() for line in path.read_text().splitlines() if line]
        numbers = np.array(rows, dtype=float)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error
    if numbers.ndim != 2 or numbers.shape[1] != columns:
        raise DataError(f"{path}: every line must hold {columns} numbers")
    return numbers


def read_flags(path: Path, frames: int) -> np.ndarray:
    """Read a file of one 0 or 1 for each frame, one a line or all in one line.

    Returns:
        frames, bool.

    Raises:
        DataError: it is missing, or holds something else.
    """
    try:
        flags = path.read_text().replace(",", " ").split()
    except OSError as error:
        raise DataError(f"{path}: {error}") from error
    if len(flags) != frames or not {"0", "1"}.issuperset(flags):
        raise DataError(f"{path}: it must hold 0 or 1 for each of {frames} frames")
    return np.array(flags) == "1"


def youtube_scene(video: str) -> str:
    """Return the scene of a video that YouTube calls so, which several data sets may have."""
    return f"youtube:{video}"


def folders(root: Path, pattern: str) -> list[Path]:
    """Return the folders in `root` that a pattern describes, in order of their names.

    Raises:
        DataError: there is none.
    """
    found = sorted(path for path in root.glob(pattern) if path.is_dir())
    if not found:
        raise DataError(f"{root}: no folder {pattern} in it")
    return found
