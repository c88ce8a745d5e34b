"""The node that publishes a video file, a folder of pictures or a camera as images."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D

from tadt_tracking.box import Box
from tadt_tracking.ros.declaration import declare_settings
from tadt_tracking.ros.images import bgr_to_image
from tadt_tracking.ros.messages import box_to_detection, ns_to_stamp, stamp_to_ns
from tadt_tracking.ros.process import Failed, Finished, run
from tadt_tracking.settings import SettingError, Settings, setting
from tadt_tracking.video import VideoError, open_video

FOLDER_RATE_HZ = 30.0
CAMERA_POLL_S = 0.001  # a camera's read waits for the next picture by itself
_POLL_S = 0.05
_DEPTH = 10


@dataclass(frozen=True)
class VideoSourceSettings(Settings):
    """Parameters of the node."""

    source: str = setting("", "video file, folder of pictures, or index of a camera")
    rate: float = setting(
        0.0, "pictures a second; 0: the source's own, 30 for a folder", unit="Hz", minimum=0,
        maximum=1000,
    )  # fmt: skip
    pace: str = setting(
        "realtime",
        "realtime: at the rate; lockstep: each picture when the last one's result has come",
        choices=("realtime", "lockstep"),
    )
    init: str = setting(
        "", "target on the first picture as x,y,w,h, published to target_init; empty: none",
        unit="px",
    )  # fmt: skip
    frame_id: str = setting("camera", "frame_id of the images")
    subscribers: int = setting(
        1, "subscribers of the images to wait for before the first picture", minimum=0, maximum=100
    )
    timeout: float = setting(
        60.0, "longest wait for the subscribers, or in lockstep for a result; 0: no end",
        unit="s", minimum=0, maximum=86400,
    )  # fmt: skip


class VideoSource(Node):
    """Publishes every picture once, then ends."""

    def __init__(self) -> None:
        """Open the source and check the box on its first picture."""
        super().__init__("video_source")
        self._settings = declare_settings(self, VideoSourceSettings)
        if not self._settings.source:
            raise SettingError("parameter 'source' is empty: name a file, a folder or a camera")
        self._video = open_video(self._settings.source, self._settings.rate)
        self._next = next(self._video.frames, None)
        self._box = self._checked_box()
        qos = QoSProfile(depth=_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        self._images = self.create_publisher(Image, "image", qos)
        self._targets = self.create_publisher(Detection2D, "target_init", qos)
        self._lockstep = self._settings.pace == "lockstep"
        if self._lockstep:
            self._results = self.create_subscription(
                Detection2D, "tracked_target", self._on_result, qos
            )
        self._sent = 0
        self._last_stamp = 0
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._waiting_since = self._steady.now()
        poll = CAMERA_POLL_S if self._video.live else _POLL_S
        self._watch = self.create_timer(poll, self._look, clock=self._steady)

    def _checked_box(self) -> Box | None:
        if self._settings.init:
            return Box.parse(self._settings.init).require_in(self._next)
        if self._settings.pace == "lockstep":
            raise SettingError("pace 'lockstep' needs a box: parameter 'init' is empty")
        return None

    def _look(self) -> None:
        """Start when everybody is there; a camera is read meanwhile, so that it begins with now."""
        if self._video.live:
            self._read_next()
        missing = self._missing()
        if missing:
            self._check_patience(f"still missing {' and '.join(missing)}")
        else:
            self._start()

    def _missing(self) -> list[str]:
        """Name what is not matched yet, so that nothing is lost at the start."""
        wanted, found = self._settings.subscribers, self._images.get_subscription_count()
        missing = []
        if found < wanted:
            missing.append(f"{wanted - found} of {wanted} subscribers of {self._images.topic_name}")
        if self._box is not None and self._targets.get_subscription_count() == 0:
            missing.append(f"a subscriber of {self._targets.topic_name}")
        if self._lockstep and self._results.get_publisher_count() == 0:
            missing.append(f"a publisher of {self._results.topic_name}")
        return missing

    def _check_patience(self, trouble: str) -> None:
        waited = (self._steady.now() - self._waiting_since).nanoseconds / 1e9
        if 0 < self._settings.timeout < waited:
            raise Failed(f"{trouble} after {waited:.1f} s")

    def _start(self) -> None:
        """Publish the first picture and the box on it, and let the others follow."""
        self.get_logger().info(f"playing {self._video.name}, {self._settings.pace}")
        self._watch.cancel()
        self._publish_next()
        if self._box is not None:
            self._targets.publish(self._target())
        if self._lockstep:
            self._watch = self.create_timer(_POLL_S, self._watch_tracker, clock=self._steady)
        else:
            self._pace = self.create_timer(self._period(), self._publish_next, clock=self._steady)

    def _watch_tracker(self) -> None:
        """End where the tracker has stopped."""
        self._check_patience(f"no result on tracked_target for picture {self._sent - 1}")

    def _period(self) -> float:
        """Return the seconds from one picture to the next."""
        if self._video.live:
            return CAMERA_POLL_S
        return 1 / (self._settings.rate or self._video.rate or FOLDER_RATE_HZ)

    def _publish_next(self) -> None:
        """Publish the picture that was read ahead, and read the one after it."""
        if self._next is None:
            self._end()
        stamp = max(self.get_clock().now().nanoseconds, self._last_stamp + 1)
        self._images.publish(self._image(self._next, stamp))
        self._last_stamp, self._waiting_since = stamp, self._steady.now()
        self._sent += 1
        self._read_next()

    def _read_next(self) -> None:
        try:
            self._next = next(self._video.frames, None)
        except VideoError as error:
            raise Failed(str(error)) from error

    def _on_result(self, msg: Detection2D) -> None:
        if self._sent and stamp_to_ns(msg.header.stamp) == self._last_stamp:
            self._publish_next()

    def _end(self) -> None:
        timeout = self._settings.timeout
        if not self._images.wait_for_all_acked(Duration(seconds=timeout or -1)):
            raise Failed(f"subscribers did not take all {self._sent} pictures in {timeout:.0f} s")
        self.get_logger().info(f"sent {self._sent} pictures")
        raise Finished

    def _image(self, picture: np.ndarray, stamp: int) -> Image:
        return bgr_to_image(self._header(stamp), picture)

    def _target(self) -> Detection2D:
        return box_to_detection(self._header(self._last_stamp), "", self._box)

    def _header(self, stamp: int) -> Header:
        return Header(stamp=ns_to_stamp(stamp), frame_id=self._settings.frame_id)


def main() -> None:
    """Run the node; the exit status is 0 after the last picture."""
    sys.exit(run("video_source", VideoSource))


if __name__ == "__main__":
    main()
