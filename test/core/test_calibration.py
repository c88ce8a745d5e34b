"""Evidence becomes a probability: constants that made it are found again."""

import shutil
import sys

import cv2
import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.evaluation import calibration
from tadt_tracking.evaluation.__main__ import main
from tadt_tracking.evaluation.calibration import Samples
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.runner import Track
from tadt_tracking.result import Result, State
from tadt_tracking.session import SessionSettings
from tadt_tracking.session.states import StateMachine
from tadt_tracking.trackers.evidence import Logistic
from tadt_tracking.trackers.tadt import Tadt

NAME = "made"


def _track(tmp_path, evidence, good):
    """A run whose box is right where the target is not absent, the given box first."""
    truth = np.tile([10.0, 10, 20, 20], (len(good) + 1, 1))
    results = [Result(Box(*truth[0]), np.nan)] + [
        Result(Box(*truth[0]), 0.5, evidence=tuple(np.atleast_1d(value))) for value in evidence
    ]
    truth[1:][~np.array(good)] = np.nan
    return Track.of(Sequence(NAME, tmp_path, truth), results, [0.0] * len(results))


def _logistic(slope, middle):
    return Logistic((slope,), -slope * middle)


def _middle(logistic):
    """Where the probability is a half, of one kind of evidence."""
    return -logistic.bias / logistic.weights[0]


def _drawn(logistic, count, seed=0):
    rng = np.random.default_rng(seed)
    evidence = rng.normal(_middle(logistic), 2 / logistic.weights[0], (count, 1))
    return evidence, rng.random(count) < logistic(evidence)


@pytest.mark.parametrize(("slope", "middle"), [(10, 0.25), (0.2, -300), (5000, 1.0)])
def test_constants_are_found_again(tmp_path, slope, middle):
    samples = Samples.of([_track(tmp_path, *_drawn(_logistic(slope, middle), 20000))])
    fitted = calibration.fit(samples)
    assert fitted.weights[0] == pytest.approx(slope, rel=0.05)
    assert _middle(fitted) == pytest.approx(middle, abs=0.1 / slope)


def test_each_kind_of_evidence_gets_its_weight(tmp_path):
    true, rng = Logistic((10.0, 30.0), -8.0), np.random.default_rng(0)
    evidence = rng.normal((0.5, 0.1), (0.2, 0.07), (20000, 2))
    samples = Samples.of([_track(tmp_path, evidence, rng.random(20000) < true(evidence))])
    fitted = calibration.fit(samples)
    assert fitted.weights == pytest.approx(true.weights, rel=0.1)
    assert fitted.bias == pytest.approx(true.bias, rel=0.1)


@pytest.mark.parametrize("weights", [(3.0, 0.1), (3.0, -2.0), (-2.0, 3.0, 0.0)])
def test_no_kind_of_evidence_counts_for_less_than_a_share_of_another(tmp_path, weights):
    rng = np.random.default_rng(0)
    evidence = rng.normal(0, 1, (2000, len(weights)))
    good = rng.random(2000) < Logistic(weights, 0.0)(evidence)
    fitted = calibration.fit(Samples.of([_track(tmp_path, evidence, good)]))
    strongest = weights.index(3.0)
    assert fitted.weights[strongest] > 1
    others = np.delete(fitted.weights, strongest)
    assert others == pytest.approx(calibration.LEAST * fitted.weights[strongest])


def test_fit_is_the_greatest_likelihood_but_for_a_weak_prior(tmp_path):
    samples = Samples.of([_track(tmp_path, *_drawn(_logistic(4, 0.5), 300))])
    fitted = calibration.fit(samples)

    def likelihood(logistic):
        right = np.where(samples.good, logistic(samples.evidence), 1 - logistic(samples.evidence))
        return np.log(right) @ samples.weights

    slope, middle = fitted.weights[0], _middle(fitted)
    for factor in (0.9, 1.1):
        assert likelihood(fitted) > likelihood(_logistic(slope * factor, middle))
        assert likelihood(fitted) > likelihood(_logistic(slope, middle * factor))


def test_every_run_weighs_the_same(tmp_path):
    short = _track(tmp_path, *_drawn(_logistic(10, 0.2), 2000, seed=1))
    long = _track(tmp_path, *_drawn(_logistic(10, 0.6), 2000, seed=2))
    middle = _middle(calibration.fit(Samples.of([short, long])))
    good = np.tile(long.overlaps[1:] > 0.5, 5)
    longer = _track(tmp_path, np.tile(long.evidence[1:], (5, 1)), good)
    again = calibration.fit(Samples.of([short, longer]))
    assert _middle(again) == pytest.approx(middle, rel=1e-2)


