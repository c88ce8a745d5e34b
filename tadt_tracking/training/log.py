"""The log of a run: a CSV file that a resumed run goes on with, and what is written there."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor


class CsvLog:
    """Rows of numbers under fixed columns, the first of which is "step"."""

    def __init__(self, path: Path, columns: tuple[str, ...], steps: int) -> None:
        """Open the log of a run that has made `steps` steps: later rows are of a lost past."""
        self._path, self._columns = path, ("step", *columns)
        kept = []
        if steps and path.exists():
            with path.open(newline="") as stream:
                kept = [row for row in csv.DictReader(stream) if int(row["step"]) <= steps]
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, self._columns)
            writer.writeheader()
            writer.writerows(kept)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row; columns that are not among `values` stay empty."""
        with self._path.open("a", newline="") as stream:
            row = {name: f"{value:.6g}" for name, value in values.items()}
            csv.DictWriter(stream, self._columns).writerow({"step": step, **row})


class Meter:
    """Means of what steps gave, and how fast they were from when it was made."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._steps, self._pairs, self._since = 0, 0, time.monotonic()

    def add(self, values: Mapping[str, Tensor], pairs: int) -> None:
        """Add the numbers that a step over so many pairs gave; the names are always the same."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0) + value
        self._steps, self._pairs = self._steps + 1, self._pairs + pairs

    def read(self) -> dict[str, float]:
        """Return the means, and "pairs_per_s"."""
        seconds = time.monotonic() - self._since
        means = {name: float(total) / self._steps for name, total in self._sums.items()}
        means["pairs_per_s"] = self._pairs / seconds
        return means
