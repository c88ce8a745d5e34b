"""The picture with what the tracker believes drawn on it, for whoever looks."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from tadt_tracking.overlay import Overlay, draw
from tadt_tracking.ros.images import bgr_to_compressed, bgr_to_image
from tadt_tracking.ros.messages import state_name
from tadt_tracking.ros.reports import Report

_QUEUE_DEPTH = 2


class OverlayTopics:
    """Publishes `~/overlay` and `~/overlay/compressed`, each only while somebody listens to it."""

    def __init__(self, node: LifecycleNode) -> None:
        """Create the publishers; they stay silent while the node is not active."""
        self._raw = node.create_lifecycle_publisher(Image, "~/overlay", _QUEUE_DEPTH)
        self._compressed = node.create_lifecycle_publisher(
            CompressedImage, "~/overlay/compressed", _QUEUE_DEPTH
        )

    def publish(self, report: Report) -> None:
        """Draw and publish the outcome of a frame; with no target there is nothing to draw."""
        raw, compressed = (p.get_subscription_count() > 0 for p in (self._raw, self._compressed))
        if report.picture is None or not (raw or compressed):
            return
        drawn = draw(report.picture, _overlay(report))
        header = report.frame.message.header
        if raw:
            self._raw.publish(bgr_to_image(header, drawn))
        if compressed:
            self._compressed.publish(bgr_to_compressed(header, drawn))


def _overlay(report: Report) -> Overlay:
    result = report.result
    caption = f"{report.tracker}   {report.update_ms:.0f} ms"
    return Overlay(
        state_name(result), result.score, result.box, search=result.search_region, caption=caption
    )
