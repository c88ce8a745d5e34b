"""A calibrated camera: which direction a place of its pictures lies in."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

_LENGTHS = {"brown": (4, 5, 8, 12, 14), "fisheye": (4,)}  # of coefficients
# Undistortion is iterated; what it finds must be distorted back to the pixel that was asked for.
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-9)
_TOLERANCE = 0.1  # px


class CameraError(ValueError):
    """A calibration that cannot be used, or a place that it has no direction for."""


@dataclass(frozen=True, eq=False)
class CameraModel:
    """Where the pixels of a camera look, in its optical frame: x right, y down, z forward.

    It is checked when it is made: :class:`CameraError` tells what cannot be used.

    Attributes:
        size: width and height of its pictures in pixels.
        matrix: 3 x 3, float64: focal lengths and principal point in pixels of the whole sensor,
            at whose first pixel's middle (0, 0) is.
        lens: the model of distortion: "brown" (radial and tangential, with OpenCV's extensions), or
            "fisheye" (Kannala and Brandt's, in the angle).
        distortion: D, float64, coefficients in OpenCV's order: 4, 5, 8, 12 or 14 of "brown", 4 of
            "fisheye"; none for a lens without distortion.
        rotation: 3 x 3, float64: from the camera as it is to the optical frame, which in a pair of
            cameras is the rectified one.
        binning: sensor pixels, along x and y, that make one of a picture.
        offset: (x, y) of the pictures' corner in sensor pixels.
    """

    size: tuple[int, int]
    matrix: np.ndarray
    lens: str = "brown"
    distortion: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    binning: tuple[int, int] = (1, 1)
    offset: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        """Check all that can be wrong."""
        if self.lens not in _LENGTHS:
            raise CameraError(f"unknown lens {self.lens!r}; valid are: {', '.join(_LENGTHS)}")
        for name in ("matrix", "distortion", "rotation"):
            values = getattr(self, name)
            if not np.isfinite(values).all():
                raise CameraError(f"{name} holds a value that is not finite: {_shown(values)}")
        focal = self.matrix[0, 0], self.matrix[1, 1]
        if min(focal) <= 0:
            raise CameraError(f"focal lengths must be positive, got {focal[0]:g} and {focal[1]:g}")
        if len(self.distortion) not in (0, *_LENGTHS[self.lens]):
            raise CameraError(
                f"a {self.lens} lens has {', '.join(map(str, _LENGTHS[self.lens]))} coefficients, "
                f"got {len(self.distortion)}: {_shown(self.distortion)}"
            )
        if not np.allclose(self.rotation @ self.rotation.T, np.eye(3), atol=1e-3):
            raise CameraError(f"rotation is none: {_shown(self.rotation)}")

    def __str__(self) -> str:
        """Return for example "640x480, focal length 500 px, brown lens"."""
        width, height = self.size
        return f"{width}x{height}, focal length {self.matrix[0, 0]:g} px, {self.lens} lens"

    def direction(self, x: float, y: float, size: tuple[int, int]) -> tuple[float, float, float]:
        """Return the unit vector (x, y, z) to a place of a picture.

        Args:
            x: in pixels, the first of which covers 0 to 1, as those of a `Box`.
            y: likewise.
            size: the picture's width and height in pixels.

        Raises:
            CameraError: the picture is not of the camera's size, or the lens model has no direction
                for the place.
        """
        if size != self.size:
            shown = "x".join(map(str, size))
            raise CameraError(f"a picture of {shown} px is none of the camera ({self})")
        asked = np.array(
            [
                place * step + first - 0.5
                for place, step, first in zip((x, y), self.binning, self.offset, strict=True)
            ]
        )
        seen = self._undistorted(asked)
        if not np.abs(self._distorted(seen) - asked).max() <= _TOLERANCE:  # NaN is none
            raise CameraError(f"the lens model has no direction for ({x:.1f}, {y:.1f}) px")
        ray = self.rotation @ [*seen, 1.0]
        right, down, forward = (ray / np.linalg.norm(ray)).tolist()
        return right, down, forward

    def _undistorted(self, pixel: np.ndarray) -> np.ndarray:
        """Return where the ray of a sensor pixel (x, y) crosses the plane z = 1."""
        points = pixel.reshape(1, 1, 2)
        if not len(self.distortion):
            found = cv2.undistortPoints(points, self.matrix, None)
        elif self.lens == "fisheye":
            found = cv2.fisheye.undistortPoints(points, self.matrix, self.distortion)
        else:
            found = cv2.undistortPointsIter(
                points, self.matrix, self.distortion, None, None, _CRITERIA
            )
        return found.reshape(2)

    def _distorted(self, crossing: np.ndarray) -> np.ndarray:
        """Return the sensor pixel that sees a point of the plane z = 1."""
        if self.lens == "fisheye" and len(self.distortion):
            points = crossing.reshape(1, 1, 2)
            found = cv2.fisheye.distortPoints(points, self.matrix, self.distortion)
        else:
            still = np.zeros(3)
            points = np.array([[*crossing, 1.0]])
            found, _ = cv2.projectPoints(points, still, still, self.matrix, self.distortion)
        return found.reshape(2)


def _shown(values: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in values.flat)
