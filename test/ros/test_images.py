"""Every encoding, from a message to BGR, and every header that must be refused."""

import sys
from array import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from tadt_tracking.ros.images import (
    SUPPORTED_ENCODINGS,
    ImageRefused,
    check_image,
    compressed_to_bgr,
    decode,
    image_to_bgr,
)

HEIGHT, WIDTH = 24, 32


@pytest.fixture
def picture():
    """A smooth coloured picture, BGR, so that chroma subsampling and demosaicing keep it."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [40 + 4 * x, 60 + 5 * y, 220 - 3 * x - 2 * y]
    return np.stack(planes, axis=-1).astype(np.uint8)


def message(rows, encoding, width=WIDTH, padding=0, big_endian=False):
    """An Image of 2-d or 3-d `rows`, each followed by `padding` bytes of 255."""
    stored = rows.astype(rows.dtype.newbyteorder(">" if big_endian else "<"))
    flat = np.frombuffer(stored.tobytes(), np.uint8).reshape(rows.shape[0], -1)
    padded = np.pad(flat, ((0, 0), (0, padding)), constant_values=255)
    msg = Image(height=rows.shape[0], width=width, encoding=encoding, step=padded.shape[1])
    msg.is_bigendian = int(big_endian)
    msg.data = array("B", padded.tobytes())
    return msg


def mosaic(picture, pattern):
    """What a sensor with a Bayer pattern sees; `pattern` names pixels (0,0) (0,1) (1,0) (1,1)."""
    sensor = np.empty(picture.shape[:2], np.uint8)
    for place, colour in enumerate(pattern):
        row, column = divmod(place, 2)
        sensor[row::2, column::2] = picture[row::2, column::2, "bgr".index(colour)]
    return sensor


def uyvy(picture, order):
    """4:2:2 bytes in the given order of u, y, v, y (full precision, limited range)."""
    ycrcb = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb).astype(float)
    luma = np.round(16 + ycrcb[..., 0] * 219 / 255).astype(np.uint8)
    chroma = 128 + (ycrcb[:, ::2, 1:] + ycrcb[:, 1::2, 1:] - 256) / 2 * 224 / 255
    v, u = (np.round(chroma[..., i]).astype(np.uint8) for i in (0, 1))
    parts = {"y": iter((luma[:, ::2], luma[:, 1::2])), "u": iter((u,)), "v": iter((v,))}
    return np.stack([next(parts[name]) for name in order], axis=-1).reshape(HEIGHT, -1)


def encoded(picture, encoding):
    """The picture as an array of the encoding."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if encoding in ("bgr8", "8UC3"):
        return picture
    if encoding in ("mono8", "8UC1"):
        return grey
    if encoding in ("mono16", "16UC1"):
        return grey.astype(np.uint16) * 256 + 77
    if encoding in ("yuv422", "uyvy"):
        return uyvy(picture, "uyvy")
    if encoding in ("yuv422_yuy2", "yuyv"):
        return uyvy(picture, "yuyv")
    if encoding.startswith("bayer_"):
        sensor = mosaic(picture, encoding[6:10])
        return sensor if encoding.endswith("8") else sensor.astype(np.uint16) * 256 + 77
    code = {"rgb8": cv2.COLOR_BGR2RGB, "bgra8": cv2.COLOR_BGR2BGRA, "rgba8": cv2.COLOR_BGR2RGBA}
    return cv2.cvtColor(picture, code[encoding])


def expected(picture, encoding):
    if "mono" in encoding or encoding.endswith("UC1"):
        return np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=-1)
    return picture


def tolerance(encoding):
    if encoding.startswith("yuv") or encoding in ("uyvy", "yuyv"):
        return 6
    return 8 if encoding.startswith("bayer") else 0


def assert_same(found, picture, encoding):
    assert found.dtype == np.uint8 and found.shape == (HEIGHT, WIDTH, 3)
    inner = (slice(2, -2), slice(2, -2))  # demosaicing guesses at the border
    difference = found[inner].astype(int) - expected(picture, encoding)[inner]
    assert np.abs(difference).max() <= tolerance(encoding)


@pytest.mark.parametrize("encoding", SUPPORTED_ENCODINGS)
@pytest.mark.parametrize("padding", [0, 1, 12])
def test_every_encoding_becomes_bgr(picture, encoding, padding):
    msg = message(encoded(picture, encoding), encoding, padding=padding)
    assert_same(image_to_bgr(msg), picture, encoding)


@pytest.mark.parametrize("encoding", SUPPORTED_ENCODINGS)
def test_big_endian(picture, encoding):
    msg = message(encoded(picture, encoding), encoding, big_endian=True)
    assert_same(image_to_bgr(msg), picture, encoding)


