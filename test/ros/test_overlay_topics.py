"""The overlay's topics, over real DDS within this process."""

import numpy as np
import pytest
from harness import image_message
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
def topics(parts_node):
    made = overlay_topics.OverlayTopics(parts_node)
    parts_node.trigger_configure()
    parts_node.trigger_activate()
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
    node.spin_until(lambda: node.count_subscribers(subscription.topic_name) == 1, name)
    return subscription


@pytest.mark.parametrize(
    ("kind", "name"), [(Image, "~/overlay"), (CompressedImage, "~/overlay/compressed")]
)
def test_nothing_is_drawn_but_while_somebody_listens(parts_node, topics, drawn, kind, name):
    topics.publish(report())
    assert drawn == []
    subscription = connect(parts_node, kind, name)
    parts_node.spin_until(lambda: topics.publish(report()) or drawn, "a picture")
    parts_node.destroy_subscription(subscription)
    parts_node.spin_until(lambda: not is_drawn(topics, drawn), "no picture")


def is_drawn(topics, drawn):
    drawn.clear()
    topics.publish(report())
    return bool(drawn)


def test_it_shows_what_was_reported(parts_node, topics, drawn):
    connect(parts_node, Image, "~/overlay")
    parts_node.spin_until(lambda: topics.publish(report()) or drawn, "a picture")
    assert drawn[0] == Overlay("SEARCHING", 0.25, BOX, REGION, "tadt   12 ms")


def test_without_a_target_there_is_nothing_to_show(parts_node, topics, drawn):
    connect(parts_node, Image, "~/overlay")
    parts_node.spin_until(lambda: is_drawn(topics, drawn), "a picture")
    drawn.clear()
    topics.publish(Report(report().frame, "", None, 0.0, Counts(), "tadt"))
    assert drawn == []
