"""OpenCV's CSRT as an entrant: the tracker that users have already, measured as ours are.

It comes with opencv-contrib only, which cannot live in one environment with the OpenCV that we
need. So it runs as a child process on another environment's Python, over pipes. This module is both
ends; the child has numpy and cv2, no torch.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.opencv_trackers import OpenCvTracker
from tadt_tracking.evaluation.processes import peak_mib
from tadt_tracking.evaluation.runner import Outcome, run_sequence

DEFAULT_PYTHON = Path(".venv-opencv/bin/python")  # from requirements/opencv_baseline.txt
# Isolated from this environment; our package comes last, so that the child's own cv2 is found.
_CHILD = "import sys; sys.path.append(sys.argv[1]); from {module} import serve; serve()"


class CsrtError(Exception):
    """The child process failed; the message says on what."""


@dataclass(frozen=True)
class CsrtEntrant:
    """CSRT, with OpenCV's default settings.

    Attributes:
        python: the Python of an environment with opencv-contrib.
    """

    python: Path = DEFAULT_PYTHON

    def is_there(self) -> bool:
        """Whether the environment has been made."""
        return self.python.is_file()

    def run(self, sequences: list[Sequence], jobs: int = 1) -> Outcome:
        """See :class:`Entrant`; `jobs` is of no use here, OpenCV takes all cores by itself."""
        from tqdm import tqdm  # which the child has not

        del jobs
        root = Path(__file__).parents[2]
        code = _CHILD.format(module=__name__)
        command = [str(self.python.absolute()), "-I", "-c", code, str(root)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            version = _receive(child)
            pickle.dump(sequences, child.stdin)
            child.stdin.close()
            steps = tqdm(sequences, desc="CSRT", unit="sequence", leave=False)
            tracks = [_receive(child) for _ in steps]
            peak = _receive(child)
        return Outcome(f"OpenCV {version} CSRT", tracks, peak)


def serve() -> None:
    """Be the child: write OpenCV's version, read sequences, write a track for each, the peak."""
    tracker = OpenCvTracker(cv2.TrackerCSRT_create)
    tracker.warm_up()
    _send(cv2.__version__)
    for sequence in pickle.load(sys.stdin.buffer):
        _send(run_sequence(tracker, sequence))
    _send(peak_mib())


def _send(value: object) -> None:
    pickle.dump(value, sys.stdout.buffer)
    sys.stdout.flush()


def _receive(child: subprocess.Popen) -> object:
    try:
        return pickle.load(child.stdout)
    except EOFError as error:
        raise CsrtError(
            f"CSRT's process ({child.args[0]}) ended; its error stands above"
        ) from error
