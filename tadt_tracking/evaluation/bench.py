"""What the tracker costs and reaches on this machine, measured in one run."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from tadt_tracking.engines.torch_engine import Compute, TorchEngine
from tadt_tracking.evaluation.datasets import SPLITS, Sequence
from tadt_tracking.evaluation.measures import ranking_area, reliability
from tadt_tracking.evaluation.runner import Track, run_sequence
from tadt_tracking.evaluation.tables import markdown
from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, Vgg
from tadt_tracking.trackers import Tracker, create_tracker
from tadt_tracking.trackers.tadt import HIGH, LOW, WINDOW
from tadt_tracking.weights import load

REPEATS = 30
SCORE_BINS = 5
SPEED_SEQUENCE = "Crossing"


def run_all(tracker: Tracker, sequences: list[Sequence]) -> list[Track]:
    """Run the tracker over all sequences, with a progress bar."""
    return [run_sequence(tracker, s) for s in tqdm(sequences, desc="sequences", leave=False)]


def accuracy_row(name: str, tracks: list[Track]) -> list[str]:
    """Return name, mean AUC and mean precision over sequences."""
    auc, precision = (np.mean([getattr(t, key) for t in tracks]) for key in ("auc", "precision"))
    return [name, f"{auc:.3f}", f"{precision:.3f}"]


def score_table(tracks: list[Track]) -> str:
    """Return how well the score tells good boxes (overlap above 0.5) from bad ones, as a table."""
    judged = [~np.isnan(track.overlaps[1:]) for track in tracks]
    scores = np.concatenate([t.scores[1:][j] for t, j in zip(tracks, judged, strict=True)])
    good = np.concatenate([t.overlaps[1:][j] for t, j in zip(tracks, judged, strict=True)]) > 0.5
    rows = [
        [
            f"{low / SCORE_BINS:.1f} to {(low + 1) / SCORE_BINS:.1f}",
            n,
            f"{mean:.2f}",
            f"{share:.2f}",
        ]
        for low, (n, mean, share) in enumerate(reliability(scores, good, SCORE_BINS))
    ]
    rows.append(["area under ROC", len(good), f"{ranking_area(scores, good):.3f}", ""])
    return markdown(["score", "frames", "mean score", "share with overlap > 0.5"], rows)


def accuracy(root: Path, precisions: tuple[str, ...]) -> str:
    """Return TADT's accuracy on the OTB sequences under `root`, and how well its score tells.

    A table of accuracy with rows for every precision, then the score's table for the last
    precision on the half on which it was not calibrated.
    """
    rows = []
    for precision in precisions:
        tracker = create_tracker("tadt", precision=precision)
        names = (*SPLITS["otb"], *SPLITS["six"])
        tracks = run_all(tracker, [Sequence.read(root / name) for name in names])
        for split, members in SPLITS.items():
            name = f"tadt, {tracker.compute}, {split} ({len(members)} sequences)"
            rows.append(accuracy_row(name, _among(tracks, members)))
    table = markdown(["tracker", "mean AUC", "mean precision at 20 px"], rows)
    return f"{table}\n\n{score_table(_among(tracks, SPLITS['second']))}"


def _among(tracks: list[Track], names: tuple[str, ...]) -> list[Track]:
    return [track for track in tracks if track.sequence.name in names]


def backbone(precisions: tuple[str, ...]) -> str:
    """Return the time of one backbone pass as a table: each measure of speed on top of the last."""
    pictures = [np.random.default_rng(0).integers(0, 255, (WINDOW, WINDOW, 3), dtype=np.uint8)]
    plain = _vgg()
    batch = torch.from_numpy(pictures[0]).permute(2, 0, 1)[None].float().contiguous()

    def run_plain() -> None:
        with torch.inference_mode():
            plain(batch, (LOW, HIGH))

    measured = {"cpu fp32, contiguous": _median_ms(run_plain)}
    for precision in precisions:
        engine = TorchEngine(_vgg(), Compute.choose("auto", precision))
        name = f"{engine.compute}, channels_last"
        measured[name] = _median_ms(lambda e=engine: e(pictures, (LOW, HIGH)))
        narrow = TorchEngine(engine.network.with_channels(HIGH, torch.arange(300)), engine.compute)
        measured[f"{name}, 300 of conv4-3"] = _median_ms(lambda e=narrow: e(pictures, (LOW, HIGH)))
    first = next(iter(measured.values()))
    rows = [[name, f"{ms:.1f}", f"{ms / first:.2f}"] for name, ms in measured.items()]
    return markdown([f"VGG-16 to conv4-3, {WINDOW} px", "ms", "of the first row"], rows)


def speed(root: Path, precisions: tuple[str, ...]) -> str:
    """Return TADT's times and this process's peak memory as a table, a row a precision."""
    sequence = Sequence.read(root / SPEED_SEQUENCE)
    rows = []
    for precision in precisions:
        tracker = create_tracker("tadt", precision=precision)
        tracker.warm_up()
        seconds = run_sequence(tracker, sequence).seconds
        p50, p95 = np.percentile(seconds[1:], [50, 95]) * 1e3
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        times = [f"{seconds[0] * 1e3:.0f}", f"{p50:.1f}", f"{p95:.1f}", f"{1e3 / p50:.1f}"]
        rows.append([f"tadt, {tracker.compute}", *times, f"{peak:.0f}"])
    header = ["tracker", "init ms", "update p50 ms", "update p95 ms", "frames/s", "peak MiB so far"]
    return markdown(header, rows)


def _vgg() -> Vgg:
    network = Vgg(VGG16_TO_CONV4_3)
    network.load_state_dict(load("vgg16-oxford"))
    return network.eval()


def _median_ms(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e3
