"""OpenCV's trackers behind the interface of ours, and those that live in our own OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Boxlike
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.runner import Outcome
from tadt_tracking.result import Result, State


class OpenCvTracker:
    """A tracker of OpenCV, which may or may not tell a score."""

    def __init__(self, create: Callable[[], Any]) -> None:
        """Hold what makes the tracker anew for every target."""
        self._create = create

    def init(self, image: np.ndarray, box: Boxlike[float]) -> None:
        """Start to follow the target; OpenCV wants whole pixels inside the picture."""
        inside = Box(*box).clip(image)
        self._tracker = self._create()
        self._tracker.init(image, [round(value) for value in inside])
        self._box = Box(*box)

    def update(self, image: np.ndarray) -> Result:
        """Find the target; where OpenCV gives it up it is lost, and the last box stays."""
        found, box = self._tracker.update(image)
        if found and box[2] > 0 and box[3] > 0:
            self._box = Box(*box)
        tells = hasattr(self._tracker, "getTrackingScore")
        score = self._tracker.getTrackingScore() if tells else float("nan")
        state = State.TRACKING if found else State.LOST
        return Result(self._box, score, evidence=(score,), state=state)

    def warm_up(self) -> None:
        """Pay one-time costs."""
        noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
        self.init(noise, (140, 100, 40, 40))
        self.update(noise)


@dataclass(frozen=True)
class OnnxEntrant:
    """A tracker of OpenCV whose networks are given as ONNX files.

    Attributes:
        name: TrackerNano (files: backbone, head) or TrackerVit (one file).
        files: the networks.
    """

    name: str
    files: tuple[Path, ...]

    def __post_init__(self) -> None:
        """Check the files."""
        for file in self.files:
            if not file.is_file():
                raise ValueError(f"no network {file} for {self.name}")

    def create(self) -> OpenCvTracker:
        """Make the tracker, warm, in this process."""
        parameters = getattr(cv2, f"{self.name}_Params")()
        slots = ("backbone", "neckhead") if self.name == "TrackerNano" else ("net",)
        for slot, file in zip(slots, self.files, strict=True):
            setattr(parameters, slot, str(file))
        tracker = OpenCvTracker(lambda: getattr(cv2, f"{self.name}_create")(parameters))
        tracker.warm_up()
        return tracker

    def run(self, sequences: list[Sequence], jobs: int = 1) -> Outcome:
        """See :class:`Entrant`."""
        from tadt_tracking.evaluation.pool import run_in_processes  # CSRT's process has no tqdm

        name = f"OpenCV {cv2.__version__} {self.name}"
        return run_in_processes(self, name, sequences, jobs)
