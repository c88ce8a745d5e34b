"""OpenCV's CSRT as a child process, where its environment has been made."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.evaluation.csrt import DEFAULT_PYTHON, CsrtEntrant, CsrtError
from tadt_tracking.evaluation.datasets import Sequence

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def csrt():
    entrant = CsrtEntrant(ROOT / DEFAULT_PYTHON)
    if not entrant.is_there():
        pytest.skip(f"no CSRT: {entrant.python} is made by `make bench`")
    return entrant


def test_follows_the_target_and_tells_what_it_took(csrt, made_root):
    square = Sequence.read(made_root / "square")
    outcome = csrt.run([square, square.part(10)])
    whole, part = outcome.tracks
    assert outcome.name.startswith("OpenCV 4.")
    assert whole.precision == part.precision == 1
    assert len(part.boxes) == 20
    assert (whole.seconds > 0).all()
    assert np.isnan(whole.scores).all()
    assert 20 < outcome.peak_mib < 300  # no torch in there


def test_first_box_may_leave_the_picture(csrt, made_root):
    square = Sequence.read(made_root / "square").part(frames=3)
    outcome = csrt.run([square.starting_with(Box(-10.4, -6.2, 40, 40))])
    assert np.isfinite(outcome.tracks[0].boxes).all()


def test_error_of_the_child_is_told(csrt, tmp_path):
    missing = Sequence("missing", tmp_path / "missing", np.ones((2, 4)))
    with pytest.raises(CsrtError, match="venv-opencv"):
        csrt.run([missing])


def test_this_environment_has_no_csrt(made_root):
    with pytest.raises(CsrtError):
        CsrtEntrant(Path(sys.executable)).run([Sequence.read(made_root / "square")])


def test_child_needs_no_torch():
    code = (
        "import sys; sys.modules['torch'] = sys.modules['tqdm'] = None\n"
        "import tadt_tracking.evaluation.csrt"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
