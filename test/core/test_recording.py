"""The recorder's files, from pictures and results in any order."""

import csv
import json
from itertools import permutations

import cv2
import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.recording import Condition, Recording, TrackedBox

STEP = 100_000_000  # 10 Hz
PICTURE = np.full((48, 64, 3), 90, np.uint8)
TRACKING, IDLE = Condition("TRACKING", None), Condition("IDLE", None)


def result(seen=True, latency=20.0):
    return TrackedBox("cup", Box(10, 8, 20, 16), seen, 0.75 if seen else 0.0, latency)


def rows_of(folder):
    with (folder / "results.csv").open(newline="") as table:
        return list(csv.DictReader(table))


def video_of(folder):
    capture = cv2.VideoCapture(str(folder / "overlay.mp4"))
    pictures = []
    while True:
        good, picture = capture.read()
        if not good:
            return pictures, capture.get(cv2.CAP_PROP_FPS)
        pictures.append(picture)


@pytest.mark.parametrize("order", list(permutations("prc")))
def test_parts_of_a_stamp_may_come_in_any_order(tmp_path, order):
    recording = Recording(tmp_path)
    for index in range(3):
        stamp = (index + 1) * STEP
        add = {
            "p": lambda stamp=stamp: recording.add_picture(stamp, PICTURE),
            "r": lambda stamp=stamp: recording.add_result(stamp, result()),
            "c": lambda stamp=stamp: recording.add_condition(stamp, TRACKING),
        }
        for part in order:
            add[part]()
    recording.close()
    rows = rows_of(tmp_path)
    assert [row["frame"] for row in rows] == ["0", "1", "2"]
    assert [row["stamp"] for row in rows] == ["0.100000000", "0.200000000", "0.300000000"]
    assert rows[0]["id"] == "cup" and rows[0]["state"] == "TRACKING"
    assert [float(rows[0][key]) for key in "xywh"] == [10, 8, 20, 16]
    assert float(rows[0]["score"]) == 0.75 and float(rows[0]["latency_ms"]) == 20


def test_pictures_without_a_result_are_in_the_video_but_not_in_the_table(tmp_path):
    recording = Recording(tmp_path)
    for index in range(6):
        recording.add_picture((index + 1) * STEP, PICTURE)
    for index in (1, 4):
        recording.add_result((index + 1) * STEP, result())
        recording.add_condition((index + 1) * STEP, TRACKING)
    summary = recording.close(frames_seen=6)
    pictures, rate = video_of(tmp_path)
    assert [row["frame"] for row in rows_of(tmp_path)] == ["1", "4"]
    assert len(pictures) == 6 and rate == pytest.approx(10)
    assert pictures[0].shape == (48, 64, 3)
    assert summary["pictures"] == 6 and summary["results"] == 2 and summary["frames_seen"] == 6
    assert json.loads((tmp_path / "summary.json").read_text()) == summary


def test_a_lost_target_has_an_empty_box(tmp_path):
    recording = Recording(tmp_path)
    recording.add_picture(STEP, PICTURE)
    recording.add_result(STEP, result(seen=False))
    recording.add_condition(STEP, Condition("SEARCHING", Box(0, 0, 64, 48)))
    recording.add_picture(2 * STEP, PICTURE)
    recording.add_result(2 * STEP, result(seen=False))  # and no condition
    summary = recording.close()
    rows = rows_of(tmp_path)
    assert all(row[key] == "" for row in rows for key in "xywh")
    assert [row["state"] for row in rows] == ["SEARCHING", "LOST"]
    assert summary["states"] == {"SEARCHING": 1, "LOST": 1}


def test_memory_is_bounded_and_a_result_after_the_bound_is_counted(tmp_path):
    recording = Recording(tmp_path, capacity=5)
    for index in range(50):
        recording.add_picture((index + 1) * STEP, PICTURE)
        assert len(recording._waiting) <= 5
    recording.add_result(STEP, result())
    summary = recording.close()
    assert summary["too_late"] == 1 and summary["results"] == 0
    assert len(video_of(tmp_path)[0]) == 50


def test_a_result_whose_picture_never_came_is_kept_and_counted(tmp_path):
    recording = Recording(tmp_path)
    recording.add_result(STEP, result())
    summary = recording.close()
    assert rows_of(tmp_path)[0]["frame"] == ""
    assert summary["results_without_picture"] == 1 and summary["video"] is None


def test_latency_percentiles(tmp_path):
    recording = Recording(tmp_path)
    for index in range(101):
        recording.add_result((index + 1) * STEP, result(latency=float(index)))
    assert recording.close()["latency_ms"] == {"p50": 50, "p95": 95}