def test_the_encodings_of_the_contract_are_there():
    colours = ["bgr8", "rgb8", "mono8", "mono16", "bgra8", "rgba8"]
    bayer = [f"bayer_{p}{b}" for p in ("rggb", "bggr", "gbrg", "grbg") for b in (8, 16)]
    assert {*colours, *bayer, "yuv422", "yuv422_yuy2", "uyvy", "yuyv"} <= set(SUPPORTED_ENCODINGS)


@pytest.mark.parametrize("padding", [0, 1, 12])
def test_bgr8_is_not_copied(picture, padding):
    msg = message(picture, "bgr8", padding=padding)
    assert np.shares_memory(image_to_bgr(msg), np.frombuffer(msg.data, np.uint8))


@pytest.mark.parametrize("encoding", ["bgr8", "mono16", "bayer_rggb8"])
def test_the_last_row_may_lack_its_padding(picture, encoding):
    msg = message(encoded(picture, encoding), encoding, padding=12)
    msg.data = msg.data[:-12]
    assert_same(image_to_bgr(msg), picture, encoding)


def test_more_data_than_rows_is_fine(picture):
    msg = message(picture, "bgr8")
    msg.data = msg.data + array("B", bytes(5))
    assert_same(image_to_bgr(msg), picture, "bgr8")


@pytest.mark.parametrize("encoding", ["yuv420", "32FC1", "", "BGR8", "jpeg"])
def test_an_unknown_encoding_is_refused_by_name(picture, encoding):
    msg = message(picture, "bgr8")
    msg.encoding = encoding
    with pytest.raises(ImageRefused, match=f"encoding '{encoding}'; supported are: bgr8, .*rgb8"):
        image_to_bgr(msg)


@pytest.mark.parametrize("height,width", [(0, 0), (0, WIDTH), (HEIGHT, 0)])
def test_no_pixels(picture, height, width):
    msg = message(picture, "bgr8")
    msg.height, msg.width = height, width
    with pytest.raises(ImageRefused, match=f"empty: {width}x{height}"):
        check_image(msg)


def test_rows_shorter_than_their_pixels(picture):
    msg = message(picture, "bgr8")
    msg.step = 3 * WIDTH - 1
    with pytest.raises(ImageRefused, match="step is 95 bytes, but 32 pixels of bgr8 take 96"):
        check_image(msg)


@pytest.mark.parametrize("encoding", ["bgr8", "mono16"])
def test_less_data_than_rows(picture, encoding):
    msg = message(encoded(picture, encoding), encoding)
    msg.data = msg.data[:-1]
    with pytest.raises(ImageRefused, match="short"):
        check_image(msg)


def test_no_data(picture):
    msg = message(picture, "bgr8")
    msg.data = array("B")
    with pytest.raises(ImageRefused, match="short: 0 bytes"):
        check_image(msg)


@pytest.mark.parametrize("encoding", ["yuv422", "yuyv"])
def test_colour_shared_by_pairs_needs_an_even_width(encoding):
    msg = message(np.zeros((HEIGHT, 62), np.uint8), encoding, width=31)
    with pytest.raises(ImageRefused, match="31 pixels wide"):
        check_image(msg)


@pytest.mark.parametrize("encoding", SUPPORTED_ENCODINGS)
@pytest.mark.parametrize("height,width", [(1, 2), (3, 2), (2, 4)])
def test_tiny_pictures(encoding, height, width):
    msg = message(np.zeros((height, 8 * width), np.uint8), encoding, width=width)
    assert image_to_bgr(msg).shape == (height, width, 3)


@pytest.mark.parametrize("ending,most", [(".png", 0), (".jpg", 8)])
def test_compressed(picture, ending, most):
    data = cv2.imencode(ending, picture)[1].tobytes()
    found = decode(CompressedImage(format=ending[1:], data=data))
    assert np.abs(found.astype(int) - picture).max() <= most


def test_compressed_grey_becomes_bgr(picture):
    data = cv2.imencode(".png", picture[..., 0])[1].tobytes()
    assert compressed_to_bgr(CompressedImage(format="png", data=data)).shape == picture.shape


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff"])
def test_compressed_that_is_none(data):
    with pytest.raises(ImageRefused, match="format 'jpeg'"):
        compressed_to_bgr(CompressedImage(format="jpeg", data=data))


def test_this_machine_is_little_endian():
    """The messages above are built for one; on another, this file tests less than it says."""
    assert sys.byteorder == "little"
