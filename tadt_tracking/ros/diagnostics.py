"""The node's state of health, for /diagnostics."""

from __future__ import annotations

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from tadt_tracking.ros.camera import CameraState
from tadt_tracking.ros.messages import state_name
from tadt_tracking.ros.output import Faults, Output
from tadt_tracking.ros.rejections import Rejected
from tadt_tracking.ros.reports import Snapshot

_OK, _WARN, _ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class Diagnostics:
    """Publishes three statuses: camera, tracker, input. They are there in every lifecycle state."""

    def __init__(self, node: Node, output: Output) -> None:
        """Create the publisher."""
        self._clock = node.get_clock()
        self._name = node.get_fully_qualified_name().lstrip("/")
        self._output = output
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._known_faults = 0
        self._known_rejections = 0

    def publish(
        self,
        lifecycle: str,
        failed: bool,
        camera: CameraState | None,
        stall_seconds: float,
        worker: Snapshot | None,
    ) -> None:
        """Publish once.

        Args:
            lifecycle: label of the lifecycle state.
            failed: whether the node has been asked for another one since, and failed.
            camera: None while the node is not active.
            stall_seconds: silence after which the camera counts as stalled.
            worker: None while there is no tracker.
        """
        faults, rejected = self._output.faults, self._output.rejections.last
        new_fault = failed or faults.count > self._known_faults
        new_rejection = rejected.count > self._known_rejections
        self._known_faults, self._known_rejections = faults.count, rejected.count
        parts = {
            "camera": camera_status(camera, stall_seconds, self._output.bearing.calibration),
            "tracker": tracker_status(
                lifecycle, worker, faults, new_fault, self._output.latencies_ms()
            ),
            "input": input_status(rejected, new_rejection),
        }
        msg = DiagnosticArray()
        msg.header.stamp = self._clock.now().to_msg()
        for part, status in parts.items():
            status.name = f"{self._name}: {part}"
            msg.status.append(status)
        self._publisher.publish(msg)


def camera_status(
    camera: CameraState | None, stall_seconds: float, calibration: str
) -> DiagnosticStatus:
    """Tell of rate, stalls and calibration."""
    if camera is None:
        return _status(_OK, "not subscribed", "", {})
    level, message = _OK, f"{camera.rate_hz:.1f} Hz"
    if camera.silence_s > stall_seconds:
        level = _ERROR if camera.frames else _WARN
        word = "stalled: no image for" if camera.frames else "no image yet, waiting for"
        message = f"{word} {camera.silence_s:.1f} s"
    values = {
        "topic": camera.topic,
        "reliability": camera.reliability,
        "image": camera.picture,
        "calibration": calibration,
        "rate [Hz]": f"{camera.rate_hz:.2f}",
        "frames received": camera.frames,
        "time since the last image [s]": f"{camera.silence_s:.2f}",
    }
    return _status(level, message, camera.topic, values)


def tracker_status(
    lifecycle: str,
    worker: Snapshot | None,
    faults: Faults,
    new_fault: bool,
    latencies_ms: np.ndarray | None,
) -> DiagnosticStatus:
    """Tell of the tracker, its target, latencies, drops and faults; WARN while that is lost.

    `latencies_ms` is what `Output.latencies_ms` returns; `new_fault` tells whether one came since
    the last time, or is still so.
    """
    values = {"lifecycle": lifecycle, "faults": faults.count, "last fault": faults.last}
    level, message, hardware = _OK, f"{lifecycle}, no tracker", ""
    if worker is not None:
        hardware = worker.loaded.compute
        state = state_name(worker.result)
        level = _WARN if worker.result and not worker.result.state.present else _OK
        message = f"{lifecycle}, {state}"
        values |= {
            "tracker": worker.loaded.name,
            "compute": hardware,
            "state": state,
            "target id": worker.target_id,
            "waiting for": worker.waiting_for,
            "score": f"{worker.result.score:.3f}" if worker.result else "",
            "frames seen": worker.counts.seen,
            "frames processed": worker.counts.processed,
            "frames dropped": worker.counts.dropped,
            "redetections": worker.counts.redetections,
            "last change": worker.last_change,
        }
    if latencies_ms is not None:
        for row, name in enumerate(("p50", "p95")):
            values[f"update {name} [ms]"] = f"{latencies_ms[row, 0]:.2f}"
            values[f"end to end {name} [ms]"] = f"{latencies_ms[row, 1]:.2f}"
    if new_fault:
        level, message = _ERROR, faults.last
    return _status(level, message, hardware, values)


def input_status(rejected: Rejected, new_rejection: bool) -> DiagnosticStatus:
    """Tell of refused input; `new_rejection` tells whether some came since the last time."""
    values = {
        "refused": rejected.count,
        "last rejected input": rejected.kind,
        "last reason": rejected.reason,
    }
    if new_rejection:
        return _status(_WARN, f"{rejected.kind} refused: {rejected.reason}", "", values)
    return _status(_OK, "good", "", values)


def _status(level: bytes, message: str, hardware: str, values: dict) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=level, message=message, hardware_id=hardware, values=pairs)
