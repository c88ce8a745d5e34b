"""Conversion between messages and the core's types."""

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo
from tadt_tracking.msg import TrackerStatus
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box, BoxError
from tadt_tracking.camera_model import CameraError
from tadt_tracking.result import Result, State
from tadt_tracking.ros.frames import Frame
from tadt_tracking.ros.messages import (
    NotCalibratedError,
    camera_info_to_model,
    detection_to_box,
    ns_to_stamp,
    report_to_status,
    result_to_detection,
    stamp_to_ns,
)
from tadt_tracking.ros.reports import Counts, Report

BOX = Box(10.25, 20.5, 30, 40)
TURN = np.diag([-1.0, -1.0, 1.0])


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


def camera_info(model="plumb_bob", coefficients=(-0.3, 0.1, 0.0, 0.001, 0.0)):
    msg = CameraInfo(width=640, height=480, distortion_model=model, d=list(coefficients))
    msg.k = np.array([500.0, 0, 320, 0, 510, 240, 0, 0, 1])
    msg.p = np.array([450.0, 0, 310, -30, 0, 450, 230, 0, 0, 0, 1, 0])
    return msg


@pytest.mark.parametrize(
    ("model", "coefficients", "lens"),
    [
        ("plumb_bob", [-0.3, 0.1, 0.0, 0.001, 0.0], "brown"),
        ("rational_polynomial", [0.1] * 8, "brown"),
        ("equidistant", [0.1] * 4, "fisheye"),
        ("equidistant", [0.0] * 4, "fisheye"),  # angles are what it is about
    ],
)
def test_a_camera_info_is_a_camera(model, coefficients, lens):
    camera = camera_info_to_model(camera_info(model, coefficients), rectified=False)
    assert (camera.size, camera.lens) == ((640, 480), lens)
    assert camera.matrix.tolist() == [[500, 0, 320], [0, 510, 240], [0, 0, 1]]
    assert camera.distortion.tolist() == coefficients
    assert camera.rotation.tolist() == np.eye(3).tolist()  # R is all zeros: not given
    assert (camera.binning, camera.offset) == ((1, 1), (0, 0))


def test_rectified_images_go_by_the_projection_and_no_distortion():
    msg = camera_info("omni")  # of the images as they came
    msg.r = TURN.ravel()
    camera = camera_info_to_model(msg, rectified=True)
    assert camera.matrix.tolist() == [[450, 0, 310], [0, 450, 230], [0, 0, 1]]
    assert (camera.lens, camera.distortion.any()) == ("brown", False)
    assert camera.rotation.tolist() == np.eye(3).tolist()


def test_images_of_a_pair_as_they_came_are_turned_to_the_optical_frame():
    msg = camera_info()
    msg.r = TURN.ravel()
    assert camera_info_to_model(msg, rectified=False).rotation.tolist() == TURN.tolist()


def test_a_part_of_the_sensor_binned():
    msg = camera_info()
    msg.binning_x, msg.binning_y = 2, 4
    msg.roi.x_offset, msg.roi.y_offset, msg.roi.width, msg.roi.height = 10, 20, 400, 300
    camera = camera_info_to_model(msg, rectified=False)
    assert (camera.size, camera.binning, camera.offset) == ((200, 75), (2, 4), (10, 20))


@pytest.mark.parametrize("coefficients", [[], [0.0] * 5])
def test_a_lens_without_distortion_needs_no_name(coefficients):
    camera = camera_info_to_model(camera_info("", coefficients), rectified=False)
    assert (camera.lens, camera.distortion.any()) == ("brown", False)
    camera = camera_info_to_model(camera_info("equidistant", coefficients[:4]), rectified=False)
    assert (camera.lens, camera.distortion.tolist()) == ("fisheye", [0.0] * 4)


@pytest.mark.parametrize("region", [(100, 0, 0, 0), (0, 0, 300, 0), (400, 0, 300, 200)])
def test_what_is_no_part_of_the_sensor_is_refused(region):
    msg = camera_info()
    msg.roi.x_offset, msg.roi.y_offset, msg.roi.width, msg.roi.height = region
    with pytest.raises(CameraError, match=rf"roi \({region[0]}, 0, .* sensor of 640x480 px"):
        camera_info_to_model(msg, rectified=False)


@pytest.mark.parametrize(("rectified", "named"), [(False, "K"), (True, "P")])
def test_a_camera_that_is_not_calibrated_is_told_apart(rectified, named):
    with pytest.raises(NotCalibratedError, match=rf"not calibrated: {named}\[0\] is 0"):
        camera_info_to_model(CameraInfo(width=640, height=480), rectified=rectified)


def test_an_unknown_distortion_is_refused_by_name():
    with pytest.raises(CameraError, match=r"'omni'; valid are: plumb_bob, rational_polynomial"):
        camera_info_to_model(camera_info("omni"), rectified=False)
