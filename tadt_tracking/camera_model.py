"""A calibrated camera: which direction a place of its pictures lies in."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

_LENGTHS = {"brown": (4, 5, 8, 12, 14), "fisheye": (4,)}  # of coefficients
# A Brown lens is inverted by iteration, and what that finds is distorted back: it must lead to the
# pixel that was asked for, and on the way there, in so many steps, always outwards. Where the
# polynomial turns back no ray arrives, whatever the iteration finds beyond.
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-9)
_TOLERANCE = 0.1  # px
_STEPS = 64
_SHOWN = 14  # values in a message


class CameraError(ValueError):
    """A calibration that cannot be used, or a picture that it is not of."""


class NoDirectionError(CameraError):
    """A place that no ray reaches through the lens, as the calibration describes it."""


@dataclass(frozen=True, eq=False)
class CameraModel:
    """Where the pixels of a camera look, in its optical frame: x right, y down, z forward.

    It is checked when it is made: :class:`CameraError` tells what cannot be used.

    Attributes:
        size: width and height of its pictures in pixels.
        matrix: 3 x 3, float64: focal lengths and principal point in pixels of the whole sensor,
            at whose first pixel's middle (0, 0) is.
        lens: the model of distortion: "brown" (radial and tangential, with OpenCV's extensions), or
            "fisheye" (Kannala and Brandt's: the distance from the middle by the angle).
        distortion: D, float64, coefficients in OpenCV's order: 4, 5, 8, 12 or 14 of "brown", all 0
            for a lens without distortion; 4 of "fisheye".
        rotation: 3 x 3, float64: from the camera as it is to the optical frame, which in a pair of
            cameras is the rectified one.
        binning: sensor pixels, along x and y, that make one of a picture.
        offset: (x, y) of the pictures' corner in sensor pixels.
    """

    size: tuple[int, int]
    matrix: np.ndarray
    lens: str = "brown"
    distortion: np.ndarray = field(default_factory=lambda: np.zeros(4))
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
        if len(self.distortion) not in _LENGTHS[self.lens]:
            raise CameraError(
                f"a {self.lens} lens has {', '.join(map(str, _LENGTHS[self.lens]))} coefficients, "
                f"got {len(self.distortion)}: {_shown(self.distortion)}"
            )
        turned = np.allclose(self.rotation @ self.rotation.T, np.eye(3), atol=1e-3)
        if not turned or np.linalg.det(self.rotation) < 0:
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
            CameraError: the picture is not of the camera's size.
            NoDirectionError: no ray reaches the place.
        """
        if size != self.size:
            shown = "x".join(map(str, size))
            raise CameraError(f"a picture of {shown} px is none of the camera ({self})")
        sensor = zip((x, y), self.binning, self.offset, strict=True)
        pixel = np.array([place * step + first - 0.5 for place, step, first in sensor])
        ray = self._fisheye_ray(pixel) if self.lens == "fisheye" else self._brown_ray(pixel)
        if ray is None:
            raise NoDirectionError(f"the lens model has no direction for ({x:.1f}, {y:.1f}) px")
        right, down, forward = (self.rotation @ ray / np.linalg.norm(ray)).tolist()
        return right, down, forward

    def _brown_ray(self, pixel: np.ndarray) -> np.ndarray | None:
        """Return a vector to a sensor pixel (x, y), None if there is none."""
        points = pixel.reshape(1, 1, 2)
        found = cv2.undistortPointsIter(
            points, self.matrix, self.distortion, None, None, _CRITERIA
        ).reshape(2)
        ray = np.array([*found, 1.0])
        way = np.linspace(0, 1, _STEPS)[:, None] * [*found, 0.0] + [0.0, 0.0, 1.0]
        still = np.zeros(3)
        seen, _ = cv2.projectPoints(way, still, still, self.matrix, self.distortion)
        seen = seen.reshape(-1, 2)
        back = np.abs(seen[-1] - pixel).max() <= _TOLERANCE  # NaN is not
        reach = np.linalg.norm(seen - seen[0], axis=1)
        return ray if back and (np.diff(reach) >= 0).all() else None

    def _fisheye_ray(self, pixel: np.ndarray) -> np.ndarray | None:
        """Return a vector to a sensor pixel (x, y), None if there is none.

        OpenCV's own inverse ends before 90 degrees.
        """
        across = np.linalg.solve(self.matrix, [*pixel, 1.0])[:2]
        reach = float(np.linalg.norm(across))
        if reach == 0:
            return np.array([0.0, 0.0, 1.0])
        # reach = angle + k1 angle^3 + ... + k4 angle^9, whose least solution lies before it turns.
        k1, k2, k3, k4 = self.distortion
        roots = np.roots([k4, 0, k3, 0, k2, 0, k1, 0, 1, -reach])
        angles = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)]
        angle = angles.min(initial=np.inf)
        if angle > np.pi:
            return None
        return np.array([*(np.sin(angle) * across / reach), np.cos(angle)])


def _shown(values: np.ndarray) -> str:
    shown = ", ".join(f"{value:g}" for value in values.flat[:_SHOWN])
    return shown if values.size <= _SHOWN else f"{shown}, ..."
