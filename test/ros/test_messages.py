"""Conversion between messages and the core's types."""

import pytest
from tadt_tracking.msg import TrackerStatus
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box, BoxError
from tadt_tracking.result import Result
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
    report = Report(Frame(7, 3, message), "cup", result, 12.5, Counts(9, 6, 3), "tadt")
    return report_to_status(report, 20.0)


def test_box_survives_the_way_there_and_back():
    msg = result_to_detection(Detection2D().header, "cup", Result(BOX, 0.75))
    assert detection_to_box(msg) == BOX
    assert msg.id == "cup"
    (hypothesis,) = msg.results
    assert (hypothesis.hypothesis.class_id, hypothesis.hypothesis.score) == ("target", 0.75)


def test_turned_box_is_refused_with_its_angle():
    msg = result_to_detection(Detection2D().header, "", Result(BOX, 1.0))
    msg.bbox.center.theta = 0.5
    with pytest.raises(BoxError, match=r"0\.5 rad"):
        detection_to_box(msg)


def test_stamps_keep_their_nanoseconds():
    assert stamp_to_ns(ns_to_stamp(1_700_000_000_123_456_789)) == 1_700_000_000_123_456_789


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (None, TrackerStatus.IDLE),
        (Result(BOX, 0.5), TrackerStatus.TRACKING),
        (Result(BOX, 0.49), TrackerStatus.UNCERTAIN),
    ],
)
def test_state_follows_the_score(result, state):
    assert status_of(result).state == state


def test_search_region_covers_the_box_in_whole_pixels():
    region = status_of(Result(BOX, 1.0, Box(0, 3.5, 100.2, 50))).search_region
    found = (region.x_offset, region.y_offset, region.width, region.height)
    assert found == (0, 3, 101, 51)
    assert status_of(Result(BOX, 1.0)).search_region.width == 0
