"""Lower precision must not cost accuracy: what "auto" may pick is measured on real sequences."""

import numpy as np
import pytest

from tadt_tracking import create_tracker
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.engines.compute import PRECISIONS
from tadt_tracking.evaluation.datasets import SPLITS, Sequence
from tadt_tracking.evaluation.runner import run_sequence
from tadt_tracking.trackers import TRACKERS

# Few frames of many sequences: once a target is lost, chance decides about the rest. Where one is
# lost among look-alikes on a near-tie, that alone moves the mean by more than is allowed: of all
# changes the largest and the smallest do not count (docs/benchmarks.md tells of them).
FRAMES = 40
LARGEST_CHANGE = 0.01


def _aucs(tracker, root, **options):
    tracker = create_tracker(tracker, engine=AUTO.engine, background=False, **options)
    parts = [Sequence.read(root / name).part(frames=FRAMES) for name in SPLITS["otb"]]
    return np.array([run_sequence(tracker, part).auc for part in parts])


def _is_there(precision):
    """Whether the engine that "auto" picks offers a precision that "auto" might pick."""
    try:
        Compute.choose(ComputeSettings(engine=AUTO.engine, precision=precision))
    except ValueError:
        return False
    emulated = AUTO.engine == "torch" and AUTO.device.type == "cpu"
    return precision == AUTO.precision or not emulated


AUTO = Compute.choose(ComputeSettings())
LOWER = [name for name in PRECISIONS if name != "fp32" and _is_there(name)]


@pytest.fixture(scope="module", params=TRACKERS)
def exact(request, sequences):
    """A tracker's name, and its AUC on each sequence in fp32."""
    return request.param, _aucs(request.param, sequences, precision="fp32")


@pytest.mark.parametrize("precision", LOWER)
def test_accuracy_is_that_of_fp32(exact, sequences, precision):
    tracker, expected = exact
    changes = np.sort(_aucs(tracker, sequences, precision=precision) - expected)
    assert expected.mean() > 0.5
    assert abs(changes[1:-1].mean()) < LARGEST_CHANGE, changes


def test_what_auto_picks_is_tested():
    assert AUTO.precision in ("fp32", *LOWER)
