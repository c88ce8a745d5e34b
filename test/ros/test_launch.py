"""`ros2 launch` itself, where it is installed."""

import importlib.util
import os
import shutil
import signal
import subprocess

import pytest
from harness import PATIENCE_S, Client
from scenes import ROOT, Scene

from tadt_tracking.ros.messages import stamp_to_ns

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("launch_ros") is None or shutil.which("ros2") is None,
    reason="ros2 launch is not installed: PyPI has no launch_ros, a ROS distribution has",
)
SCENE = Scene()


@pytest.fixture
def launch(tmp_path):
    """Starts `ros2 launch` of the package in a session of its own; SIGINT must end it with 0."""
    started = []

    def start(*arguments):
        log = tmp_path / f"launch-{len(started)}.log"
        command = ["ros2", "launch", "tadt_tracking", "tracker.launch.py", *arguments]
        environment = {**os.environ, "ROS_LOG_DIR": str(tmp_path)}
        process = subprocess.Popen(
            command,
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
        started.append((process, log))

    yield start
    for process, log in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        status = process.wait(PATIENCE_S)
        print(log.read_text())
        assert status == 0
        assert "process has finished cleanly" in log.read_text()


def test_the_launched_node_tracks_under_its_arguments(launch, tmp_path):
    parameters = tmp_path / "mine.yaml"
    text = (ROOT / "config" / "tracker.yaml").read_text()
    parameters.write_text(text.replace("stall_seconds: 2.0", "stall_seconds: 7.5"))
    launch(
        "namespace:=launched",
        "image:=/launched/image",
        "tracker:=tadt",
        "device:=cpu",
        "engine:=torch",
        "precision:=fp32",
        f"params_file:={parameters}",
    )
    with Client("/launched") as client:
        client.wait_for_node()
        assert client.get_parameter("stall_seconds") == 7.5
        assert client.fresh("tracker")["compute"] == "cpu torch fp32"
        assert client.get_parameter("use_sim_time") is False
        stamp = client.send(SCENE.frame(0))
        client.set_target(SCENE.box(0), stamp)
        assert stamp_to_ns(client.result_of(stamp).header.stamp) == stamp
        client.track(SCENE.frame(1))


def wait_for_subscriptions(client, *topics):
    client.wait_for_state("active")
    for topic in topics:
        client.spin_until(lambda name=topic: client.node.count_subscribers(name) == 1, topic)


def test_a_compressed_camera_with_its_calibration_elsewhere(launch):
    launch("image_transport:=compressed", "camera_info:=/factory/calibration")
    with Client() as client:
        wait_for_subscriptions(client, "/camera/image_raw/compressed", "/factory/calibration")


def test_the_default_topics_and_sim_time(launch):
    launch("use_sim_time:=true")
    with Client() as client:
        wait_for_subscriptions(client, "/camera/image_raw", "/camera/camera_info")
        assert client.get_parameter("use_sim_time") is True


def test_another_network_for_a_relative_camera_in_a_namespace(launch):
    chosen = ("tracker:=dasiamrpn", "variant:=r50")
    launch("namespace:=drone1", "image:=front/image_raw", *chosen)
    with Client("/drone1") as client:
        assert client.get_parameter("dasiamrpn.variant") == "r50"
        wait_for_subscriptions(client, "/drone1/front/image_raw", "/drone1/front/camera_info")
