"""Runs an entrant over sequences in processes that are its own."""

from __future__ import annotations

import functools
from itertools import repeat
from typing import Any, Protocol

from tqdm import tqdm

from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.processes import fresh_processes, peak_mib
from tadt_tracking.evaluation.runner import Outcome, Track, run_sequence


class Maker(Protocol):
    """Makes a tracker in the process that calls it; equal ones make the same."""

    def create(self) -> Any:
        """Make the tracker, warm."""


def run_in_processes(maker: Maker, name: str, sequences: list[Sequence], jobs: int = 1) -> Outcome:
    """Run what `maker` makes, once in each process, over all sequences; see `Entrant.run`.

    Args:
        maker: hashable, and can be sent to another process.
        name: of the outcome.
        sequences: the sequences.
        jobs: processes among which they are divided.
    """
    with fresh_processes(jobs) as pool:
        results = pool.map(_run, repeat(maker), sequences)
        bar = tqdm(results, desc=name, total=len(sequences), unit="sequence", leave=False)
        tracks, peaks = zip(*bar, strict=True)
    return Outcome(name, list(tracks), max(peaks))


def _run(maker: Maker, sequence: Sequence) -> tuple[Track, float]:
    return run_sequence(_created(maker), sequence), peak_mib()


@functools.cache
def _created(maker: Maker) -> Any:
    return maker.create()
