"""`~/bearing`: the direction of the target, where a camera_info tells how the camera looks."""

import numpy as np
import pytest
from geometry_msgs.msg import Vector3Stamped
from harness import Client, NodeProcess, detection_to_box, image_message
from lifecycle_msgs.msg import Transition
from rclpy.qos import qos_profile_sensor_data
from scenes import Scene
from sensor_msgs.msg import CameraInfo

from tadt_tracking.box import Box
from tadt_tracking.result import Result, State
from tadt_tracking.ros.bearing import Bearing
from tadt_tracking.ros.frames import Frame
from tadt_tracking.ros.messages import stamp_to_ns
from tadt_tracking.ros.reports import Counts, Report

SCENE = Scene()
SIZE = (SCENE.width, SCENE.height)
FOCAL = 200.0


def camera_info(focal=FOCAL, size=SIZE, **changes):
    """A camera without distortion whose principal point is the middle of its pictures."""
    width, height = size
    x, y = (length / 2 - 0.5 for length in size)
    changes = {"distortion_model": "plumb_bob", **changes}
    info = CameraInfo(width=width, height=height, **changes)
    info.k = np.array([focal, 0, x, 0, focal, y, 0, 0, 1], float)
    info.p = np.array([2 * focal, 0, x, 0, 0, 2 * focal, y, 0, 0, 0, 1, 0], float)
    info.d = [0.0] * 5
    return info


def expected(box, focal=FOCAL):
    """The direction of a box's middle."""
    x, y = box.center
    ray = np.array([x - SCENE.width / 2, y - SCENE.height / 2, focal])
    return ray / np.linalg.norm(ray)


def vector(msg):
    return msg.vector.x, msg.vector.y, msg.vector.z


# The node, as users have it.


@pytest.fixture(scope="module")
def client():
    """A client that is a calibrated camera, too, and hears bearings."""
    with NodeProcess("/bearing") as process, Client("/bearing") as client:
        client.wait_for_node()
        client.log = process.log
        client.info = client.node.create_publisher(
            CameraInfo, "camera_info", qos_profile_sensor_data
        )
        client.bearings = []
        client.node.create_subscription(
            Vector3Stamped, "tracker_node/bearing", client.bearings.append, 100
        )
        client.spin_until(
            lambda: (
                client.node.count_publishers("tracker_node/bearing") == 1
                and client.info.get_subscription_count() == 1
            ),
            "topics",
        )
        yield client


def begin(client):
    client.start_anew()
    client.send(SCENE.frame(0))
    client.set_target(SCENE.box(0), client.stamp)
    client.result_of(client.stamp)


def calibrate(client, info, told):
    """Publish a camera_info until diagnostics tell of it."""

    def heard():
        client.info.publish(info)
        return told in client.fresh("camera")["calibration"]

    client.spin_until(heard, told)


def bearing_of(client, stamp):
    def heard():
        return [b for b in client.bearings if stamp_to_ns(b.header.stamp) == stamp]

    (bearing,) = client.spin_until(heard, f"bearing of {stamp}")
    return bearing


def test_each_result_has_its_bearing_by_the_newest_calibration(client):
    begin(client)
    for focal in (FOCAL, 3 * FOCAL):
        calibrate(client, camera_info(focal), f"320x240, focal length {focal:g} px")
        for index in (1, 2):
            result = client.track(SCENE.frame(index))
            bearing = bearing_of(client, client.stamp)
            assert bearing.header == result.header
            wanted = expected(detection_to_box(result), focal)
            assert vector(bearing) == pytest.approx(wanted, abs=1e-6)


def test_what_cannot_be_used_is_told_and_tracking_goes_on(client):
    begin(client)
    calibrate(client, camera_info(), "320x240, focal")
    client.bearings.clear()
    calibrate(client, CameraInfo(width=SCENE.width, height=SCENE.height), "not calibrated: K[0]")
    client.track(SCENE.frame(1))
    calibrate(client, camera_info(focal=-5.0), "got -5 and -5")
    client.wait_for_rejection("camera_info", "focal lengths must be positive, got -5 and -5")
    client.track(SCENE.frame(1))
    calibrate(client, camera_info(size=(640, 480)), "640x480, focal")
    client.track(SCENE.frame(2))
    client.wait_for_rejection("camera_info", "a picture of 320x240 px is none of the camera")
    assert client.bearings == []
    calibrate(client, camera_info(), "320x240, focal")
    client.track(SCENE.frame(3))
    bearing_of(client, client.stamp)


