"""Conversion between messages and the core's types."""

import pytest
from tadt_tracking.msg import TrackerStatus
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box, BoxError
from tadt_tracking.result import Result, State
from tadt_tracking.ros.frames import Frame
from tadt_tracking.ros.messages import (
    detection_to_box,
    ns_to_stamp,
    report_to_status,
    result_to_detection,
    stamp_to_ns,
)
from tadt_tracking.ros.reports import Counts, Report

BOX = Box(10.25, 20.5, 30, 40)


def status_of(result):
    message = Detection2D()  # only its header is read
    message.header.frame_id = "front"
    report = Report(Frame(7, 3, message), "cup", result, 12.5, Counts(9, 6, 3, 2), "tadt")
    return report_to_status(report, 20.0)


def seen(state=State.TRACKING, score=0.75, region=None):
    return Result(BOX, score, region, state=state)


def test_box_survives_the_way_there_and_back():
    msg = result_to_detection(Detection2D().header, "cup", seen())
    assert detection_to_box(msg) == BOX
    assert msg.id == "cup"
    (hypothesis,) = msg.results
    assert (hypothesis.hypothesis.class_id, hypothesis.hypothesis.score) == ("target", 0.75)


def test_turned_box_is_refused_with_its_angle():
    msg = result_to_detection(Detection2D().header, "", seen())
    msg.bbox.center.theta = 0.5
    with pytest.raises(BoxError, match=r"0\.5 rad"):
        detection_to_box(msg)


def test_stamps_keep_their_nanoseconds():
    assert stamp_to_ns(ns_to_stamp(1_700_000_000_123_456_789)) == 1_700_000_000_123_456_789


@pytest.mark.parametrize("state", [State.LOST, State.SEARCHING])
def test_a_lost_target_has_no_hypothesis_and_the_box_last_believed(state):
    msg = result_to_detection(Detection2D().header, "cup", seen(state))
    assert list(msg.results) == []
    assert (detection_to_box(msg), msg.id) == (BOX, "cup")


def test_a_doubted_target_has_a_hypothesis():
    msg = result_to_detection(Detection2D().header, "cup", seen(State.UNCERTAIN, 0.25))
    assert [h.hypothesis.score for h in msg.results] == [0.25]


@pytest.mark.parametrize("state", State)
def test_status_tells_the_sessions_state_and_score(state):
    status = status_of(seen(state))
    assert status.state == getattr(TrackerStatus, state.name)
    assert status.score == 0.75


def test_no_target_is_idle():
    status = status_of(None)
    assert (status.state, status.score) == (TrackerStatus.IDLE, 0.0)


def test_status_tells_the_counts():
    status = status_of(seen())
    counts = (status.frames_seen, status.frames_processed, status.frames_dropped)
    assert (*counts, status.redetections) == (9, 6, 3, 2)


def test_search_region_covers_the_box_in_whole_pixels():
    region = status_of(seen(region=Box(0, 3.5, 100.2, 50))).search_region
    found = (region.x_offset, region.y_offset, region.width, region.height)
    assert found == (0, 3, 101, 51)
    assert status_of(seen()).search_region.width == 0
