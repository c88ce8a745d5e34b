"""Lower precision must not cost accuracy: what "auto" may pick is measured on real sequences."""

import numpy as np
import pytest

from tadt_tracking import create_tracker
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.engines.compute import ENGINES, PRECISIONS
from tadt_tracking.evaluation.datasets import SPLITS, Sequence
from tadt_tracking.evaluation.runner import run_sequence
from tadt_tracking.trackers import TRACKERS

# Few frames of many sequences: once a target is lost, chance decides about the rest.
FRAMES = 40
LARGEST_CHANGE = 0.01


def _mean_auc(tracker, root, **options):
    tracker = create_tracker(tracker, **options)
    parts = [Sequence.read(root / name).part(frames=FRAMES) for name in SPLITS["otb"]]
    return np.mean([run_sequence(tracker, part).auc for part in parts])


def _there(engine, precision):
    """Whether this machine computes that in hardware, so that "auto" might pick it."""
    try:
        compute = Compute.choose(ComputeSettings(engine=engine, precision=precision))
    except ValueError:
        return False
    return engine == "openvino" or compute.device.type == "cuda"


WAYS = [
    (engine, precision)
    for engine in ENGINES
    for precision in PRECISIONS
    if precision != "fp32" and _there(engine, precision)
]


@pytest.fixture(scope="module", params=TRACKERS)
def exact(request, sequences):
    """A tracker's name, and its mean AUC in fp32."""
    return request.param, _mean_auc(request.param, sequences, precision="fp32")


@pytest.mark.parametrize(("engine", "precision"), WAYS)
def test_accuracy_is_that_of_fp32(exact, sequences, engine, precision):
    tracker, expected = exact
    found = _mean_auc(tracker, sequences, engine=engine, precision=precision)
    assert expected > 0.5
    assert abs(found - expected) < LARGEST_CHANGE


def test_auto_is_among_the_ways_tested():
    compute = Compute.choose(ComputeSettings())
    assert compute.precision == "fp32" or (compute.engine, compute.precision) in WAYS
