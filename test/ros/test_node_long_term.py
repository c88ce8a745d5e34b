"""A target that leaves and comes back elsewhere, with a real tracker, through the real node."""

import cv2
import numpy as np
import pytest
from harness import Client, NodeProcess, overlap, stamp_to_ns
from sensor_msgs.msg import CompressedImage, Image

from tadt_tracking.demo import cutouts
from tadt_tracking.demo.cutouts import CAT_FACE, Pose, cut_out, resized_photograph
from tadt_tracking.result import State
from tadt_tracking.ros.images import compressed_to_bgr, image_to_bgr
from tadt_tracking.ros.messages import STATES

NAMESPACE = "/long_term"
FIRST, ELSEWHERE = (150, 130), (480, 330)
SIZE = (640, 480)
AWAY, AT_MOST = 6, 30  # frames without the target; until it must be found again
NAMES = {value: name for name, value in STATES.items()}


class Pictures:
    """A cat's face before a table, at a place or nowhere, with a sensor's noise."""

    def __init__(self):
        self.random = np.random.default_rng(0)
        ground = resized_photograph("coffee.png", 1.6)
        self.ground = ground[: SIZE[1], : SIZE[0]].astype(np.float32)
        self.cat = cut_out("chelsea.png", CAT_FACE, 0.3)

    def box(self, place):
        return cutouts.bounds(self.cat, Pose(*place, 1.0, 0.0))

    def take(self, place=None):
        """A picture: H x W x 3, uint8, BGR."""
        canvas = self.ground.copy()
        if place is not None:
            cutouts.paste(canvas, self.cat, Pose(*place, 1.0, 0.0))
        noisy = canvas + self.random.normal(0, 3, canvas.shape)
        return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def client():
    """A client of a node with a tracker that searches."""
    parameters = {"tracker": "dasiamrpn", "dasiamrpn.variant": "r50"}
    with NodeProcess(NAMESPACE, **parameters) as process, Client(NAMESPACE) as client:
        client.wait_for_node()
        client.log = process.log
        yield client


def start(client, pictures):
    client.start_anew()
    client.send(pictures.take(FIRST))
    client.set_target(pictures.box(FIRST), client.stamp, "cat")
    client.result_of(client.stamp)


def status_of(client, stamp):
    def find():
        return [s for s in client.statuses if stamp_to_ns(s.header.stamp) == stamp]

    return client.spin_until(find, f"status of {stamp}")[0]


def show(client, picture):
    """Send a picture; returns its result and the name of the state told with it."""
    result = client.track(picture)
    return result, NAMES[status_of(client, stamp_to_ns(result.header.stamp)).state]


def test_a_target_that_leaves_is_lost_and_found_where_it_comes_back(client):
    pictures = Pictures()
    start(client, pictures)
    for x in range(5):
        seen, state = show(client, pictures.take((FIRST[0] + 2 * x, FIRST[1])))
        assert (state, len(seen.results)) == ("TRACKING", 1)

    gone = [show(client, pictures.take()) for _ in range(AWAY)]
    states = [state for _, state in gone]
    assert states[-1] in ("LOST", "SEARCHING")
    for result, state in gone:
        assert len(result.results) == (state in ("TRACKING", "UNCERTAIN"))
    assert overlap(gone[-1][0], pictures.box((FIRST[0] + 8, FIRST[1]))) > 0.5  # the last believed
    diagnosis = client.wait_for_diagnosis("tracker", message=f"active, {states[-1]}")
    assert diagnosis["level"] == b"\x01"
    assert diagnosis["last change"].startswith("lost: score ")
    assert client.statuses[-1].redetections == 0

    back = (show(client, pictures.take(ELSEWHERE)) for _ in range(AT_MOST))
    found, _ = next(told for told in back if told[0].results)
    assert overlap(found, pictures.box(ELSEWHERE)) > 0.5
    assert client.statuses[-1].redetections == 1
    diagnosis = client.wait_for_diagnosis("tracker", redetections="1")
    assert diagnosis["level"] == b"\x00"
    log = client.log()
    assert "target 'cat' lost: score " in log and "target 'cat' found again after " in log


@pytest.mark.parametrize(
    ("kind", "topic", "read"),
    [
        (Image, "overlay", image_to_bgr),
        (CompressedImage, "overlay/compressed", compressed_to_bgr),
    ],
)
def test_the_overlay_is_there_while_somebody_listens(client, kind, topic, read):
    pictures = Pictures()
    start(client, pictures)
    heard = []
    listener = client.node.create_subscription(kind, f"tracker_node/{topic}", heard.append, 10)
    client.spin_until(lambda: listener.get_publisher_count() == 1, "the overlay's publisher")
    sent = {}

    def shown():
        picture = pictures.take(FIRST)
        sent[stamp_to_ns(client.track(picture).header.stamp)] = picture
        # The first that comes may still show the picture of the start.
        return [msg for msg in heard if stamp_to_ns(msg.header.stamp) in sent]

    msg = client.spin_until(shown, "an overlay")[0]
    client.node.destroy_subscription(listener)
    assert msg.header.frame_id == "camera"
    picture, drawn = sent[stamp_to_ns(msg.header.stamp)], read(msg)
    assert drawn.shape == picture.shape
    x, y, w, h = (round(value) for value in pictures.box(FIRST))
    changed = cv2.absdiff(picture, drawn).max(axis=2) > 60
    assert changed[y - 3 : y + 4, x : x + w].any()  # the box
    assert not changed[y + h // 2, x + w // 4 : x + 3 * w // 4].any()  # not what is in it


def test_states_of_the_core_are_those_of_the_message():
    assert set(STATES) == {"IDLE", *(state.name for state in State)}
