"""Conversion between messages and the core's types."""

from __future__ import annotations

import math

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Vector3, Vector3Stamped
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, ObjectHypothesisWithPose

from tadt_tracking.box import Box, BoxError
from tadt_tracking.camera_model import CameraError, CameraModel
from tadt_tracking.msg import TrackerStatus
from tadt_tracking.result import Result
from tadt_tracking.ros.reports import Report

CLASS_ID = "target"
STATES = {
    name: getattr(TrackerStatus, name)
    for name in ("IDLE", "TRACKING", "UNCERTAIN", "LOST", "SEARCHING")
}
# Lenses, by the names that CameraInfo has for them.
LENSES = {"plumb_bob": "brown", "rational_polynomial": "brown", "equidistant": "fisheye"}


class NotCalibratedError(CameraError):
    """A camera whose driver knows no calibration of it, as CameraInfo has it."""


def stamp_to_ns(stamp: Time) -> int:
    """Return a stamp in nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def ns_to_stamp(nanoseconds: int) -> Time:
    """Return nanoseconds as a stamp."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return Time(sec=seconds, nanosec=rest)


def detection_to_box(msg: Detection2D) -> Box:
    """Return the box of a detection, in pixels.

    Raises:
        BoxError: the box is not finite, empty or turned (trackers know upright boxes only).
    """
    center = msg.bbox.center
    if center.theta != 0.0:
        raise BoxError(f"box is turned by {center.theta} rad; only upright boxes can be tracked")
    return Box.from_center(center.position.x, center.position.y, msg.bbox.size_x, msg.bbox.size_y)


def box_to_detection(header: Header, target_id: str, box: Box) -> Detection2D:
    """Return a box in pixels as a detection without a hypothesis."""
    msg = Detection2D(header=header, id=target_id)
    msg.bbox.center.position.x, msg.bbox.center.position.y = box.center
    msg.bbox.size_x, msg.bbox.size_y = box.size
    return msg


def result_to_detection(header: Header, target_id: str, result: Result) -> Detection2D:
    """Return a session's result as the detection of one target; while that is lost, of none."""
    msg = box_to_detection(header, target_id, result.box)
    if not result.state.present:
        return msg
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = CLASS_ID
    hypothesis.hypothesis.score = float(result.score)
    msg.results.append(hypothesis)
    return msg


def camera_info_to_model(msg: CameraInfo, *, rectified: bool) -> CameraModel:
    """Return the camera that a message describes.

    Args:
        msg: the message.
        rectified: whether its images are: then P says where they look, and there is no distortion.

    Raises:
        NotCalibratedError: it says that the camera is not calibrated.
        CameraError: it is calibrated in a way that cannot be used.
    """
    matrix = msg.p.reshape(3, 4)[:, :3] if rectified else msg.k.reshape(3, 3)
    if matrix[0, 0] == 0:
        raise NotCalibratedError(f"not calibrated: {'P' if rectified else 'K'}[0] is 0")
    left, top, *lengths = _sensor_region(msg)
    binning = (max(msg.binning_x, 1), max(msg.binning_y, 1))
    size = tuple(length // pixels for length, pixels in zip(lengths, binning, strict=True))
    sensor = {"binning": binning, "offset": (left, top)}
    if rectified:
        return CameraModel(size, matrix, **sensor)
    rotation = msg.r.reshape(3, 3) if msg.r.any() else np.eye(3)
    return CameraModel(size, matrix, *_lens(msg), rotation, **sensor)


def _sensor_region(msg: CameraInfo) -> tuple[int, int, int, int]:
    """Return the part of the sensor that images are of: x, y, width and height in its pixels."""
    roi = msg.roi
    region = (roi.x_offset, roi.y_offset, roi.width, roi.height)
    if not any(region):
        return 0, 0, msg.width, msg.height
    fits = roi.x_offset + roi.width <= msg.width and roi.y_offset + roi.height <= msg.height
    if not (roi.width and roi.height and fits):
        raise CameraError(f"roi {region} is no part of a sensor of {msg.width}x{msg.height} px")
    return region


def _lens(msg: CameraInfo) -> tuple[str, np.ndarray]:
    """Return the lens and its coefficients; of one without distortion some drivers tell neither."""
    distortion, model = np.array(msg.d, np.float64), msg.distortion_model
    if not distortion.any() and LENSES.get(model) != "fisheye":
        return "brown", np.zeros(4)
    if model not in LENSES:
        raise CameraError(f"unknown distortion model {model!r}; valid are: {', '.join(LENSES)}")
    return LENSES[model], distortion if len(distortion) else np.zeros(4)


def direction_to_bearing(header: Header, direction: tuple[float, float, float]) -> Vector3Stamped:
    """Return a unit vector in the camera's optical frame, that of the image's header."""
    x, y, z = direction
    return Vector3Stamped(header=header, vector=Vector3(x=x, y=y, z=z))


def state_name(result: Result | None) -> str:
    """Return the state that a session's result tells; None is no target."""
    return "IDLE" if result is None else result.state.name


def report_to_status(report: Report, end_to_end_ms: float) -> TrackerStatus:
    """Return what the worker reports as a status; `end_to_end_ms` from stamp to now."""
    return TrackerStatus(
        header=report.frame.message.header,
        target_id=report.target_id,
        state=STATES[state_name(report.result)],
        score=float(report.result.score) if report.result is not None else 0.0,
        search_region=_region(report.result),
        tracker=report.tracker,
        update_latency_ms=report.update_ms,
        end_to_end_latency_ms=end_to_end_ms,
        frames_seen=report.counts.seen,
        frames_processed=report.counts.processed,
        frames_dropped=report.counts.dropped,
        redetections=report.counts.redetections,
    )


def idle_status(header: Header, tracker: str) -> TrackerStatus:
    """Return the status of a tracker without a target, whose last picture had this header."""
    return TrackerStatus(header=header, state=TrackerStatus.IDLE, tracker=tracker)


def _region(result: Result | None) -> RegionOfInterest:
    """Return the search region in whole pixels; all zeros where nothing was searched."""
    if result is None or result.search_region is None:
        return RegionOfInterest()
    box = result.search_region
    left, top = int(box.x), int(box.y)
    right, bottom = math.ceil(box.x + box.w), math.ceil(box.y + box.h)
    return RegionOfInterest(x_offset=left, y_offset=top, width=right - left, height=bottom - top)
