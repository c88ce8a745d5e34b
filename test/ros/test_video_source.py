"""The source of a live camera, here one that puts the time into each of its pictures."""

import subprocess
import sys
import time

import numpy as np
import pytest
from harness import PATIENCE_S, RELIABLE, Client
from sensor_msgs.msg import Image

CAMERA = """
import time
import numpy as np
from tadt_tracking.ros import video_source
from tadt_tracking.video import Video

def pictures():
    while True:
        time.sleep(0.03)
        yield np.full(3, time.monotonic()).view(np.uint8).reshape(1, 8, 3)

video_source.open_video = lambda source, rate: Video("clock", None, True, pictures())
video_source.main()
"""


@pytest.fixture
def camera():
    """The node with such a camera, until the test is over."""
    command = [sys.executable, "-c", CAMERA, "--ros-args", "-p", "source:='0'", "-r", "__ns:=/live"]
    with subprocess.Popen(command) as process:
        yield
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def test_a_camera_begins_with_the_picture_of_now(camera):
    """However long it had to wait for its subscribers."""
    with Client("/live") as client:
        client.spin_until(lambda: client.node.count_publishers("image") == 2, "the source")
        time.sleep(1)  # it waits for subscribers
        asked, messages = time.monotonic(), []
        client.node.create_subscription(Image, "image", messages.append, RELIABLE)
        client.spin_until(lambda: len(messages) >= 3, "pictures")
    taken = [np.frombuffer(bytes(msg.data), np.float64)[0] for msg in messages]
    assert taken[0] > asked - 0.5
    assert taken == sorted(set(taken))
