import numpy as np
import pytest

from tadt_tracking.evaluation.datasets import DatasetError, Sequence
from tadt_tracking.evaluation.measures import (
    overlaps,
    precision,
    ranking_area,
    reliability,
    success_auc,
)

TRUTH = np.array([[0, 0, 10, 10], [10, 10, 10, 10], [np.nan] * 4], float)


def test_perfect_track():
    boxes = np.nan_to_num(TRUTH, nan=1.0)
    # Overlap 1 exceeds 20 of the 21 thresholds: OTB's convention.
    assert success_auc(boxes, TRUTH) == pytest.approx(20 / 21)
    assert precision(boxes, TRUTH) == 1


def test_absent_frames_do_not_count():
    boxes = np.array([[0, 0, 10, 10], [500, 500, 10, 10], [0, 0, 10, 10]], float)
    assert precision(boxes, TRUTH) == 0.5
    assert np.isnan(overlaps(boxes, TRUTH)[2])


def test_overlaps_by_hand():
    boxes = np.array([[5, 0, 10, 10], [10, 15, 10, 10], [0, 0, 1, 1]], float)
    assert overlaps(boxes, TRUTH)[:2] == pytest.approx([1 / 3, 1 / 3])


def test_scores_that_tell_good_from_bad():
    good = np.array([True, True, False, False])
    assert ranking_area(np.array([0.9, 0.8, 0.2, 0.1]), good) == 1
    assert ranking_area(np.array([0.1, 0.2, 0.8, 0.9]), good) == 0
    assert ranking_area(np.full(4, 0.5), good) == 0.5
    assert np.isnan(ranking_area(np.full(4, 0.5), np.ones(4, bool)))


def test_reliability_counts_every_frame_once():
    scores = np.array([0.0, 0.4, 0.45, 1.0])
    rows = reliability(scores, np.array([False, True, False, True]), 2)
    assert [row[0] for row in rows] == [3, 1]
    assert rows[0][1:] == pytest.approx((0.85 / 3, 1 / 3))
    assert rows[1][1:] == (1.0, 1.0)


def test_truth_is_read_as_zero_based(tmp_path):
    (tmp_path / "groundtruth_rect.txt").write_text("1,1,10,20\nNaN,NaN,NaN,NaN\n3\t4\t5\t6\n")
    truth = Sequence.read(tmp_path).truth
    assert truth[0].tolist() == [0, 0, 10, 20]
    assert np.isnan(truth[1]).all()
    assert truth[2].tolist() == [2, 3, 5, 6]


def test_missing_or_broken_truth_is_named(tmp_path):
    with pytest.raises(DatasetError, match="groundtruth_rect"):
        Sequence.read(tmp_path)
    (tmp_path / "groundtruth_rect.txt").write_text("1,1,10\n")
    with pytest.raises(DatasetError, match="x, y, w, h"):
        Sequence.read(tmp_path)
