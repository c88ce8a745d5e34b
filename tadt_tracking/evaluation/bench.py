"""The benchmark: parts that print what trackers cost and reach on this machine, in one run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tadt_tracking.cores import core_count
from tadt_tracking.evaluation import accuracy, backbones, speed
from tadt_tracking.evaluation.csrt import CsrtEntrant
from tadt_tracking.evaluation.datasets import Sequence, read_sequences
from tadt_tracking.evaluation.entrants import Entrant, bench_entrants
from tadt_tracking.evaluation.films import Film
from tadt_tracking.evaluation.robustness import Protocol

PLAIN = {"engine": "torch", "precision": "fp32"}  # the way networks run if nothing is done for it
FP32_AND_AUTO = ({"precision": "fp32"}, {"precision": "auto"})
AS_IN_NODE = {"background": True}  # how trackers learn where time is measured
SEARCHED = ("Crossing", "David")  # the target of one is searched for in pictures of the other


@dataclass(frozen=True)
class Bench:
    """What is measured, and on what.

    Attributes:
        root: folder of sequences.
        trackers: names; none: all.
        compute: names and values of `ComputeSettings`; without a precision rows are at fp32 and
            "auto".
        settings: names and values of the trackers' own settings.
        csrt: the entrant to which others are compared.
        frames: of the sequence on which speed is measured, at most; None: all.
        protocol: how accuracy is measured.
        jobs: processes among which accuracy is divided.
    """

    root: Path
    trackers: tuple[str, ...] = ()
    compute: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    csrt: CsrtEntrant = field(default_factory=CsrtEntrant)
    frames: int | None = None
    protocol: Protocol = field(default_factory=Protocol)
    jobs: int = 1

    def backbone(self) -> str:
        """What one pass of the networks costs."""
        return backbones.tables(**self.compute)

    def speed(self) -> str:
        """What trackers cost: times idle and beside a load, and memory."""
        trackers = self._trackers((PLAIN, *FP32_AND_AUTO), **AS_IN_NODE)
        return speed.of_entrants([*self._csrt(), *trackers], self._speed_sequence())

    def sizes(self) -> str:
        """What the picture's size costs."""
        fastest = self._trackers(({},), **AS_IN_NODE)
        return speed.by_picture_size([*self._csrt(), *fastest], self._speed_sequence())

    def search(self) -> str:
        """What a lost target costs, in a large picture."""
        followed, other = read_sequences(self.root, ",".join(SEARCHED))
        film = Film(followed.in_canvas(*speed.SIZES["1080p"]), other, None)
        return speed.while_searching(self._trackers(({},), session=True, **AS_IN_NODE), film)

    def accuracy(self) -> str:
        """What trackers reach, and how well their scores tell."""
        entrants = [*self._trackers(), *self._csrt()]
        sequences = [s for split in ("otb", "six") for s in read_sequences(self.root, split)]
        return accuracy.of_entrants(entrants, sequences, self.protocol, self.jobs)

    def _trackers(
        self,
        ways: Iterable[dict[str, Any]] = FP32_AND_AUTO,
        *,
        session: bool = False,
        **defaults: Any,
    ) -> list[Entrant]:
        """Return every tracker in every way, or only in that which the user chose."""
        options = {**defaults, **self.compute, **self.settings}
        ways = ({},) if self._chosen else ways
        return bench_entrants(self.trackers, ways, session=session, **options)

    @property
    def _chosen(self) -> bool:
        """Whether the user chose how to compute."""
        return not {"engine", "precision"}.isdisjoint(self.compute)

    def _csrt(self) -> list[Entrant]:
        if self.csrt.is_there():
            return [self.csrt]
        print(f"no CSRT: {self.csrt.python} is not there; `make bench` makes it", file=sys.stderr)
        return []

    def _speed_sequence(self) -> Sequence:
        return read_sequences(self.root, speed.SEQUENCE)[0].part(frames=self.frames)


PARTS = ("backbone", "speed", "sizes", "search", "accuracy")


def machine() -> str:
    """Return the processor, the cores and how busy they are, for the head of the tables."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0]
    return f"{names[0] if names else 'unknown CPU'}, {core_count()} cores, load average {load:.1f}"
