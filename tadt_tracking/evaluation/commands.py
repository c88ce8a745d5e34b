"""The commands of `tadt-eval`: each prints what its options ask for."""

from __future__ import annotations

import argparse

from tadt_tracking.engines import ComputeSettings
from tadt_tracking.evaluation import ablations, accuracy, calibration
from tadt_tracking.evaluation import longterm as longterm_tables
from tadt_tracking.evaluation.bench import PARTS, Bench, machine
from tadt_tracking.evaluation.csrt import CsrtEntrant
from tadt_tracking.evaluation.datasets import read_sequences
from tadt_tracking.evaluation.entrants import Entrant, TrackerEntrant
from tadt_tracking.evaluation.films import interrupted
from tadt_tracking.evaluation.frame_tables import WrittenEntrant
from tadt_tracking.evaluation.opencv_trackers import OnnxEntrant
from tadt_tracking.evaluation.options import chosen_settings
from tadt_tracking.evaluation.robustness import Protocol


def run(options: argparse.Namespace) -> None:
    """Print the accuracy of one tracker."""
    entrant = _written(_entrant(options, options.tracker), options)
    sequences = read_sequences(options.root, options.sequences)
    protocol = Protocol(options.starts, options.shifts)
    outcome = accuracy.run(entrant, sequences, protocol, options.jobs)
    print(f"{protocol}:\n\n{accuracy.of_sequences(outcome)}")
    print(f"\n{accuracy.of_scores(outcome.name, outcome.tracks)}")


def longterm(options: argparse.Namespace) -> None:
    """Print how trackers bear targets that leave."""
    entrants: list[Entrant] = [_entrant(options, name) for name in options.tracker or ()]
    if options.nano:
        entrants.append(OnnxEntrant("TrackerNano", tuple(options.nano)))
    if options.vit:
        entrants.append(OnnxEntrant("TrackerVit", (options.vit,)))
    if options.csrt:
        entrants.append(CsrtEntrant(options.csrt))
    if not entrants:
        raise ValueError("no tracker to run: name one with --tracker, --nano, --vit or --csrt")
    sequences = read_sequences(options.root, options.sequences)
    if options.away:
        sequences = interrupted(sequences, options.away, returning=True)
    written = [_written(entrant, options) for entrant in entrants]
    print(longterm_tables.of_entrants(written, sequences, options.jobs))


def calibrate(options: argparse.Namespace) -> None:
    """Print the constants fitted to a tracker's evidence, and draw how far to believe them."""
    compute = chosen_settings(options, ComputeSettings)
    how = {**compute, **dict(options.set), **calibration.NEVER_LOST}
    entrant = TrackerEntrant.of(options.tracker, session=True, **how)
    sequences = read_sequences(options.root, options.sequences)
    films = interrupted(sequences, options.away, returning=False)
    outcome = _written(entrant, options).run(films, options.jobs)
    samples = calibration.Samples.of(outcome.tracks)
    fitted = calibration.fit(samples)
    print(calibration.report(outcome.name, samples, fitted))
    if options.plot:
        calibration.plot(options.plot, outcome.name, samples, fitted)


def ablate(options: argparse.Namespace) -> None:
    """Print what parts and settings of a tracker add."""
    sequences = read_sequences(options.root, options.sequences)
    protocol = Protocol(options.starts, options.shifts)
    compute = chosen_settings(options, ComputeSettings)
    print(ablations.table(options.table, sequences, protocol, options.jobs, **compute))


def bench(options: argparse.Namespace) -> None:
    """Print tables of speed and accuracy on this machine."""
    bench = Bench(
        root=options.root,
        trackers=tuple(options.tracker or ()),
        compute=chosen_settings(options, ComputeSettings),
        settings=dict(options.set),
        csrt=CsrtEntrant(options.opencv_python),
        frames=options.frames,
        protocol=Protocol(options.starts, options.shifts),
        jobs=options.jobs,
    )
    print(f"On {machine()} before the start.", flush=True)
    for part in options.parts or PARTS:
        print(f"\n{part}\n\n{getattr(bench, part)()}", flush=True)


def _entrant(options: argparse.Namespace, tracker: str) -> TrackerEntrant:
    compute = chosen_settings(options, ComputeSettings)
    return TrackerEntrant.of(tracker, session=options.session, **compute, **dict(options.set))


def _written(entrant: Entrant, options: argparse.Namespace) -> Entrant:
    return WrittenEntrant(entrant, options.tables) if options.tables else entrant
