"""The recorder on its own: which pictures reach it, what it loads, when its parameters are read."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import cv2
import pytest
from harness import BEST_EFFORT, PATIENCE_S, RELIABLE, Client
from scenes import Scene
from sensor_msgs.msg import CompressedImage

from tadt_tracking.demo.processes import Children
from tadt_tracking.demo.run import node_command

PICTURE = Scene().frame(0)
WITHOUT_TRACKER = ("result_recorder", "video_source")


@contextmanager
def recorder(folder, **parameters):
    """A recorder in this run's domain, which is stopped when the block is left."""
    command = node_command("result_recorder", {"folder": str(folder), **parameters})
    with Children(folder / "logs", dict(os.environ)) as children:
        child = children.start("result_recorder", command)
        try:
            yield child
        finally:
            print(child.log.read_text())  # pytest shows it where a test fails
        child.process.send_signal(signal.SIGINT)
        children.wait(child, PATIENCE_S)


def wait_for_recorder(client):
    client.spin_until(lambda: client.images.get_subscription_count() == 1, "the recorder")


def recorded(folder):
    summary = json.loads((folder / "summary.json").read_text())
    return summary["pictures"], summary["video"]


def test_a_best_effort_camera_is_recorded(tmp_path):
    """Its first pictures are lost, before the recorder has seen that the camera is unreliable."""
    video = tmp_path / "overlay.mp4"
    with Client(images=BEST_EFFORT) as client, recorder(tmp_path, capacity=1):

        def sent_and_recorded():
            client.send(PICTURE)
            return video.exists()

        client.spin_until(sent_and_recorded, "a recorded picture")
    pictures, has_video = recorded(tmp_path)
    assert pictures > 0 and has_video


def test_compressed_pictures_are_recorded_and_broken_ones_left_out(tmp_path):
    data = cv2.imencode(".jpg", PICTURE)[1].tobytes()
    with (
        Client(images=RELIABLE, transport="compressed") as client,
        recorder(tmp_path, image_transport="compressed") as child,
    ):
        wait_for_recorder(client)
        for sent in (data, data, b"no picture"):
            client.send_message(CompressedImage(format="jpeg", data=sent))
        client.spin_until(lambda: "not a readable" in child.log.read_text(), "the refusal")
    pictures, video = recorded(tmp_path)
    assert pictures == 2 and video


@pytest.mark.parametrize("name", WITHOUT_TRACKER)
def test_a_node_without_a_tracker_does_not_load_its_engine(name):
    code = f"import sys, tadt_tracking.ros.{name}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_parameters_that_are_read_once_cannot_be_set_later(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "1.png"), PICTURE)
    given = {"source": str(pictures), "timeout": 0.0, "subscribers": 9}
    changes = {"result_recorder": {"folder": "elsewhere"}, "video_source": {"pace": "lockstep"}}
    with (
        Client() as client,
        recorder(tmp_path / "recorder"),
        Children(tmp_path / "logs", dict(os.environ)) as children,
    ):
        children.start("video_source", node_command("video_source", given))
        for node, change in changes.items():
            result = client.set_parameters(node, **change)
            assert not result.successful and "read-only" in result.reason
