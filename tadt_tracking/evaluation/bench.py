"""The benchmark: parts that print what trackers cost and reach on this machine, in one run."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tadt_tracking.cores import core_count
from tadt_tracking.evaluation import accuracy, backbones, speed
from tadt_tracking.evaluation.csrt import CsrtEntrant
from tadt_tracking.evaluation.datasets import Sequence, read_sequences
from tadt_tracking.evaluation.entrants import PRECISIONS, Entrant, bench_entrants
from tadt_tracking.evaluation.robustness import Protocol


@dataclass(frozen=True)
class Bench:
    """What is measured, and on what.

    Attributes:
        root: folder of sequences.
        trackers: names; none: all.
        compute: names and values of `ComputeSettings`; without a precision rows are at fp32 and
            "auto".
        csrt: the entrant to which others are compared.
        frames: of the sequence on which speed is measured, at most; None: all.
        protocol: how accuracy is measured.
        jobs: processes among which accuracy is divided.
    """

    root: Path
    trackers: tuple[str, ...] = ()
    compute: dict[str, Any] = field(default_factory=dict)
    csrt: CsrtEntrant = field(default_factory=CsrtEntrant)
    frames: int | None = None
    protocol: Protocol = field(default_factory=Protocol)
    jobs: int = 1

    def backbone(self) -> str:
        """What one pass of the networks costs."""
        return backbones.tables(**self.compute)

    def speed(self) -> str:
        """What trackers cost: times idle and beside a load, and memory."""
        return speed.of_entrants([*self._csrt(), *self._trackers()], self._speed_sequence())

    def sizes(self) -> str:
        """What the picture's size costs."""
        fastest = self._trackers((self.compute.get("precision", "auto"),))
        return speed.by_picture_size([*self._csrt(), *fastest], self._speed_sequence())

    def accuracy(self) -> str:
        """What trackers reach, and how well their scores tell."""
        entrants = [*self._trackers(), *self._csrt()]
        sequences = [s for split in ("otb", "six") for s in read_sequences(self.root, split)]
        return accuracy.of_entrants(entrants, sequences, self.protocol, self.jobs)

    def _trackers(self, precisions: tuple[str, ...] = PRECISIONS) -> list[Entrant]:
        given = self.compute.get("precision")
        return bench_entrants(self.trackers, (given,) if given else precisions, **self.compute)

    def _csrt(self) -> list[Entrant]:
        if self.csrt.is_there():
            return [self.csrt]
        print(f"no CSRT: {self.csrt.python} is not there; `make bench` makes it", file=sys.stderr)
        return []

    def _speed_sequence(self) -> Sequence:
        return read_sequences(self.root, speed.SEQUENCE)[0].part(frames=self.frames)


PARTS = ("backbone", "speed", "sizes", "accuracy")


def machine() -> str:
    """Return the processor, the cores and how busy they are, for the head of the tables."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0]
    return f"{names[0] if names else 'unknown CPU'}, {core_count()} cores, load average {load:.1f}"
