"""Augmentations: what they change, and what they leave in its place."""

import numpy as np
import pytest

from tadt_tracking.training.data.augment import colour, grey, motion_blur, motion_kernel

ANGLES = np.linspace(0, np.pi, 37)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def picture(rng):
    return rng.integers(60, 200, (48, 64, 3), dtype=np.uint8)


def test_grey_has_equal_channels_of_the_same_brightness(picture):
    result = grey(picture)
    assert (result[..., 0] == result[..., 1]).all() and (result[..., 1] == result[..., 2]).all()
    weights = [0.114, 0.587, 0.299]
    assert result[..., 0] == pytest.approx(picture @ weights, abs=1)


def test_colour_of_no_strength_changes_nothing(picture, rng):
    assert (colour(picture, 0.0, rng) == picture).all()


def test_colour_shifts_means_within_its_strength(picture, rng):
    means = np.array([colour(picture, 0.2, rng).mean((0, 1)) for _ in range(200)])
    assert means.std(0).min() > 5  # it does change them
    # Gains, brightness and contrast at their largest, on a picture of mean 130.
    assert np.abs(means - picture.mean((0, 1))).max() < 130 * 0.1 + 25.5 + 130 * 0.25


def test_colour_keeps_a_grey_picture_free_of_hues_but_for_the_gains(rng):
    flat = np.full((4, 4, 3), 128, np.uint8)
    for _ in range(50):
        result = colour(flat, 0.2, rng).astype(int)
        assert np.ptp(result[0, 0]) <= 128 * 1.2 * 0.2 + 1


@pytest.mark.parametrize("length", [2.0, 5.3, 13.0, 31.0])
def test_motion_kernel_is_a_centred_line_of_its_length(length):
    for angle in ANGLES:
        kernel = motion_kernel(length, angle)
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
        assert (kernel == kernel[::-1, ::-1]).all()
        rows, columns = np.nonzero(kernel)
        assert np.hypot(np.ptp(rows), np.ptp(columns)) == pytest.approx(length, abs=1.5)


def test_motion_kernel_lies_along_its_angle():
    assert motion_kernel(9, 0).shape[0] == 1
    assert motion_kernel(9, np.pi / 2).shape[1] == 1
    assert (motion_kernel(9, np.pi / 4).diagonal() > 0).all()


def test_motion_blur_leaves_a_spot_where_it_is(rng):
    picture = np.zeros((41, 51, 3), np.uint8)
    picture[18:23, 23:28] = 250
    rows, columns = np.mgrid[:41, :51]
    for _ in range(50):
        blurred = motion_blur(picture, 13.0, rng)[..., 0].astype(float)
        assert (blurred != picture[..., 0]).any()
        assert (rows * blurred).sum() / blurred.sum() == pytest.approx(20, abs=0.1)
        assert (columns * blurred).sum() / blurred.sum() == pytest.approx(25, abs=0.1)
