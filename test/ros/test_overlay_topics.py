"""The overlay's topics, over real DDS within this process."""

import time

import numpy as np
import pytest
import rclpy
from harness import PATIENCE_S, image_message
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from tadt_tracking.box import Box
from tadt_tracking.overlay import Overlay, draw
from tadt_tracking.result import Result, State
from tadt_tracking.ros import overlay_topics
from tadt_tracking.ros.frames import Frame
from tadt_tracking.ros.reports import Counts, Report

PICTURE = np.full((120, 160, 3), 90, np.uint8)
BOX, REGION = Box(50, 40, 30, 30), Box(10, 10, 100, 90)


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode("overlay", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.fixture
def topics(node):
    made = overlay_topics.OverlayTopics(node)
    node.trigger_configure()
    node.trigger_activate()
    return made


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn, in a list."""
    asked = []

    def spy(picture, overlay):
        asked.append(overlay)
        return draw(picture, overlay)

    monkeypatch.setattr(overlay_topics, "draw", spy)
    return asked


def report(state=State.SEARCHING, picture=PICTURE):
    result = Result(BOX, 0.25, REGION, state=state)
    frame = Frame(3, 7, image_message(PICTURE))
    return Report(frame, "cup", result, 12.4, Counts(), "tadt", picture)


def connect(node, kind, name):
    """Subscribe, and wait until the publisher knows."""
    subscription = node.create_subscription(kind, name, lambda msg: None, 10)
    wait(lambda: node.count_subscribers(subscription.topic_name) == 1)
    return subscription


def wait(reached):
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("kind", "name"), [(Image, "~/overlay"), (CompressedImage, "~/overlay/compressed")]
)
def test_nothing_is_drawn_but_while_somebody_listens(node, topics, drawn, kind, name):
    topics.publish(report())
    assert drawn == []
    subscription = connect(node, kind, name)
    wait(lambda: topics.publish(report()) or drawn)
    node.destroy_subscription(subscription)
    wait(lambda: not is_drawn(topics, drawn))


def is_drawn(topics, drawn):
    drawn.clear()
    topics.publish(report())
    return bool(drawn)


def test_it_shows_what_was_reported(node, topics, drawn):
    connect(node, Image, "~/overlay")
    wait(lambda: topics.publish(report()) or drawn)
    assert drawn[0] == Overlay("SEARCHING", 0.25, BOX, REGION, "tadt   12 ms")


def test_without_a_target_there_is_nothing_to_show(node, topics, drawn):
    connect(node, Image, "~/overlay")
    wait(lambda: is_drawn(topics, drawn))
    drawn.clear()
    topics.publish(Report(report().frame, "", None, 0.0, Counts(), "tadt"))
    assert drawn == []
