"""The direction of the target, for whoever steers by it: a gimbal, a robot that follows."""

from __future__ import annotations

from collections.abc import Callable

from geometry_msgs.msg import Vector3Stamped
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from tadt_tracking.camera_model import CameraError, CameraModel
from tadt_tracking.ros.messages import (
    NotCalibratedError,
    camera_info_to_model,
    direction_to_bearing,
)
from tadt_tracking.ros.reports import Report

_QUEUE_DEPTH = 10
# What every publisher can give; another message comes with the next image.
_LATEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_NONE_YET, _NO_TROUBLE = "none yet", (None, None)


class Bearing:
    """Publishes `~/bearing` for each result that shows the target, by the newest `camera_info`.

    Where that cannot be used, nothing is published: no direction is better than a wrong one.
    """

    def __init__(self, node: LifecycleNode, refuse: Callable[[str], None]) -> None:
        """Create the publisher, which stays silent while the node is not active.

        Args:
            node: the node.
            refuse: takes the reason why a `camera_info` cannot be used.
        """
        self._node, self._refuse = node, refuse
        self._publisher = node.create_lifecycle_publisher(Vector3Stamped, "~/bearing", _QUEUE_DEPTH)
        self._subscription: Subscription | None = None
        self._rectified = False
        self._last: tuple | None = None  # what the newest message said
        self._camera: CameraModel | None = None
        self._why_none = _NONE_YET
        # Of the worker's thread: the camera that had no direction for the last result, and why.
        self._trouble: tuple[CameraModel | None, CameraError | None] = _NO_TROUBLE

    @property
    def calibration(self) -> str:
        """The camera's in words, or why it cannot be used."""
        camera, (troubled, why) = self._camera, self._trouble
        if camera is None:
            return self._why_none
        return str(why if troubled is camera else camera)

    def subscribe(self, rectified: bool) -> None:
        """Begin to hear of the camera, whose images are rectified or not."""
        self._rectified = rectified
        self._subscription = self._node.create_subscription(
            CameraInfo, "camera_info", self._on_info, _LATEST
        )

    def unsubscribe(self) -> None:
        """Forget the camera."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription = self._last = None
        self._camera, self._why_none = None, _NONE_YET

    def publish(self, report: Report) -> None:
        """Publish where the target of a result lies; to be called from the worker's thread."""
        camera, result = self._camera, report.result
        if camera is None or not result.state.present:
            return
        height, width = report.picture.shape[:2]
        before, self._trouble = self._trouble, _NO_TROUBLE
        try:
            direction = camera.direction(*result.box.center, (width, height))
        except CameraError as error:
            self._trouble = camera, error
            if before[0] is not camera or type(before[1]) is not type(error):
                self._refuse(str(error))
            return
        self._publisher.publish(direction_to_bearing(report.frame.message.header, direction))

    def _on_info(self, msg: CameraInfo) -> None:
        said = _content(msg)
        if said == self._last:  # drivers repeat it with every image
            return
        self._last = said
        try:
            self._camera = camera_info_to_model(msg, rectified=self._rectified)
        except CameraError as error:
            self._camera, self._why_none = None, str(error)
            if not isinstance(error, NotCalibratedError):
                self._refuse(self._why_none)


def _content(msg: CameraInfo) -> tuple:
    """Return all that a message says but its header."""
    roi = msg.roi
    numbers = (array.tobytes() for array in (msg.k, msg.r, msg.p, msg.d))
    sensor = (msg.width, msg.height, msg.binning_x, msg.binning_y)
    region = (roi.x_offset, roi.y_offset, roi.width, roi.height)
    return (msg.distortion_model, *numbers, *sensor, *region)