def test_pictures_of_another_size_go_into_the_same_video(tmp_path):
    recording = Recording(tmp_path, video_rate=15)
    recording.add_picture(STEP, PICTURE)
    recording.add_picture(2 * STEP, np.zeros((100, 80, 3), np.uint8))
    recording.close()
    pictures, rate = video_of(tmp_path)
    assert [picture.shape for picture in pictures] == [(48, 64, 3)] * 2
    assert rate == pytest.approx(15)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(1, 120), (10_012_345, 99.88), (33_366_700, 29.97), (STEP, 10), (10**12, 0.1)],
)
def test_stamps_of_any_spacing_make_a_video(tmp_path, step, rate):
    recording = Recording(tmp_path)
    for index in range(3):
        recording.add_picture(index * step, PICTURE)
    recording.close()
    pictures, found = video_of(tmp_path)
    assert len(pictures) == 3 and found == pytest.approx(rate, abs=0.01)


def test_nothing_recorded_leaves_readable_files(tmp_path):
    summary = Recording(tmp_path / "new" / "folder").close()
    assert rows_of(tmp_path / "new" / "folder") == []
    assert summary["latency_ms"] is None and summary["video"] is None


def add_complete(recording, stamp, picture=PICTURE):
    recording.add_picture(stamp, picture)
    recording.add_result(stamp, result())
    recording.add_condition(stamp, TRACKING)


def shows_a_target(picture):
    """Whether the green of TRACKING is in a picture of the video."""
    return bool((picture.astype(int)[..., 1] - picture.min(axis=-1) > 60).any())


@pytest.mark.parametrize("told_early", [False, True])
def test_no_target_is_drawn_once_it_was_given_up(tmp_path, told_early):
    """The stamp is that of the last picture that was processed, written already or not."""
    recording = Recording(tmp_path)
    add_complete(recording, STEP)
    add_complete(recording, 2 * STEP)
    recording.add_picture(3 * STEP, PICTURE)
    conditions = [IDLE, TRACKING] if told_early else [TRACKING, IDLE]
    recording.add_result(3 * STEP, result())
    for condition in conditions:
        recording.add_condition(3 * STEP, condition)
    recording.add_picture(4 * STEP, PICTURE)
    recording.add_picture(5 * STEP, PICTURE)
    add_complete(recording, 6 * STEP)
    recording.add_picture(7 * STEP, PICTURE)
    summary = recording.close()
    drawn = [shows_a_target(picture) for picture in video_of(tmp_path)[0]]
    assert drawn == [True, True, True, False, False, True, True]
    assert summary["states"] == {"TRACKING": 4}


def test_stamps_that_go_back_begin_anew(tmp_path):
    """As of a bag that is played twice: the second time has the stamps of the first."""
    recording = Recording(tmp_path)
    for _ in range(2):
        for index in range(3):
            add_complete(recording, (index + 1) * STEP)
        recording.add_picture(4 * STEP, PICTURE)
    summary = recording.close()
    assert [row["frame"] for row in rows_of(tmp_path)] == ["0", "1", "2", "4", "5", "6"]
    assert summary["pictures"] == 8 and summary["too_late"] == 0
    assert len(video_of(tmp_path)[0]) == 8


def test_a_result_from_before_the_stream_began_anew_is_too_late(tmp_path):
    recording = Recording(tmp_path)
    for again in range(2):
        add_complete(recording, STEP)
        if again:
            recording.add_result(2 * STEP, result())
        recording.add_picture(2 * STEP, PICTURE)
    summary = recording.close()
    assert [row["frame"] for row in rows_of(tmp_path)] == ["0", "2"]
    assert summary["too_late"] == 1


def test_a_target_given_up_before_the_stream_began_anew_is_not_drawn(tmp_path):
    recording = Recording(tmp_path)
    add_complete(recording, 2 * STEP)
    add_complete(recording, 3 * STEP)
    recording.add_condition(3 * STEP, IDLE)
    recording.add_picture(STEP, PICTURE)
    recording.close()
    drawn = [shows_a_target(picture) for picture in video_of(tmp_path)[0]]
    assert drawn == [True, True, False]


def test_the_video_has_the_stamps_rate_where_each_picture_is_complete_at_once(tmp_path):
    recording = Recording(tmp_path)
    for index in range(4):
        add_complete(recording, (index + 1) * STEP)
        assert len(recording._waiting) <= 1
    recording.close()
    pictures, rate = video_of(tmp_path)
    assert len(pictures) == 4 and rate == pytest.approx(10)


def test_a_single_picture_makes_a_video(tmp_path):
    recording = Recording(tmp_path)
    add_complete(recording, STEP)
    recording.close()
    assert len(video_of(tmp_path)[0]) == 1 and len(rows_of(tmp_path)) == 1


def test_percentiles_are_those_of_the_last_results(tmp_path, monkeypatch):
    monkeypatch.setattr("tadt_tracking.recording._LATENCIES", 3)
    recording = Recording(tmp_path)
    for index, latency in enumerate((500.0, 500.0, 1.0, 2.0, 3.0)):
        recording.add_result((index + 1) * STEP, result(latency=latency))
    summary = recording.close()
    assert summary["results"] == 5 and summary["latency_ms"]["p50"] == 2
