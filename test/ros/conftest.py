"""A ROS domain of its own for this run, and the nodes under test."""

import os
import signal
from functools import partial

import pytest

from tadt_tracking.ros.private_domain import private_domain

# Before anything of ROS is imported; children inherit it.
os.environ.update(private_domain())
# A shell starts background jobs with SIGINT ignored, and children inherit that; ours must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

import rclpy  # noqa: E402
from harness import Client, NodeProcess, spin_until  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.lifecycle import LifecycleNode  # noqa: E402
from scenes import Scene  # noqa: E402
from worker_bench import Bench  # noqa: E402


@pytest.fixture(scope="session")
def node():
    """One tracker_node that brings itself up, shared by all tests that leave it active.

    It learns in step, so that it does the same as the core; tests publish in bursts.
    """
    with NodeProcess(queue_depth="50", background="false") as process:
        yield process


@pytest.fixture(scope="session")
def connected(node):
    """A camera, an operator and a listener in one, connected to the active node."""
    with Client() as client:
        client.wait_for_node()
        yield client


@pytest.fixture
def client(node, connected):
    """The same, with no target set and nothing heard yet."""
    connected.start_anew()
    yield connected
    assert node.alive, node.log()


@pytest.fixture
def tracking(client):
    """A client whose target is set."""
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp, "kept")
    client.result_of(client.stamp)
    return client


@pytest.fixture
def parts_node():
    """A managed node of this process, for parts that publish; `spin_until` waits and hears."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode("parts", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    node.spin_until = partial(spin_until, executor)
    yield node
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.fixture
def bench(request):
    """A worker at work, with the limits that a test gives as parameters."""
    bench = Bench(**getattr(request, "param", {}))
    yield bench
    bench.tracker.gate.set()
    bench.worker.close()
