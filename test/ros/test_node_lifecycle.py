"""The managed node through its states."""

import re
import signal
import subprocess
import sys

import pytest
from harness import (
    ACTIVATE,
    CLEANUP,
    CONFIGURE,
    DEACTIVATE,
    PATIENCE_S,
    Client,
    NodeProcess,
    stamp_to_ns,
)
from lifecycle_msgs.msg import Transition
from rclpy.qos import DurabilityPolicy, QoSProfile
from scenes import Scene
from tadt_tracking.msg import TrackerStatus

from tadt_tracking.engines import Compute

SCENE = Scene()
IDLE, TRACKING = TrackerStatus.IDLE, TrackerStatus.TRACKING


@pytest.fixture(scope="module")
def unmanaged():
    """A node that waits to be managed, in a namespace of its own."""
    with NodeProcess("/managed", autostart="false") as process, Client("/managed") as client:
        yield process, client


@pytest.fixture
def managed(unmanaged):
    """The same, unconfigured, whatever the test before has left."""
    process, client = unmanaged
    if client.state() == "active":
        client.change_state(DEACTIVATE)
    if client.state() == "inactive":
        client.change_state(CLEANUP)
    return process, client


def take_down(client):
    assert client.change_state(DEACTIVATE)
    assert client.change_state(CLEANUP)
    assert client.state() == "unconfigured"


def test_it_waits_to_be_managed(managed):
    _, client = managed
    assert client.state() == "unconfigured"
    assert client.fresh("tracker")["lifecycle"] == "unconfigured"


def test_ten_times_over_without_a_leak(managed):
    """Threads, descriptors, subscriptions and memory."""
    process, client = managed
    seen = []
    for _ in range(10):
        client.bring_up()
        SCENE.follow(client)
        take_down(client)
        client.spin_until(lambda: client.images.get_subscription_count() == 0, "no subscription")
        seen.append((process.ps.num_threads(), process.ps.num_fds(), process.ps.memory_info().rss))
    threads, files, memory = zip(*seen, strict=True)
    client.spin_until(lambda: process.ps.num_threads() <= threads[1], "the threads to end")
    assert files[-1] <= files[1]
    # glibc keeps what it was given until its heap has found its size, after about five times.
    assert memory[-1] - memory[4] < 60 << 20, memory


def test_inactive_it_is_silent_and_afterwards_it_goes_on_with_its_target(managed):
    _, client = managed
    client.bring_up()
    client.send(SCENE.frame(0))
    client.set_target(SCENE.box(0), client.stamp, "kept")
    client.result_of(client.stamp)
    assert client.change_state(DEACTIVATE)
    client.spin_until(lambda: client.images.get_subscription_count() == 0, "no subscription")
    assert client.fresh("tracker")["lifecycle"] == "inactive"
    client.results.clear()
    client.statuses.clear()
    missed = client.send(SCENE.frame(1))
    client.set_target(SCENE.box(1), 0, "unheard")
    client.fresh("tracker")
    client.fresh("tracker")
    assert client.results == [] and client.statuses == []

    assert client.change_state(ACTIVATE)
    client.wait_for_node()
    result = client.track(SCENE.frame(2))
    assert result.id == "kept"
    assert missed not in [stamp_to_ns(result.header.stamp) for result in client.results]
    take_down(client)


def test_cleanup_forgets_the_target(managed):
    _, client = managed
    client.bring_up()
    SCENE.follow(client)
    take_down(client)
    client.bring_up()
    client.results.clear()
    client.send(SCENE.frame(2))
    client.send(SCENE.frame(3))
    client.set_target(SCENE.box(3), client.stamp, "only")
    client.result_of(client.stamp)
    assert {result.id for result in client.results} == {"only"}
    take_down(client)


def wait_for_late_status(client, state, stamp=None):
    """Wait until one who joins late has heard a status of a state, of a picture if need be."""
    heard, kept = [], QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    topic = "tracker_node/status"
    late = client.node.create_subscription(TrackerStatus, topic, heard.append, kept)

    def found():
        return [s for s in heard if s.state == state and stamp in (None, stamp_of(s))]

    client.spin_until(found, f"a status of state {state}")
    client.node.destroy_subscription(late)
    return found()[-1]


