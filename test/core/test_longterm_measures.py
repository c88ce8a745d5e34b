"""Long-term measures on cases counted by hand."""

import numpy as np
import pytest

from tadt_tracking.evaluation.longterm_measures import (
    Presence,
    after_absence,
    best_f,
    precision_recall,
    presence,
    recoveries,
)

NAN = np.nan
OVERLAPS = np.array([0.8, 0.6, NAN, NAN, 0.2, 0.9])
SCORES = np.array([0.9, 0.8, 0.7, 0.1, 0.5, 0.6])


def test_precision_and_recall_by_hand():
    precision, recall = precision_recall(OVERLAPS, SCORES, np.array([0.0, 0.6, 0.8, 0.95]))
    assert precision == pytest.approx([2.5 / 6, 2.3 / 4, 1.4 / 2, 1.0])
    assert recall == pytest.approx([2.5 / 4, 2.3 / 4, 1.4 / 4, 0.0])


def test_f_is_the_best_over_thresholds():
    best = best_f([OVERLAPS], [SCORES])
    assert best == pytest.approx((2.3 / 4, 2.3 / 4, 2.3 / 4, 0.6))


def test_thresholds_are_common_to_all_sequences():
    overlaps = [np.array([1.0, NAN]), np.array([1.0, NAN])]
    apart = [np.array([0.9, 0.8]), np.array([0.2, 0.1])]
    assert best_f(overlaps[:1], apart[:1]).f == best_f(overlaps[1:], apart[1:]).f == 1
    # At 0.2: precisions 1/2 and 1, recalls 1 and 1.
    assert best_f(overlaps, apart) == pytest.approx((2 * 0.75 / 1.75, 0.75, 1, 0.2))


def test_sequences_weigh_the_same_whatever_their_length():
    long, short = np.full(90, 1.0), np.full(10, 0.0)
    assert best_f([long, short], [np.ones(90), np.ones(10)]).recall == 0.5


def test_frames_not_reported_never_count_as_reported():
    silent = np.where(np.isnan(OVERLAPS), -np.inf, SCORES)
    best = best_f([OVERLAPS], [silent])
    precision, recall = 2.3 / 3, 2.3 / 4
    f = 2 * precision * recall / (precision + recall)
    assert best == pytest.approx((f, precision, recall, 0.6))
    assert precision_recall(OVERLAPS, silent, np.array([0.0]))[0] == 2.5 / 4
    assert best_f([OVERLAPS], [np.full(6, -np.inf)]).f == 0


def test_presence_by_hand():
    reported = np.array([True, False, True, False, True, True])
    assert presence(OVERLAPS, reported) == (0.5, 0.5)
    assert np.isnan(presence(np.ones(3), np.ones(3, bool)).tnr)


@pytest.mark.parametrize(("tpr", "tnr"), [(0.8, 0.9), (0.8, 0.5), (0.7, 0.2), (0.6, 0.0), (0, 0)])
def test_max_gm_is_the_largest_over_shares_of_reports(tpr, tnr):
    dropped = np.linspace(0, 1, 10001)
    values = np.sqrt((1 - dropped) * tpr * ((1 - dropped) * tnr + dropped))
    assert Presence(tpr, tnr).max_gm == pytest.approx(values.max(), abs=1e-6)


def test_only_visible_frames_behind_the_first_absence_count():
    assert after_absence(OVERLAPS).tolist() == [False, False, False, False, True, True]
    assert not after_absence(np.ones(4)).any()


def test_recoveries_are_counted_from_each_reappearance():
    overlaps = np.array([1, NAN, 0.1, 0.9, NAN, NAN, 0.9, NAN, 0.3, NAN, 0.7, 0.7])
    everywhere = np.ones(12, bool)
    assert recoveries(overlaps, everywhere) == [1, 0, None, 0]
    late = everywhere.copy()
    late[10] = False
    assert recoveries(overlaps, late) == [1, 0, None, 1]
    assert recoveries(np.array([NAN, 0.9, NAN]), everywhere[:3]) == [0]
    assert recoveries(np.ones(3), everywhere[:3]) == []