def test_evidence_that_tells_everything_gives_finite_constants(tmp_path):
    track = _track(tmp_path, [0.0, 0.1, 0.9, 1.0], [False, False, True, True])
    fitted = calibration.fit(Samples.of([track]))
    assert np.isfinite(fitted.weights).all()
    assert 0.1 < _middle(fitted) < 0.9


def test_absent_target_is_a_bad_frame_and_silence_is_none(tmp_path):
    track = _track(tmp_path, [0.9, 0.2, np.nan], [True, True, True])
    track.sequence.truth[2] = np.nan
    samples = Samples.of([track])
    assert samples.evidence.tolist() == [[0.9], [0.2]]
    assert samples.good.tolist() == [True, False]
    assert samples.weights.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("away", [12, 1000])
def test_box_that_does_not_cover_the_target_well_is_shown_but_not_fitted(tmp_path, away):
    track = _track(tmp_path, [0.9, 0.8, 0.2], [True, True, False])
    track.sequence.truth[2] += [away, 0, 0, 0]
    samples = Samples.of([track])
    assert samples.good.tolist() == [True, False, False]
    assert samples.weights.tolist() == [0.5, 0.0, 0.5]


def test_frames_without_the_target_weigh_as_much_as_those_with_it(tmp_path):
    track = _track(tmp_path, [0.9, 0.8, 0.7, 0.2], [True] * 4)
    track.sequence.truth[4] = np.nan
    assert Samples.of([track]).weights == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


@pytest.mark.parametrize(
    ("evidence", "good"),
    [([0.1, 0.2], [True, True]), ([np.nan, np.nan], [True, False]), ([1.0, 1.0], [True, False])],
)
def test_nothing_to_learn_from_is_told(tmp_path, evidence, good):
    with pytest.raises(ValueError, match="good and bad frames, with evidence that differs"):
        Samples.of([_track(tmp_path, evidence, good)])


def test_report_has_constants_area_and_reliability(tmp_path):
    track = _track(tmp_path, [0.0, 0.1, 0.9, 1.0], [False, True, False, True])
    text = calibration.report(NAME, Samples.of([track]), Logistic((10,), -5))
    assert text.startswith("weights 10; bias -5\n")
    assert "| 0.9 to 1.0     | 2      | 0.99" in text
    assert "| area under ROC | 4      | 0.750" in text


def test_command_fits_what_a_tracker_does(made_root, tmp_path, capsys):
    options = ["--device=cpu", "--engine=torch", "--precision=fp32", "--threads=1", "--away=4"]
    arguments = ["calibrate", "--root", str(tmp_path), *options, "--sequences"]
    shutil.copytree(made_root / "square", tmp_path / "square")
    other = np.random.default_rng(1).integers(0, 255, (8, 120, 160, 3), dtype=np.uint8)
    (tmp_path / "noise" / "img").mkdir(parents=True)
    for index, picture in enumerate(other):
        cv2.imwrite(str(tmp_path / "noise" / "img" / f"{index + 1:04d}.png"), picture)
    (tmp_path / "noise" / "groundtruth_rect.txt").write_text("61,41,32,32\n" * len(other))
    assert main([*arguments, "square,noise"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("weights ")
    assert float(told.split()[1].rstrip(",")) > 0, "more evidence, more probable"
    assert main([*arguments, "square"]) == 1
    assert "at least two sequences, got square" in capsys.readouterr().err


def test_plot_needs_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    samples = Samples.of([_track(tmp_path, [0.1, 0.9], [False, True])])
    with pytest.raises(ValueError, match=r"matplotlib: see requirements/plots\.txt"):
        calibration.plot(tmp_path / "plot.png", NAME, samples, _logistic(10, 0.5))


def test_plot_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    samples = Samples.of([_track(tmp_path, *_drawn(_logistic(10, 0.5), 200))])
    calibration.plot(tmp_path / "plot.png", NAME, samples, _logistic(10, 0.5))
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_its_session_never_gives_a_target_up():
    settings = SessionSettings.from_dict(calibration.NEVER_LOST)
    states = StateMachine(settings.thresholds(Tadt.thresholds), settings.patience)
    assert {states.judge(0.0) for _ in range(10_000)} == {State.UNCERTAIN}