def test_an_activation_forgets_the_camera_and_reads_whether_images_are_rectified(client):
    calibrate(client, camera_info(), "320x240, focal")
    client.change_state(Transition.TRANSITION_DEACTIVATE)
    assert client.set_parameters(rectified=True).successful
    client.change_state(Transition.TRANSITION_ACTIVATE)
    try:
        client.wait_for_node()
        assert client.fresh("camera")["calibration"] == "none yet"
        calibrate(client, camera_info(), "focal length 400 px")
        begin(client)
        result = client.track(SCENE.frame(1))
        wanted = expected(detection_to_box(result), 2 * FOCAL)
        assert vector(bearing_of(client, client.stamp)) == pytest.approx(wanted, abs=1e-6)
    finally:
        client.change_state(Transition.TRANSITION_DEACTIVATE)
        client.set_parameters(rectified=False)
        client.change_state(Transition.TRANSITION_ACTIVATE)


# The part alone, for what a node seldom does.


@pytest.fixture
def bearing(parts_node):
    """A bearing that is calibrated; `refused` and `heard` are lists, `say` publishes."""
    refused, heard = [], []
    made = Bearing(parts_node, refused.append)
    parts_node.trigger_configure()
    parts_node.trigger_activate()
    made.subscribe(rectified=False)
    infos = parts_node.create_publisher(CameraInfo, "camera_info", 10)
    parts_node.create_subscription(Vector3Stamped, "~/bearing", heard.append, 100)
    made.refused, made.heard, made.say = refused, heard, infos.publish

    def calibrate(info):
        """Let it hear of a camera, for certain: after one that is not calibrated."""

        def hears(message, calibrated):
            infos.publish(message)
            return ("not calibrated" not in made.calibration) == calibrated

        parts_node.spin_until(lambda: hears(CameraInfo(), False), "no calibration")
        parts_node.spin_until(lambda: hears(info, True), "the calibration")

    made.calibrate = calibrate
    calibrate(camera_info())
    return made


def report(state, box=None, picture=None):
    box = box or Box(150, 110, 20, 20)
    picture = SCENE.ground if picture is None else picture
    frame = Frame(3, 7, image_message(picture))
    return Report(frame, "cup", Result(box, 0.9, state=state), 1.0, Counts(), "tadt", picture)


def test_a_lost_target_has_none(parts_node, bearing):
    states = [State.TRACKING, State.LOST, State.SEARCHING, State.UNCERTAIN]
    boxes = {state: Box(10.0 * index, 50, 20, 20) for index, state in enumerate(states)}

    def told():
        for state, box in boxes.items():
            bearing.publish(report(state, box))
        return len(bearing.heard) >= 4

    parts_node.spin_until(told, "bearings")
    wanted = {tuple(np.round(expected(boxes[s]), 6)) for s in (State.TRACKING, State.UNCERTAIN)}
    assert {tuple(np.round(vector(b), 6)) for b in bearing.heard} == wanted


def test_what_a_driver_repeats_is_refused_once(parts_node, bearing):
    info, turns = camera_info(focal=-1.0), iter(range(10))
    parts_node.spin_until(lambda: bearing.say(info) or next(turns) == 9, "ten turns")
    assert ["got -1 and -1" in reason for reason in bearing.refused] == [True]


def test_trouble_is_told_once_and_ends(bearing):
    small = SCENE.ground[::2, ::2].copy()
    for _ in range(3):
        bearing.publish(report(State.TRACKING, picture=small))
    assert [("160x120" in reason) for reason in bearing.refused] == [True]
    assert "160x120" in bearing.calibration
    bearing.publish(report(State.TRACKING))
    assert bearing.calibration == "320x240, focal length 200 px, brown lens"
    bearing.publish(report(State.TRACKING, picture=small))
    assert len(bearing.refused) == 2


def test_a_target_where_no_ray_arrives_is_told_once(bearing):
    info = camera_info()
    info.d = [-0.5, 0.0, 0.0, 0.0, 0.0]
    bearing.calibrate(info)
    for x in (260, 270, 280):
        bearing.publish(report(State.TRACKING, Box(x, 200, 20, 20)))
    assert ["no direction for (270.0, 210.0)" in r for r in bearing.refused] == [True]
    assert "no direction for (290.0, 210.0)" in bearing.calibration


def test_a_camera_that_cannot_be_used_leaves_no_older_one(bearing):
    bearing.calibrate(camera_info(distortion_model="omni"))
    assert bearing.refused == []  # no distortion, whatever its name
    info = camera_info(distortion_model="omni")
    info.d = [0.1] * 5
    bearing.calibrate(info)
    assert ["'omni'" in reason for reason in bearing.refused] == [True]
    bearing.publish(report(State.TRACKING))
    assert "'omni'; valid are: plumb_bob" in bearing.calibration
