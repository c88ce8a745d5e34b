"""Our trackers as entrants of an evaluation: each runs in processes of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Protocol

from tadt_tracking.engines import ComputeSettings
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.pool import run_in_processes
from tadt_tracking.evaluation.processes import in_fresh_process
from tadt_tracking.evaluation.runner import Outcome
from tadt_tracking.evaluation.steady_session import SteadySession, create_steady_session
from tadt_tracking.session import SessionSettings
from tadt_tracking.trackers import TRACKERS, Tracker, create_tracker, tracker_class


class Entrant(Protocol):
    """Whatever can be run over sequences."""

    def run(self, sequences: list[Sequence], jobs: int = 1) -> Outcome:
        """Run over all sequences, with a progress bar; warm from the first frame on.

        Args:
            sequences: the sequences; an entrant may run over one of them twice.
            jobs: processes among which the sequences are divided; 1 where times matter.
        """


@dataclass(frozen=True)
class TrackerEntrant:
    """A tracker of ours, not yet made.

    Attributes:
        tracker: a key of `TRACKERS`.
        options: names and values as in `create_tracker`, or as in `create_session`.
        session: whether a session runs it.
    """

    tracker: str
    options: tuple[tuple[str, Any], ...] = ()
    session: bool = False

    @classmethod
    def of(cls, tracker: str, *, session: bool = False, **options: Any) -> TrackerEntrant:
        """Check tracker and options, which takes no time, and keep them."""
        of_compute, others = ComputeSettings.split(options)
        ComputeSettings.from_dict(of_compute)
        if session:
            of_session, others = SessionSettings.split(others)
            SessionSettings.from_dict(of_session)
        kind = tracker_class(tracker)
        kind.weights_name(kind.Settings.from_dict(others))  # raises where there are none
        return cls(tracker, tuple(options.items()), session)

    def create(self) -> Tracker | SteadySession:
        """Make the tracker, warm, in this process; it learns in step, so that runs agree."""
        create = create_steady_session if self.session else create_tracker
        tracker = create(self.tracker, **{"background": False, **dict(self.options)})
        tracker.warm_up()
        return tracker

    def run(self, sequences: list[Sequence], jobs: int = 1) -> Outcome:
        """See :class:`Entrant`. Among several processes each network runs on one thread."""
        entrant = self if jobs == 1 else self._with_default(threads=1)
        name = in_fresh_process(_prepare, entrant)
        return run_in_processes(entrant, name, sequences, jobs)

    def _with_default(self, **options: Any) -> TrackerEntrant:
        return replace(self, options=tuple({**options, **dict(self.options)}.items()))


def bench_entrants(
    trackers: Iterable[str],
    ways: Iterable[Mapping[str, Any]],
    *,
    session: bool = False,
    **options: Any,
) -> list[TrackerEntrant]:
    """Return every tracker (none named: all) in every way, each given by options of its own."""
    return [
        TrackerEntrant.of(name, session=session, **{**options, **way})
        for name, way in product(trackers or TRACKERS, ways)
    ]


def _prepare(entrant: TrackerEntrant) -> str:
    """Make the tracker once, so that what is made only once is in the cache; return its name."""
    session = ", session" if entrant.session else ""
    return f"{entrant.tracker}{session}, {entrant.create().compute}"
