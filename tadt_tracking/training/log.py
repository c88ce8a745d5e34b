"""The log of a run: a CSV file that a resumed run goes on with."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path


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
