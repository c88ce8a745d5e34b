"""Memory of the real node stays flat while frames come, and none is left when it has ended."""

import re
import signal
from pathlib import Path

import pytest
from harness import PATIENCE_S, wait_until
from scenes import Scene

from tadt_tracking.demo.processes import Children
from tadt_tracking.demo.run import environment, node_command

WARM_UP, FRAMES = 100, 400
TOLERANCE = 12 << 20  # bytes; one leaked 320x240 picture a frame would be 92 MB


def test_memory_is_flat(node, client):
    scene = Scene()
    client.send(scene.frame(0))
    client.set_target(scene.box(0), client.stamp)
    client.result_of(client.stamp)
    memory = []
    for index in range(1, WARM_UP + FRAMES):
        client.track(scene.frame(index))
        memory.append(node.ps.memory_info().rss)
    assert memory[-1] - memory[WARM_UP - 1] < TOLERANCE, memory[:: FRAMES // 10]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_shared_memory_is_left(tmp_path, number):
    """Fast DDS gives each process some 70 MB of it."""
    with Children(tmp_path, environment(tmp_path)) as children:
        child = children.start("tracker_node", node_command("tracker_node", {}))
        wait_until(lambda: "ready" in child.log.read_text(), "the node")
        maps = Path(f"/proc/{child.process.pid}/maps").read_text()
        segments = {Path(path) for path in re.findall(r"/dev/shm/fastrtps_[0-9a-f]{16}", maps)}
        assert segments
        child.process.send_signal(number)
        children.wait(child, PATIENCE_S)
    assert [path for path in segments if path.exists()] == []
