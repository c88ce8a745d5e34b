"""Measures, through real DDS, what the node adds to the tracker's own time, and its memory.

`python -m tadt_tracking.ros.bench` starts a tracker_node of its own for each picture size, plays a
sliding picture to it at a fixed rate, and prints a table: milliseconds from an image's stamp to its
result being published, less the tracker's update, and how the node's memory grew.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box
from tadt_tracking.msg import TrackerStatus
from tadt_tracking.ros.images import bgr_to_image
from tadt_tracking.ros.messages import box_to_detection, ns_to_stamp
from tadt_tracking.ros.private_domain import private_domain
from tadt_tracking.ros.process import tune_malloc

SIZES = {"VGA": (640, 480), "1080p": (1920, 1080)}
PICTURES = 16  # distinct ones, played to and fro
STEP_PX = 2
WARM_UP_FRAMES = 100
PATIENCE_S = 300.0  # a network may be quantised meanwhile


@dataclass
class Measured:
    """What came back.

    Attributes:
        added_ms: end to end less update, for each frame after the warm-up.
        update_ms: the tracker's own time.
        memory_mb: (frames processed, resident memory in MB), now and then.
    """

    added_ms: list[float] = field(default_factory=list)
    update_ms: list[float] = field(default_factory=list)
    memory_mb: list[tuple[int, float]] = field(default_factory=list)


class Player(Node):
    """Publishes pictures one by one and hears the status of each."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Render the pictures (width, height in pixels) and connect."""
        super().__init__("bench")
        self._pictures, self.box = _render(size)
        self._images = self.create_publisher(Image, "image", QoSProfile(depth=2))
        self._targets = self.create_publisher(Detection2D, "target_init", 1)
        self.create_subscription(TrackerStatus, "tracker_node/status", self._on_status, 10)
        self.heard: TrackerStatus | None = None

    def connected(self) -> bool:
        """Tell whether the node listens."""
        ends = (self._images, self._targets)
        return all(end.get_subscription_count() for end in ends)

    def set_target(self) -> None:
        """Set the target on the next picture."""
        self._targets.publish(box_to_detection(Header(), "", self.box))

    def play(self, index: int) -> None:
        """Publish picture `index`, stamped now."""
        place = index % (2 * PICTURES - 2)
        msg = self._pictures[min(place, 2 * PICTURES - 2 - place)]
        msg.header.stamp = ns_to_stamp(time.time_ns())
        self._images.publish(msg)

    def _on_status(self, msg: TrackerStatus) -> None:
        self.heard = msg


def measure(size: tuple[int, int], frames: int, rate_hz: float) -> Measured:
    """Play `frames` pictures in step with the node, at most `rate_hz` of them a second."""
    measured = Measured()
    with _tracker_node() as process, _player(size) as player:
        _spin_until(player, player.connected)
        player.set_target()
        for index in range(frames):
            started = time.perf_counter()
            player.heard = None
            player.play(index)
            _spin_until(player, lambda: player.heard is not None)
            _note(measured, player.heard, index, process.pid)
            time.sleep(max(0.0, 1 / rate_hz - (time.perf_counter() - started)))
    return measured


def _note(measured: Measured, status: TrackerStatus, index: int, pid: int) -> None:
    if index < WARM_UP_FRAMES:
        return
    measured.added_ms.append(status.end_to_end_latency_ms - status.update_latency_ms)
    measured.update_ms.append(status.update_latency_ms)
    if index % WARM_UP_FRAMES == 0:
        measured.memory_mb.append((index, _resident_mb(pid)))


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _tracker_node() -> Iterator[subprocess.Popen]:
    process = subprocess.Popen([sys.executable, "-m", "tadt_tracking.ros.tracker_node"])
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


@contextmanager
def _player(size: tuple[int, int]) -> Iterator[Player]:
    rclpy.init()
    player = Player(size)
    try:
        yield player
    finally:
        player.destroy_node()
        rclpy.shutdown()


def _spin_until(player: Player, reached: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"tracker_node gave no answer for {PATIENCE_S} s")
        rclpy.spin_once(player, timeout_sec=0.1)


def _render(size: tuple[int, int]) -> tuple[list[Image], Box]:
    """Return messages in which a textured square slides over a textured ground; its first box."""
    width, height = size
    random = np.random.default_rng(0)
    ground, patch = _texture(random, width, height) // 2, _texture(random, 80, 80) // 2 + 127
    left, top = width // 3, height // 3
    messages = []
    for index in range(PICTURES):
        picture = ground.copy()
        picture[top : top + 80, left + index * STEP_PX : left + index * STEP_PX + 80] = patch
        messages.append(bgr_to_image(Header(), picture))
    return messages, Box(left, top, 80, 80)


def _texture(random: np.random.Generator, width: int, height: int) -> np.ndarray:
    noise = random.integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def _row(name: str, measured: Measured) -> str:
    added = np.percentile(measured.added_ms, [50, 95])
    update = np.percentile(measured.update_ms, [50, 95])
    (first, before), (last, after) = measured.memory_mb[0], measured.memory_mb[-1]
    return (
        f"{name:6} {added[0]:8.2f} {added[1]:8.2f} {update[0]:9.1f} {update[1]:8.1f}   "
        f"{before:.0f} -> {after:.0f} MB over {last - first} frames"
    )


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000, help="pictures a size")
    parser.add_argument("--rate", type=float, default=30.0, help="at most so many a second")
    parser.add_argument("--size", choices=SIZES, nargs="*", default=list(SIZES))
    options = parser.parse_args()
    if options.frames <= 2 * WARM_UP_FRAMES:
        parser.error(f"--frames {options.frames}: must be more than {2 * WARM_UP_FRAMES}")
    tune_malloc()
    os.environ.update(private_domain())
    print("        node adds [ms]       update [ms]\nsize        p50      p95       p50      p95")
    for name in options.size:
        print(_row(name, measure(SIZES[name], options.frames, options.rate)), flush=True)


if __name__ == "__main__":
    main()