def stamp_of(msg):
    return stamp_to_ns(msg.header.stamp)


def test_who_joins_late_hears_whether_there_is_a_target(managed):
    _, client = managed
    client.statuses.clear()
    client.bring_up()
    client.spin_until(lambda: client.statuses, "status")
    assert [status.state for status in client.statuses] == [IDLE]
    wait_for_late_status(client, IDLE)
    SCENE.follow(client)
    wait_for_late_status(client, TRACKING, client.stamp)
    client.statuses.clear()
    assert client.change_state(DEACTIVATE)
    client.spin_until(lambda: client.images.get_subscription_count() == 0, "no subscription")
    assert client.change_state(ACTIVATE)
    client.wait_for_node()
    stamp = client.send(SCENE.frame(2))
    client.spin_until(lambda: stamp in map(stamp_of, client.statuses), "status")
    assert {status.state for status in client.statuses} == {TRACKING}, "the target was kept"
    take_down(client)
    told = wait_for_late_status(client, IDLE, stamp)
    assert (told.target_id, told.tracker) == ("", "tadt")


def test_weights_that_are_not_there_fail_the_configuration_until_corrected(managed):
    process, client = managed
    assert client.set_parameters(tadt__weights="missing.safetensors").successful
    assert not client.change_state(CONFIGURE)
    assert client.state() == "unconfigured"
    assert "missing.safetensors" in client.fresh("tracker")["last fault"]
    assert "missing.safetensors" in process.log()
    assert client.set_parameters(tadt__weights="vgg16-oxford").successful
    client.bring_up()
    SCENE.follow(client)
    take_down(client)


def test_the_log_tells_what_was_picked(managed):
    process, client = managed
    client.bring_up()
    assert f"ready: tadt on {Compute.choose()}" in process.log()
    take_down(client)


def test_what_takes_long_stands_in_the_log(monkeypatch, tmp_path):
    """Such as a download, which is cut short here."""
    monkeypatch.setenv("TADT_TRACKING_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with NodeProcess("/fetching") as process, Client("/fetching") as client:
        client.spin_until(
            lambda: "pip could not download" in client.fresh("tracker")["last fault"], "the end"
        )
        assert re.search(r"\[INFO\].*fetching vgg16-oxford \(VGG-16", process.log())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly_while_it_tracks(number):
    with NodeProcess("/ended") as process, Client("/ended") as client:
        client.wait_for_node()
        SCENE.follow(client)
        client.send(SCENE.frame(2))
        assert process.end(number) == 0
        assert "Traceback" not in process.log()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_while_another_tracker_is_built(number):
    with NodeProcess("/building") as process, Client("/building") as client:
        client.wait_for_node()
        assert client.set_parameters(tracker="hcf").successful
        assert process.end(number) == 0
        assert "Traceback" not in process.log()
        assert "tracker is now hcf" not in process.log(), "it was too late"


def test_shutdown_is_final(managed):
    _, client = managed
    client.bring_up()
    SCENE.follow(client)
    assert client.change_state(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert client.state() == "finalized"
    assert client.fresh("tracker")["lifecycle"] == "finalized"
    wait_for_late_status(client, IDLE, client.stamp)
    client.spin_until(lambda: client.images.get_subscription_count() == 0, "no subscription")


CONFIGURES_FOR_LONG = """
import sys, time
from rclpy.lifecycle import LifecycleNode
from tadt_tracking.ros.managed import run_managed

class Slow(LifecycleNode):
    def __init__(self, interruptible):
        super().__init__("tracker_node", namespace="/slow")
        self.interruptible = interruptible
        self.create_timer(0.1, lambda: None)

    def start(self):
        if sys.argv[1] == "itself":
            self.trigger_configure()

    def on_configure(self, state):
        with self.interruptible():
            print("configuring", flush=True)
            time.sleep(3600)

sys.exit(run_managed("slow", Slow))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("by", ["itself", "service"])
def test_a_signal_ends_it_while_it_is_configured(number, by):
    """A network may be fetched and quantised for minutes."""
    command = [sys.executable, "-c", CONFIGURES_FOR_LONG, by]
    slow = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with slow as process, Client("/slow") as client:
        if by == "service":
            client.begin_transition(CONFIGURE)
        assert process.stdout.readline() == "configuring\n"
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
