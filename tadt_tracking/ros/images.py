"""Pictures out of image messages and into them: H x W x 3, uint8, BGR.

The header is checked here, before cv_bridge sees the message: cv_bridge takes what a header says at
its word. It is asked only for what all its versions do alike (the message's bytes as an array,
without conversion); what the bytes mean is in the table below.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from types import SimpleNamespace

import cv2
import numpy as np
from cv_bridge import CvBridge
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header


class ImageRefused(ValueError):
    """An image message that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class _Layout:
    """How pixels lie in the bytes of a message.

    Attributes:
        size: bytes of one pixel.
        code: conversion of cv2.cvtColor to BGR; None where the bytes are BGR.
        wide: 16 bits a value, of which the high byte is kept.
        paired: two neighbouring pixels share their colour, so that the width must be even.
    """

    size: int
    code: int | None
    wide: bool = False
    paired: bool = False


# OpenCV names a Bayer pattern after the 2 x 2 pixels from (1, 1) on, ROS after those from (0, 0).
_BAYER = {
    "rggb": cv2.COLOR_BayerBG2BGR,
    "bggr": cv2.COLOR_BayerRG2BGR,
    "gbrg": cv2.COLOR_BayerGR2BGR,
    "grbg": cv2.COLOR_BayerGB2BGR,
}
_UYVY = _Layout(2, cv2.COLOR_YUV2BGR_UYVY, paired=True)
_YUYV = _Layout(2, cv2.COLOR_YUV2BGR_YUY2, paired=True)
_LAYOUTS = {
    "bgr8": _Layout(3, None),
    "8UC3": _Layout(3, None),
    "rgb8": _Layout(3, cv2.COLOR_RGB2BGR),
    "bgra8": _Layout(4, cv2.COLOR_BGRA2BGR),
    "rgba8": _Layout(4, cv2.COLOR_RGBA2BGR),
    "mono8": _Layout(1, cv2.COLOR_GRAY2BGR),
    "8UC1": _Layout(1, cv2.COLOR_GRAY2BGR),
    "mono16": _Layout(2, cv2.COLOR_GRAY2BGR, wide=True),
    "16UC1": _Layout(2, cv2.COLOR_GRAY2BGR, wide=True),
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    **{f"bayer_{name}8": _Layout(1, code) for name, code in _BAYER.items()},
    **{f"bayer_{name}16": _Layout(2, code, wide=True) for name, code in _BAYER.items()},
}
SUPPORTED_ENCODINGS = tuple(_LAYOUTS)

_BRIDGE = CvBridge()


def check_image(msg: Image) -> None:
    """Check that the header of an Image fits its data.

    Raises:
        ImageRefused: unknown encoding (the supported ones are listed), no pixels, rows that are
            shorter than their pixels, or less data than rows.
    """
    layout = _layout(msg.encoding)
    if msg.height == 0 or msg.width == 0:
        raise ImageRefused(f"image is empty: {msg.width}x{msg.height} pixels")
    row = msg.width * layout.size
    if msg.step < row:
        raise ImageRefused(
            f"image step is {msg.step} bytes, but {msg.width} pixels of {msg.encoding} take {row}"
        )
    # Some drivers leave out the padding after the last row.
    needed = msg.step * (msg.height - 1) + row
    if len(msg.data) < needed:
        raise ImageRefused(
            f"image is short: {len(msg.data)} bytes of data, but {msg.height} rows of {msg.step} "
            f"bytes take {needed}"
        )
    if layout.paired and msg.width % 2:
        raise ImageRefused(f"image is {msg.width} pixels wide, {msg.encoding} needs an even width")


def image_to_bgr(msg: Image) -> np.ndarray:
    """Return the picture in an Image: H x W x 3, uint8, BGR.

    Of bgr8 it is a view of the message's data, padded rows or not; nothing is copied.

    Raises:
        ImageRefused: see :func:`check_image`.
    """
    check_image(msg)
    layout = _layout(msg.encoding)
    used = _rows(msg)[:, : msg.width * layout.size]
    pixels = used.reshape(msg.height, msg.width, layout.size)
    if layout.wide:
        pixels = np.ascontiguousarray(pixels[..., 0 if msg.is_bigendian else 1])
    return pixels if layout.code is None else cv2.cvtColor(pixels, layout.code)


def compressed_to_bgr(msg: CompressedImage) -> np.ndarray:
    """Return the picture in a CompressedImage (JPEG or PNG): H x W x 3, uint8, BGR.

    Raises:
        ImageRefused: the data are not a picture that OpenCV can decode.
    """
    data = np.frombuffer(msg.data, np.uint8)
    if data.size == 0:
        raise ImageRefused(f"compressed image (format {msg.format!r}) is empty")
    # A turn noted in the file is not applied: boxes refer to the pixels as they were sent.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(data, flags)
    except cv2.error as error:
        raise ImageRefused(f"compressed image (format {msg.format!r}): {error}") from error
    if picture is None:
        raise ImageRefused(
            f"compressed image (format {msg.format!r}, {data.size} bytes) is not a readable "
            "JPEG or PNG"
        )
    return picture


def decode(msg: Image | CompressedImage) -> np.ndarray:
    """Return the picture in either kind of message: H x W x 3, uint8, BGR.

    Raises:
        ImageRefused: the message cannot be used.
    """
    return compressed_to_bgr(msg) if isinstance(msg, CompressedImage) else image_to_bgr(msg)


def bgr_to_image(header: Header, picture: np.ndarray) -> Image:
    """Return a picture (H x W x 3, uint8, BGR) as an Image, bgr8."""
    height, width = picture.shape[:2]
    msg = Image(header=header, height=height, width=width, encoding="bgr8", step=3 * width)
    msg.data = array("B", picture.tobytes())  # of numpy's arrays rclpy checks every element
    return msg


def bgr_to_compressed(header: Header, picture: np.ndarray) -> CompressedImage:
    """Return a picture (H x W x 3, uint8, BGR) as a CompressedImage, JPEG."""
    done, data = cv2.imencode(".jpg", picture)
    if not done:
        raise RuntimeError(f"cannot encode a picture of shape {picture.shape} as JPEG")
    msg = CompressedImage(header=header, format="bgr8; jpeg compressed bgr8")
    msg.data = array("B", data.tobytes())
    return msg


def _layout(encoding: str) -> _Layout:
    if encoding not in _LAYOUTS:
        raise ImageRefused(
            f"unsupported encoding {encoding!r}; supported are: {', '.join(SUPPORTED_ENCODINGS)}"
        )
    return _LAYOUTS[encoding]


def _rows(msg: Image) -> np.ndarray:
    """Return the bytes of a checked message: height x step, uint8, a view where possible."""
    missing = msg.step * msg.height - len(msg.data)
    data = msg.data if missing <= 0 else msg.data + array("B", bytes(missing))
    # Not an Image, which may copy the data that it is given.
    rows = SimpleNamespace(
        height=msg.height,
        width=msg.step,
        step=msg.step,
        encoding="8UC1",
        is_bigendian=0,
        data=data,
    )
    return _BRIDGE.imgmsg_to_cv2(rows, "passthrough")
