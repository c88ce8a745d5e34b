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
from tadt_tracking.result import Result
from tadt_tracking.trackers.evidence import Logistic

NAME = "made"


def _track(tmp_path, evidence, good):
    """A run whose box is right or 1000 px off, the given box first."""
    truth = np.tile([10.0, 10, 20, 20], (len(good) + 1, 1))
    results = [Result(Box(*truth[0]), np.nan)] + [
        Result(Box(10 if fine else 1010, 10, 20, 20), 0.5, evidence=value)
        for fine, value in zip(good, evidence, strict=True)
    ]
    return Track.of(Sequence(NAME, tmp_path, truth), results, [0.0] * len(results))


def _drawn(logistic, count, seed=0):
    rng = np.random.default_rng(seed)
    evidence = rng.normal(logistic.middle, 2 / logistic.slope, count)
    return evidence, rng.random(count) < logistic(evidence)


@pytest.mark.parametrize("true", [Logistic(10, 0.25), Logistic(0.2, -300), Logistic(5000, 1.0)])
def test_constants_are_found_again(tmp_path, true):
    samples = Samples.of([_track(tmp_path, *_drawn(true, 20000))])
    fitted = calibration.fit(samples)
    assert fitted.slope == pytest.approx(true.slope, rel=0.05)
    assert fitted.middle == pytest.approx(true.middle, abs=0.1 / true.slope)


def test_fit_is_the_greatest_likelihood(tmp_path):
    samples = Samples.of([_track(tmp_path, *_drawn(Logistic(4, 0.5), 300))])
    fitted = calibration.fit(samples)

    def likelihood(logistic):
        right = np.where(samples.good, logistic(samples.evidence), 1 - logistic(samples.evidence))
        return np.log(right) @ samples.weights

    for factor in (0.97, 1.03):
        assert likelihood(fitted) > likelihood(fitted._replace(slope=fitted.slope * factor))
        assert likelihood(fitted) > likelihood(fitted._replace(middle=fitted.middle * factor))


def test_every_run_weighs_the_same(tmp_path):
    short = _track(tmp_path, *_drawn(Logistic(10, 0.2), 2000, seed=1))
    long = _track(tmp_path, *_drawn(Logistic(10, 0.6), 2000, seed=2))
    middle = calibration.fit(Samples.of([short, long])).middle
    evidence, good = (np.tile(v, 5) for v in (long.evidence[1:], long.overlaps[1:] > 0.5))
    longer = _track(tmp_path, evidence, good)
    assert calibration.fit(Samples.of([short, longer])).middle == pytest.approx(middle, rel=1e-6)


def test_evidence_that_tells_everything_gives_finite_constants(tmp_path):
    track = _track(tmp_path, [0.0, 0.1, 0.9, 1.0], [False, False, True, True])
    fitted = calibration.fit(Samples.of([track]))
    assert np.isfinite(fitted.slope)
    assert 0.1 < fitted.middle < 0.9


def test_absent_target_is_a_bad_frame_and_silence_is_none(tmp_path):
    track = _track(tmp_path, [0.9, 0.2, np.nan], [True, True, True])
    track.sequence.truth[2] = np.nan
    samples = Samples.of([track])
    assert samples.evidence.tolist() == [0.9, 0.2]
    assert samples.good.tolist() == [True, False]
    assert samples.weights.tolist() == [0.5, 0.5]


def test_box_that_covers_the_target_badly_is_shown_but_not_fitted(tmp_path):
    track = _track(tmp_path, [0.9, 0.8, 0.2], [True, True, False])
    track.sequence.truth[2] += [12, 0, 0, 0]
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
    text = calibration.report(NAME, Samples.of([track]), Logistic(10, 0.5))
    assert text.startswith("slope 10, middle 0.5\n")
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
    assert float(told.split()[1].rstrip(",")) > 0, "more evidence, more probable"
    assert main([*arguments, "square"]) == 1
    assert "at least two sequences, got square" in capsys.readouterr().err


def test_plot_needs_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    samples = Samples.of([_track(tmp_path, [0.1, 0.9], [False, True])])
    with pytest.raises(ValueError, match=r"matplotlib: see requirements/plots\.txt"):
        calibration.plot(tmp_path / "plot.png", NAME, samples, Logistic(10, 0.5))


def test_plot_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    samples = Samples.of([_track(tmp_path, *_drawn(Logistic(10, 0.5), 200))])
    calibration.plot(tmp_path / "plot.png", NAME, samples, Logistic(10, 0.5))
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
