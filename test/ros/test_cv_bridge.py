"""The stand-in for cv_bridge on machines without ROS; the real one has tests of its own."""

import importlib
from array import array
from pathlib import Path

import cv_bridge
import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import Image

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    ROOT / "bare" not in Path(cv_bridge.__file__).resolve().parents,
    reason="a real cv_bridge is installed here",
)

BRIDGE = CvBridge()
PICTURE = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)


def test_round_trip_without_a_copy_on_the_way_back():
    msg = BRIDGE.cv2_to_imgmsg(PICTURE, "bgr8")
    assert (msg.height, msg.width, msg.step, msg.encoding) == (48, 64, 192, "bgr8")
    seen = BRIDGE.imgmsg_to_cv2(msg)
    assert np.array_equal(seen, PICTURE)
    assert np.shares_memory(seen, np.frombuffer(msg.data, np.uint8))


def test_rows_may_be_padded():
    padded = np.zeros((48, 200), np.uint8)
    padded[:, :192] = PICTURE.reshape(48, 192)
    msg = Image(height=48, width=64, encoding="bgr8", step=200, data=array("B", padded.tobytes()))
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(msg), PICTURE)


@pytest.mark.parametrize(("big", "order"), [(1, ">u2"), (0, "<u2")])
def test_both_byte_orders(big, order):
    values = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
    data = array("B", values.astype(order).tobytes())
    msg = Image(height=48, width=64, encoding="mono16", step=128, is_bigendian=big, data=data)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(msg), values)


def test_colours_are_converted():
    msg = BRIDGE.cv2_to_imgmsg(PICTURE, "bgr8")
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(msg, "rgb8"), PICTURE[..., ::-1])
    assert BRIDGE.imgmsg_to_cv2(msg, "mono8").shape == (48, 64)


@pytest.mark.parametrize(
    "broken",
    [{"height": 0}, {"step": 10}, {"encoding": "foo"}, {"data": array("B", b"12")}],
)
def test_message_that_is_no_picture_is_refused(broken):
    good = {"height": 48, "width": 64, "encoding": "bgr8", "step": 192}
    msg = Image(**{**good, "data": array("B", bytes(48 * 192)), **broken})
    with pytest.raises(CvBridgeError):
        BRIDGE.imgmsg_to_cv2(msg)


def test_conversion_that_is_not_there_is_named():
    msg = BRIDGE.cv2_to_imgmsg(PICTURE, "bgr8")
    with pytest.raises(CvBridgeError, match="mono16"):
        BRIDGE.imgmsg_to_cv2(msg, "mono16")


@pytest.mark.parametrize("format_", ["png", "jpg"])
def test_compressed_pictures(format_):
    seen = BRIDGE.compressed_imgmsg_to_cv2(BRIDGE.cv2_to_compressed_imgmsg(PICTURE, format_))
    assert seen.shape == PICTURE.shape
    assert format_ == "jpg" or np.array_equal(seen, PICTURE)


def test_it_is_not_taken_for_the_machines_own(monkeypatch):
    """So that the environment can be made anew out of itself."""
    monkeypatch.syspath_prepend(ROOT / "bare")
    is_importable = importlib.import_module("virtual_environment").is_importable
    assert [is_importable(name) for name in ("cv_bridge", "json")] == [False, True]
