"""The node that writes a tracker's results: a table, a video with the box drawn, a summary."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box, BoxError
from tadt_tracking.msg import TrackerStatus
from tadt_tracking.recording import Condition, Recording, TrackedBox
from tadt_tracking.ros.camera import FOLLOW_PERIOD_S, Camera, CameraSettings, depth_setting
from tadt_tracking.ros.declaration import declare_settings
from tadt_tracking.ros.images import ImageRefused, decode
from tadt_tracking.ros.messages import STATES, detection_to_box, stamp_to_ns
from tadt_tracking.ros.process import Finished, run
from tadt_tracking.settings import setting

_STATES = {value: name for name, value in STATES.items()}
_DEPTH = 60
_POLL_S = 0.1
_TO_BEGIN = 10  # idle timeouts that a tracker may take to its first result


@dataclass(frozen=True)
class ResultRecorderSettings(CameraSettings):
    """Parameters of the node."""

    folder: str = setting("recording", "takes results.csv, overlay.mp4 and summary.json")
    queue_depth: int = depth_setting(_DEPTH)
    video_rate: float = setting(
        0.0, "pictures a second of the video; 0: as the stamps tell", unit="Hz", minimum=0,
        maximum=1000,
    )  # fmt: skip
    capacity: int = setting(
        90, "pictures that may wait for their results", unit="pictures", minimum=1, maximum=10000
    )
    idle_timeout: float = setting(
        0.0,
        "ends this long after the last picture or result, once nobody publishes pictures any more; "
        "ten times as long before the first result; 0: only when it is stopped",
        unit="s",
        minimum=0,
        maximum=86400,
    )


class ResultRecorder(Node):
    """Records until it is stopped, or until pictures have ended and nothing came for a while."""

    def __init__(self) -> None:
        """Open the files and subscribe."""
        super().__init__("result_recorder")
        self._settings = declare_settings(self, ResultRecorderSettings)
        self._recording = Recording(
            Path(self._settings.folder), self._settings.video_rate, self._settings.capacity
        )
        self._status = TrackerStatus()
        self._camera = Camera(self, self._settings, self._on_image, self._refuse_image)
        qos = QoSProfile(depth=_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        self.create_subscription(Detection2D, "tracked_target", self._on_result, qos)
        self.create_subscription(TrackerStatus, "tracker_node/status", self._on_status, qos)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._heard: int | None = None  # when a picture or result came last, steady nanoseconds
        self._begun = False  # whether a result has come
        self.create_timer(FOLLOW_PERIOD_S, self._camera.follow_publishers, clock=self._steady)
        if self._settings.idle_timeout > 0:
            self.create_timer(_POLL_S, self._look, clock=self._steady)

    def destroy_node(self) -> None:
        """Finish the files."""
        self._recording.close(
            frames_seen=self._status.frames_seen,
            frames_processed=self._status.frames_processed,
            frames_dropped=self._status.frames_dropped,
            redetections=self._status.redetections,
            tracker=self._status.tracker,
        )
        super().destroy_node()

    def _on_image(self, stamp: int, msg: Image | CompressedImage) -> None:
        self._heard = self._steady.now().nanoseconds
        try:
            picture = decode(msg)
        except ImageRefused as error:
            self._refuse_image(str(error))
            return
        self._recording.add_picture(stamp, picture)

    def _refuse_image(self, reason: str) -> None:
        self.get_logger().warning(reason, throttle_duration_sec=5.0)

    def _on_result(self, msg: Detection2D) -> None:
        now = self.get_clock().now().nanoseconds
        self._heard, self._begun = self._steady.now().nanoseconds, True
        stamp = stamp_to_ns(msg.header.stamp)
        try:
            box = detection_to_box(msg)
        except BoxError as error:
            self.get_logger().warning(f"result left out: {error}", throttle_duration_sec=5.0)
            return
        score = msg.results[0].hypothesis.score if msg.results else 0.0
        result = TrackedBox(msg.id, box, bool(msg.results), score, (now - stamp) / 1e6)
        self._recording.add_result(stamp, result)

    def _on_status(self, msg: TrackerStatus) -> None:
        if msg.state != TrackerStatus.IDLE:  # that of a target that was forgotten counts nothing
            self._status = msg
        stamp = stamp_to_ns(msg.header.stamp)
        self._recording.add_condition(stamp, Condition(_STATES[msg.state], _search_region(msg)))

    def _look(self) -> None:
        if self._heard is None or self._camera.publisher_count():
            return  # a slow tracker may make its pictures wait
        idle = (self._steady.now().nanoseconds - self._heard) / 1e9
        if idle > self._settings.idle_timeout * (1 if self._begun else _TO_BEGIN):
            self.get_logger().info(f"nothing came for {idle:.1f} s: done")
            raise Finished


def _search_region(msg: TrackerStatus) -> Box | None:
    region = msg.search_region
    if region.width == 0 or region.height == 0:
        return None
    return Box(region.x_offset, region.y_offset, region.width, region.height)


def main() -> None:
    """Run the node."""
    sys.exit(run("result_recorder", ResultRecorder))


if __name__ == "__main__":
    main()
