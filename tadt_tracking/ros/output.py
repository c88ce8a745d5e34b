"""All that the tracking tells: results, status, bearing, overlay, refusals, faults."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from dataclasses import dataclass
from functools import partial

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D

from tadt_tracking.msg import TrackerStatus
from tadt_tracking.ros.bearing import Bearing
from tadt_tracking.ros.messages import idle_status, report_to_status, result_to_detection
from tadt_tracking.ros.overlay_topics import OverlayTopics
from tadt_tracking.ros.rejections import Rejections
from tadt_tracking.ros.reports import Report
from tadt_tracking.ros.throttle import Throttle

_QUEUE_DEPTH = 10
_LATENCY_FRAMES = 300  # percentiles are taken over this many frames


@dataclass(frozen=True)
class Faults:
    """What went wrong inside; `last` is empty before the first time."""

    count: int = 0
    last: str = ""


class Output:
    """Publishes what the worker reports; a `reports.Listener`."""

    def __init__(self, node: LifecycleNode) -> None:
        """Create the publishers; while the node is not active only :meth:`idle` is heard.

        Who joins late is told the last statuses, if it asks for them (transient-local durability).
        """
        self._clock = node.get_clock()
        self._log = node.get_logger()
        self._results = node.create_lifecycle_publisher(Detection2D, "tracked_target", _QUEUE_DEPTH)
        kept = QoSProfile(depth=_QUEUE_DEPTH, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._status = node.create_publisher(TrackerStatus, "~/status", kept)
        self._header = Header()  # of the last picture that a status was about
        self.bearing = Bearing(node, partial(self.refused, "camera_info"))
        self._overlay = OverlayTopics(node)
        self._lock = threading.Lock()
        self._latencies: deque[tuple[float, float]] = deque(maxlen=_LATENCY_FRAMES)
        self.rejections = Rejections(self._log.warning, self._now_ns)
        self.faults, self._throttle = Faults(), Throttle(self._now_ns)

    def report(self, report: Report) -> None:
        """Publish the outcome of a frame, the overlay last; with no target, the status alone."""
        self._header = report.frame.message.header
        if report.result is not None:
            detection = result_to_detection(self._header, report.target_id, report.result)
            self._results.publish(detection)
            self.bearing.publish(report)
        end_to_end_ms = (self._now_ns() - report.frame.stamp) / 1e6
        self._status.publish(report_to_status(report, end_to_end_ms))
        if report.result is not None:
            with self._lock:
                self._latencies.append((report.update_ms, end_to_end_ms))
        self._overlay.publish(report)

    def idle(self, tracker: str) -> None:
        """Publish that there is no target, whether the node is active or not."""
        self._status.publish(idle_status(self._header, tracker))

    def refused(self, kind: str, reason: str) -> None:
        """Note bad input."""
        self.rejections.add(kind, reason)

    def failed(self, doing: str, error: Exception) -> None:
        """Note a fault."""
        text = f"{doing}: {type(error).__name__}: {error}"
        self.faults = Faults(self.faults.count + 1, text)
        if self._throttle.passes(text):
            self._log.error("".join([text, "\n", *traceback.format_exception(error)]))

    def noted(self, text: str) -> None:
        """Write a line to the log."""
        self._log.info(text)

    def latencies_ms(self) -> np.ndarray | None:
        """Return p50 and p95 (rows) of update and end to end (columns); None before any frame."""
        with self._lock:
            values = list(self._latencies)
        return np.percentile(values, [50, 95], axis=0) if values else None

    def _now_ns(self) -> int:
        return self._clock.now().nanoseconds
