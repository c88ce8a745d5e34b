"""The subscription of the images: transport, reliability, header check, rate and stalls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from tadt_tracking.ros.images import ImageRefused, check_image
from tadt_tracking.ros.messages import stamp_to_ns
from tadt_tracking.settings import Settings, setting

FOLLOW_PERIOD_S = 0.25  # of looking at the publishers
_RATE_FRAMES = 60  # the rate is taken over this many frames
_NEXT_SUBSCRIPTION = "takes effect when the node subscribes, tracker_node at every activation"
_RELIABILITY = {
    "auto": ReliabilityPolicy.RELIABLE,
    "reliable": ReliabilityPolicy.RELIABLE,
    "best_effort": ReliabilityPolicy.BEST_EFFORT,
}


def depth_setting(default: int) -> Any:
    """Declare the field `queue_depth`, with a node's own default."""
    return setting(
        default,
        f"images that the middleware holds until the node takes them; {_NEXT_SUBSCRIPTION}",
        unit="frames",
        minimum=1,
        maximum=1000,
    )


@dataclass(frozen=True)
class CameraSettings(Settings):
    """How a node subscribes to images."""

    image_transport: str = setting(
        "raw",
        f"raw: Image on `image`, compressed: CompressedImage on `<image>/compressed`; "
        f"{_NEXT_SUBSCRIPTION}",
        choices=("raw", "compressed"),
    )
    reliability: str = setting(
        "auto",
        "delivery asked of the image's publishers; auto: reliable when every publisher offers it, "
        f"else best effort; {_NEXT_SUBSCRIPTION}",
        choices=("auto", "reliable", "best_effort"),
    )
    queue_depth: int = depth_setting(5)


@dataclass(frozen=True)
class CameraState:
    """What diagnostics show of the camera.

    Attributes:
        topic: resolved name.
        reliability: delivery that is asked for.
        frames: messages since activation, refused ones too.
        rate_hz: by the messages' stamps, over the last frames; 0 while unknown.
        silence_s: node time since the last message, or since activation.
        picture: size and encoding (or format) of the last message.
    """

    topic: str
    reliability: str
    frames: int
    rate_hz: float
    silence_s: float
    picture: str


class Camera:
    """Subscribes to the images and hands on those whose header is sound."""

    def __init__(
        self,
        node: Node,
        settings: CameraSettings,
        accept: Callable[[int, Image | CompressedImage], None],
        refuse: Callable[[str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: the node.
            settings: transport, reliability and depth.
            accept: takes a message and its stamp in nanoseconds.
            refuse: takes the reason why a message cannot be used.
        """
        self._node = node
        self._accept = accept
        self._refuse = refuse
        self._automatic = settings.reliability == "auto"
        self._raw = settings.image_transport == "raw"
        self._depth = settings.queue_depth
        self._reliability = _RELIABILITY[settings.reliability]
        self._stamps: deque[int] = deque(maxlen=_RATE_FRAMES)
        self._frames = 0
        self._heard_at = node.get_clock().now().nanoseconds
        self._last: Image | CompressedImage | None = None
        self._subscription = self._subscribe()

    def follow_publishers(self) -> None:
        """With automatic reliability, ask for what all present publishers can give.

        To be called every `FOLLOW_PERIOD_S`.
        """
        if not self._automatic:
            return
        publishers = self._node.get_publishers_info_by_topic(self._subscription.topic_name)
        if not publishers:
            return
        offered = {publisher.qos_profile.reliability for publisher in publishers}
        all_reliable = offered == {ReliabilityPolicy.RELIABLE}
        wanted = ReliabilityPolicy.RELIABLE if all_reliable else ReliabilityPolicy.BEST_EFFORT
        if wanted == self._reliability:
            return
        self._reliability = wanted
        self.close()
        self._subscription = self._subscribe()
        self._node.get_logger().info(
            f"{self._subscription.topic_name}: {len(publishers)} publishers, "
            f"asking for {_name(wanted)} delivery"
        )

    def publisher_count(self) -> int:
        """Return how many publishers the images come from."""
        return self._subscription.get_publisher_count()

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def state(self) -> CameraState:
        """Return what is known of the camera."""
        silence = self._node.get_clock().now().nanoseconds - self._heard_at
        return CameraState(
            topic=self._subscription.topic_name,
            reliability=_name(self._reliability),
            frames=self._frames,
            rate_hz=_rate_hz(self._stamps),
            silence_s=silence / 1e9,
            picture=_describe(self._last),
        )

    def _subscribe(self):
        qos = QoSProfile(
            reliability=self._reliability, history=HistoryPolicy.KEEP_LAST, depth=self._depth
        )
        topic = self._node.resolve_topic_name("image")  # so that remapping `image` moves both
        kind, topic = (Image, topic) if self._raw else (CompressedImage, f"{topic}/compressed")
        # rclpy's own warning of publishers that offer less would be wrong where we adapt to them.
        events = SubscriptionEventCallbacks(use_default_callbacks=not self._automatic)
        return self._node.create_subscription(
            kind, topic, self._on_image, qos, event_callbacks=events
        )

    def _on_image(self, msg: Image | CompressedImage) -> None:
        stamp = stamp_to_ns(msg.header.stamp)
        self._note(msg, stamp)
        try:
            if self._raw:
                check_image(msg)
        except ImageRefused as error:
            self._refuse(str(error))
            return
        self._accept(stamp, msg)

    def _note(self, msg: Image | CompressedImage, stamp: int) -> None:
        if self._stamps and stamp < self._stamps[-1]:
            self._stamps.clear()
        self._stamps.append(stamp)
        self._frames += 1
        self._heard_at = self._node.get_clock().now().nanoseconds
        self._last = msg


def _rate_hz(stamps: deque[int]) -> float:
    span = stamps[-1] - stamps[0] if stamps else 0
    return (len(stamps) - 1) * 1e9 / span if span > 0 else 0.0


def _name(reliability: ReliabilityPolicy) -> str:
    return "reliable" if reliability == ReliabilityPolicy.RELIABLE else "best effort"


def _describe(msg: Image | CompressedImage | None) -> str:
    if msg is None:
        return "none yet"
    if isinstance(msg, Image):
        return f"{msg.width}x{msg.height} {msg.encoding}"
    return msg.format
