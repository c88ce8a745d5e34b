"""Bad input through the real node: the reason is told, tracking goes on."""

import math
import re
from array import array

import numpy as np
import pytest
from harness import image_message, target_message
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from scenes import Scene

from tadt_tracking.ros.rejections import Rejections

SCENE = Scene()


def assert_goes_on(client):
    assert client.track(SCENE.frame(1)).id == "kept"


@pytest.mark.parametrize(
    "box,reason",
    [
        ((math.nan, 10, 40, 40), "nan"),
        ((10, 10, math.inf, 40), "inf"),
        ((10, 10, 0, 40), "is empty"),
        ((10, 10, 40, -5), "is empty"),
        ((400, 10, 40, 40), "outside the 320x240 picture"),
        ((10, -50, 40, 40), "outside the 320x240 picture"),
    ],
)
def test_a_bad_box(tracking, box, reason):
    tracking.set_target(box, tracking.stamp, "bad")
    tracking.wait_for_rejection("target_init", reason)
    assert_goes_on(tracking)


def test_a_turned_box(tracking):
    msg = target_message(SCENE.box(0), tracking.stamp, "bad")
    msg.bbox.center.theta = 0.5
    tracking.targets.publish(msg)
    tracking.wait_for_rejection("target_init", "turned by 0.5 rad")
    assert_goes_on(tracking)


def test_an_unknown_stamp(tracking):
    tracking.set_target(SCENE.box(0), tracking.stamp - 1, "bad")
    tracking.wait_for_rejection("target_init", "unknown frame stamp")
    assert_goes_on(tracking)


def test_a_stamp_that_never_comes(tracking):
    tracking.set_target(SCENE.box(0), tracking.stamp + 1, "bad")
    tracking.spin_until(lambda: tracking.fresh("tracker")["waiting for"], "the node to wait")
    assert_goes_on(tracking)
    tracking.wait_for_rejection("target_init", "unknown frame stamp")
    assert_goes_on(tracking)


def short(msg):
    msg.data = msg.data[:-1]


def without_data(msg):
    msg.data = array("B")


def without_pixels(msg):
    msg.height = msg.width = msg.step = 0
    msg.data = array("B")


def narrow(msg):
    msg.step = 3 * msg.width - 1


def unknown(msg):
    msg.encoding = "yuv420"


@pytest.mark.parametrize(
    "spoil,reason",
    [
        (short, "image is short: 230399 bytes"),
        (without_data, "image is short: 0 bytes"),
        (without_pixels, "image is empty: 0x0"),
        (narrow, "step is 959 bytes"),
        (unknown, "unsupported encoding 'yuv420'; supported are: bgr8"),
    ],
)
def test_a_bad_image(node, tracking, spoil, reason):
    msg = image_message(SCENE.frame(1))
    spoil(msg)
    stamp = tracking.send_message(msg)
    tracking.wait_for_rejection("image", reason)
    # With other numbers it may have been logged a moment ago.
    assert re.sub(r"\d", "", reason) in re.sub(r"\d", "", node.log())
    assert_goes_on(tracking)
    assert tracking.find(stamp) is None


def test_bad_images_do_not_flood_the_log(node, tracking):
    msg = image_message(SCENE.frame(1))
    msg.encoding = "flooding"
    for _ in range(20):
        tracking.send_message(msg)
    tracking.wait_for_frames(21)
    assert 1 <= node.log().count("'flooding'") <= 5
    assert int(tracking.fresh("input")["refused"]) >= 20


def test_reasons_that_differ_in_their_numbers_alone_do_not_flood_the_log():
    logged = []
    rejections = Rejections(logged.append, lambda: 0)
    for size in range(40):
        rejections.add("image", f"it is short: {size} bytes")
    rejections.add("target_init", "it is short: 1 bytes")
    assert logged == [
        "refused image: it is short: 0 bytes",
        "refused target_init: it is short: 1 bytes",
    ]
    assert rejections.last.count == 41


def test_other_sizes_and_encodings_in_one_stream(tracking):
    """A camera whose mode changes."""
    frame = SCENE.frame(1)
    grey = image_message(frame.mean(axis=-1).astype(np.uint8), "mono8")
    for msg in (grey, image_message(frame[:200, :300])):
        assert tracking.result_of(tracking.send_message(msg)).id == "kept"


def test_a_change_of_state_that_is_not_possible_is_survived(node, client):
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CLEANUP))
    service = client.node.create_client(ChangeState, "tracker_node/change_state")
    client.spin_until(service.service_is_ready, "change_state")
    service.call_async(request)
    client.spin_until(lambda: "transition" in node.log().lower(), "the log")
    assert client.state() == "active"
    client.node.destroy_client(service)
