"""Tables of what trackers cost: time idle, time beside a load, memory, and time by picture size."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from tadt_tracking.cores import core_count
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.entrants import Entrant
from tadt_tracking.evaluation.films import Film
from tadt_tracking.evaluation.processes import busy_cores
from tadt_tracking.evaluation.runner import Outcome, Track
from tadt_tracking.evaluation.tables import markdown

SEQUENCE = "Crossing"
PASSES = 3
SIZES = {"VGA": (640, 480), "1080p": (1920, 1080), "4K": (3840, 2160)}


@dataclass(frozen=True)
class Times:
    """Milliseconds that init and updates took."""

    init: float
    update_p50: float
    update_p95: float
    update_mean: float

    @classmethod
    def of(cls, tracks: Iterable[Track]) -> Times:
        """Summarise several tracks: the median of inits, and all updates together."""
        seconds = [track.seconds for track in tracks]
        updates = np.concatenate([values[1:] for values in seconds]) * 1e3
        init = float(np.median([values[0] for values in seconds])) * 1e3
        return cls(init, *np.percentile(updates, [50, 95]).tolist(), float(updates.mean()))

    @property
    def rate(self) -> float:
        """Updates a second, from the mean."""
        return 1e3 / self.update_mean


def of_entrants(entrants: Iterable[Entrant], sequence: Sequence) -> str:
    """Return times idle and beside a load, and peak memory, with a row for every entrant.

    Args:
        entrants: whom to measure, each in a process of its own; others are compared to the first.
        sequence: what to run over, `PASSES` times.
    """
    passes = [sequence] * PASSES
    rows, first = [], None
    for entrant in entrants:
        idle, loaded = _run(entrant, passes, load=False), _run(entrant, passes, load=True)
        times = Times.of(idle.tracks), Times.of(loaded.tracks)
        first = first or times
        rows.append([idle.name, *_cells(*times, *first), f"{idle.peak_mib:.0f}"])
    header = [
        *("tracker", "init ms", "update p50 ms", "p95 ms", "frames/s"),
        *("p50 ms, loaded", "frames/s, loaded", "of idle", "peak MiB"),
    ]
    about = (
        f"On {_told(sequence)}; each row in a process of its own; frames/s from the mean. "
        f"Loaded: beside {core_count()} processes that never rest, one a core. In brackets: times "
        "the first row's."
    )
    return f"{about}\n\n{markdown(header, rows)}"


def by_picture_size(entrants: Iterable[Entrant], sequence: Sequence) -> str:
    """Return the median update in pictures of VGA, 1080p and 4K, with a row for every entrant.

    Args:
        entrants: whom to measure, each in a process of its own.
        sequence: its pictures are put in the middle of larger ones, so that the target keeps its
            size in pixels.
    """
    variants = [sequence.in_canvas(*size) for size in SIZES.values()]
    rows = []
    for entrant in entrants:
        outcome = entrant.run(variants * PASSES)
        medians = [
            Times.of(t for t in outcome.tracks if t.sequence.canvas == size).update_p50
            for size in SIZES.values()
        ]
        rows.append([outcome.name, *(_compared(ms, medians[0]) for ms in medians)])
    about = (
        f"Update p50 in ms on {_told(sequence)}; the same target in pictures of three sizes. In "
        "brackets: times VGA's."
    )
    return f"{about}\n\n{markdown(['tracker', *SIZES], rows)}"


def while_searching(entrants: Iterable[Entrant], film: Film) -> str:
    """Return what a frame costs while the target is followed and while it is searched for.

    Args:
        entrants: sessions, each in a process of its own.
        film: one whose target leaves and does not come back.
    """
    rows = []
    for entrant in entrants:
        outcome = entrant.run([film] * PASSES)
        seconds = np.concatenate([track.seconds[1:] for track in outcome.tracks])
        present = np.concatenate([track.present[1:] for track in outcome.tracks])
        following, searching = (seconds[kind].mean() * 1e3 for kind in (present, ~present))
        frames = (~present).sum() // PASSES
        rows.append([outcome.name, f"{following:.1f}", _compared(searching, following), frames])
    height, width = next(film.frames()).shape[:2]
    about = (
        f"Mean of an update in ms in pictures of {width}x{height}, {PASSES} passes, after a "
        "warm-up. In brackets: times following."
    )
    header = ["tracker", "following", "searching", "frames that it searched"]
    return f"{about}\n\n{markdown(header, rows)}"


def _told(sequence: Sequence) -> str:
    return f"{sequence.name} ({len(sequence.truth)} frames, {PASSES} passes, after a warm-up)"


def _run(entrant: Entrant, passes: list[Sequence], load: bool) -> Outcome:
    with busy_cores() if load else nullcontext():
        return entrant.run(passes)


def _cells(idle: Times, loaded: Times, first_idle: Times, first_loaded: Times) -> list[str]:
    return [
        _compared(idle.init, first_idle.init),
        _compared(idle.update_p50, first_idle.update_p50),
        _compared(idle.update_p95, first_idle.update_p95),
        f"{idle.rate:.1f}",
        _compared(loaded.update_p50, first_loaded.update_p50),
        f"{loaded.rate:.1f}",
        f"{loaded.rate / idle.rate:.2f}",
    ]


def _compared(ms: float, reference: float) -> str:
    return f"{ms:.1f} ({ms / reference:.2f})"
