"""Conversion between ROS image messages and OpenCV's arrays."""

from __future__ import annotations

import array
import re
import sys

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

BIG_ENDIAN_MACHINE = sys.byteorder == "big"

# Letter and bits of OpenCV's type names, and NumPy's names for the same.
SAMPLE_TYPES = {
    "8U": "uint8",
    "8S": "int8",
    "16U": "uint16",
    "16S": "int16",
    "32S": "int32",
    "32F": "float32",
    "64F": "float64",
}
TYPE_NAME = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)C([1-9][0-9]*)")
COLOUR_NAME = re.compile(r"(mono|bgra|bgr|rgba|rgb|bayer_(?:rggb|bggr|gbrg|grbg))(8|16)")
COLOUR_CHANNELS = {"bgr": 3, "rgb": 3, "bgra": 4, "rgba": 4}
YUV422_NAMES = ("yuv422", "yuv422_yuy2", "uyvy", "yuyv")

CONVERSIONS = {
    ("bgr8", "rgb8"): cv2.COLOR_BGR2RGB,
    ("rgb8", "bgr8"): cv2.COLOR_RGB2BGR,
    ("bgr8", "mono8"): cv2.COLOR_BGR2GRAY,
    ("rgb8", "mono8"): cv2.COLOR_RGB2GRAY,
    ("mono8", "bgr8"): cv2.COLOR_GRAY2BGR,
    ("mono8", "rgb8"): cv2.COLOR_GRAY2RGB,
}


class CvBridgeError(TypeError):
    """An image that cannot be converted, with the reason."""


class CvBridge:
    """Converts images. Methods and arguments are those of ROS's class of this name."""

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> np.ndarray:
        """The picture of a message as an array of shape (H, W) or (H, W, channels).

        The array is a view of the message's data unless the encoding or the byte order changes.
        """
        return convert(view(img_msg), img_msg.encoding, desired_encoding)

    def cv2_to_imgmsg(
        self, cvim: np.ndarray, encoding: str = "passthrough", header: Header | None = None
    ) -> Image:
        """A message with a copy of the picture, whose encoding the caller names."""
        own_type = type_name(cvim)
        if encoding == "passthrough":
            encoding = own_type
        elif type_name_of_encoding(encoding) != own_type:
            raise CvBridgeError(f"an array of type {own_type} is no image of encoding {encoding}")
        message = Image(height=cvim.shape[0], width=cvim.shape[1], encoding=encoding)
        message.header = header or Header()
        message.is_bigendian = BIG_ENDIAN_MACHINE
        native = np.ascontiguousarray(cvim, dtype=cvim.dtype.newbyteorder("="))
        message.step = native.strides[0]
        message.data = to_message_bytes(native)
        return message

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = "passthrough"
    ) -> np.ndarray:
        """The picture of a compressed message; passthrough keeps its depth and channels."""
        passthrough = desired_encoding == "passthrough"
        data = np.frombuffer(cmprs_img_msg.data, np.uint8)
        flag = cv2.IMREAD_UNCHANGED if passthrough else cv2.IMREAD_COLOR
        image = cv2.imdecode(data, flag) if data.size else None
        if image is None:
            raise CvBridgeError(
                f"{data.size} bytes of format {cmprs_img_msg.format!r} are no image"
            )
        return image if passthrough else convert(image, "bgr8", desired_encoding)

    def cv2_to_compressed_imgmsg(
        self, cvim: np.ndarray, dst_format: str = "jpg"
    ) -> CompressedImage:
        """A message with the picture compressed in a format that OpenCV can write."""
        try:
            done, data = cv2.imencode(f".{dst_format}", cvim)
        except cv2.error as error:
            raise CvBridgeError(f"cannot compress to {dst_format!r}: {error}") from error
        if not done:
            raise CvBridgeError(f"cannot compress to {dst_format!r}")
        return CompressedImage(format=dst_format, data=to_message_bytes(data))


def view(message: Image) -> np.ndarray:
    """The message's data as an array, without a copy where the byte order is this machine's."""
    dtype, channels = layout(message.encoding)
    row = message.width * channels * dtype.itemsize
    if row == 0 or message.height == 0:
        raise CvBridgeError(f"the image is empty: {message.width} x {message.height}")
    if message.step < row:
        raise CvBridgeError(f"step is {message.step}, but a row takes {row} bytes")
    needed = message.step * (message.height - 1) + row
    if len(message.data) < needed:
        raise CvBridgeError(f"the data has {len(message.data)} bytes, but {needed} are needed")
    shape, strides = [message.height, message.width], [message.step, channels * dtype.itemsize]
    if channels > 1:
        shape, strides = [*shape, channels], [*strides, dtype.itemsize]
    stored = dtype.newbyteorder(">" if message.is_bigendian else "<")
    return np.ndarray(shape, stored, message.data, strides=strides).astype(dtype, copy=False)


def layout(encoding: str) -> tuple[np.dtype, int]:
    """Sample type and number of channels of an encoding."""
    if match := TYPE_NAME.fullmatch(encoding):
        return np.dtype(SAMPLE_TYPES[match[1]]), int(match[2])
    if match := COLOUR_NAME.fullmatch(encoding):
        return np.dtype(f"uint{match[2]}"), COLOUR_CHANNELS.get(match[1], 1)
    if encoding in YUV422_NAMES:
        return np.dtype(np.uint8), 2
    raise CvBridgeError(f"unknown encoding {encoding!r}")


def type_name(image: np.ndarray) -> str:
    """OpenCV's type name of an array, such as 8UC3."""
    channels = image.shape[2] if image.ndim == 3 else 1
    for name, sample in SAMPLE_TYPES.items():
        if image.dtype.newbyteorder("=") == sample and image.ndim in (2, 3):
            return f"{name}C{channels}"
    raise CvBridgeError(f"an array of {image.dtype} with {image.ndim} dimensions is no image")


def type_name_of_encoding(encoding: str) -> str:
    """OpenCV's type name of the arrays that an encoding describes."""
    dtype, channels = layout(encoding)
    return next(f"{name}C{channels}" for name, sample in SAMPLE_TYPES.items() if dtype == sample)


def convert(image: np.ndarray, encoding: str, desired: str) -> np.ndarray:
    """The picture in another encoding; the same array where nothing is to be done."""
    if desired in ("passthrough", encoding):
        return image
    if (encoding, desired) not in CONVERSIONS:
        raise CvBridgeError(
            f"no conversion from {encoding!r} to {desired!r} without ROS's cv_bridge"
        )
    return cv2.cvtColor(image, CONVERSIONS[encoding, desired])


def to_message_bytes(data: np.ndarray) -> array.array:
    """A copy of a contiguous array in the type that a message's data takes without a check."""
    result = array.array("B")
    result.frombytes(memoryview(data).cast("B"))
    return result
