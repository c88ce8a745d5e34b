"""How images reach the real node: reliability, transport, stalls, time."""

import cv2
import pytest
from builtin_interfaces.msg import Time
from harness import BEST_EFFORT, FRAME_NS, RELIABLE, Client, NodeProcess
from rosgraph_msgs.msg import Clock
from scenes import Scene
from sensor_msgs.msg import CompressedImage

from tadt_tracking.engines import Compute
from tadt_tracking.ros.messages import ns_to_stamp

SCENE = Scene()


def wait_for_reliability(client, wanted):
    client.spin_until(
        lambda: client.fresh("camera").get("reliability") == wanted, f"{wanted} delivery"
    )


def follow(client, camera=None):
    """Set a target and follow it; images may be lost on the way."""
    client.results.clear()

    def sent_and_tracked():
        client.send(SCENE.frame(0), camera)
        client.set_target(SCENE.box(0))
        for _ in range(10):
            client.executor.spin_once(timeout_sec=0.1)
        return client.results

    client.spin_until(sent_and_tracked, "a result")


def test_reliability_follows_the_publishers():
    with NodeProcess("/auto") as node, Client("/auto") as client:
        client.wait_for_node()
        wait_for_reliability(client, "reliable")
        follow(client)
        unreliable = client.add_camera(BEST_EFFORT)
        wait_for_reliability(client, "best effort")
        follow(client, unreliable)
        follow(client, client.images)
        client.node.destroy_publisher(unreliable)
        wait_for_reliability(client, "reliable")
        follow(client)
        assert node.log().count("asking for") == 2


def test_a_best_effort_camera_alone():
    with NodeProcess("/lossy"), Client("/lossy", images=BEST_EFFORT) as client:
        wait_for_reliability(client, "best effort")
        client.wait_for_node()
        follow(client)


def test_compressed_images_and_bad_ones():
    with (
        NodeProcess("/packed", image_transport="compressed") as node,
        Client("/packed", RELIABLE, "compressed") as client,
    ):
        client.wait_for_node()
        for index, ending in enumerate((".jpg", ".png", ".jpg")):
            data = cv2.imencode(ending, SCENE.frame(index))[1].tobytes()
            stamp = client.send_message(CompressedImage(format=ending[1:], data=data))
            if index == 0:
                client.set_target(SCENE.box(0), stamp, "packed")
            assert client.result_of(stamp).id == "packed"
        client.send_message(CompressedImage(format="jpeg", data=b"no picture"))
        client.wait_for_rejection("image", "'jpeg', 10 bytes) is not a readable JPEG or PNG")
        data = cv2.imencode(".jpg", SCENE.frame(3))[1].tobytes()
        client.result_of(client.send_message(CompressedImage(format="jpeg", data=data)))
        assert node.alive


def test_time_is_the_clocks_where_use_sim_time_is_set():
    """Rate, stall and latency by /clock: an hour passes at once, and nothing is measured in it."""
    start = 1_000_000_000_000
    with NodeProcess("/simulated", use_sim_time="true") as node, Client("/simulated") as client:
        clock = client.node.create_publisher(Clock, "/clock", 10)

        def set_clock(nanoseconds):
            """Publish until diagnostics are of that time."""

            def is_set():
                clock.publish(Clock(clock=ns_to_stamp(nanoseconds)))
                client.reports.clear()
                client.spin_until(lambda: client.reports, "diagnostics")
                return client.reports[-1].header.stamp == ns_to_stamp(nanoseconds)

            client.spin_until(is_set, "the clock")

        set_clock(start)
        client.wait_for_node()
        client.stamp = start - 3 * FRAME_NS
        client.send(SCENE.frame(0))
        client.set_target(SCENE.box(0), client.stamp)
        client.result_of(client.stamp)
        client.track(SCENE.frame(1))
        last = [ns_to_stamp(client.stamp)]
        client.spin_until(lambda: [s.header.stamp for s in client.statuses][-1:] == last, "status")
        assert client.statuses[-1].end_to_end_latency_ms == pytest.approx(FRAME_NS / 1e6)
        assert float(client.fresh("camera")["rate [Hz]"]) == pytest.approx(30, abs=0.1)
        assert client.diagnosis("camera")["level"] == b"\x00"
        set_clock(start + 3_600_000_000_000)
        camera = client.fresh("camera")
        assert camera["level"] == b"\x02"
        assert "stalled: no image for 3600" in camera["message"]
        assert node.alive


def test_diagnostics_tell_of_camera_and_tracker(client):
    client.send(SCENE.frame(0))
    client.set_target(SCENE.box(0), client.stamp, "shown")
    client.result_of(client.stamp)
    client.track(SCENE.frame(1))
    tracker = client.wait_for_diagnosis("tracker", frames_processed="2")
    camera = client.diagnosis("camera")
    assert camera["topic"] == "/image"
    assert camera["image"] == "320x240 bgr8"
    assert camera["reliability"] == "reliable"
    assert tracker["state"] == "TRACKING"
    assert tracker["target id"] == "shown"
    assert tracker["tracker"] == "tadt"
    assert tracker["compute"] == str(Compute.choose())
    assert (tracker["frames seen"], tracker["frames processed"]) == ("2", "2")
    assert tracker["frames dropped"] == "0"
    for part in ("update", "end to end"):
        assert 0 < float(tracker[f"{part} p50 [ms]"]) <= float(tracker[f"{part} p95 [ms]"])
    assert client.reports[-1].header.stamp != Time()
