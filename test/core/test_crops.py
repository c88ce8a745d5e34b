import numpy as np
import pytest

from tadt_tracking.crops import crop

RAMP = np.tile(np.arange(100, dtype=np.uint8), (80, 1))[..., None].repeat(3, 2)


def test_window_of_whole_pixels_is_a_copy():
    picture = np.random.default_rng(0).integers(0, 255, (80, 100, 3), dtype=np.uint8)
    # Centre 50.0 lies between pixels 49 and 50: ten pixels wide means 45 to 54.
    assert np.array_equal(crop(picture, (50, 40), (10, 20), (10, 20)), picture[30:50, 45:55])


def test_border_is_replicated():
    cut = crop(RAMP, (0, 0), (20, 20), (20, 20))
    assert (cut[:, :10] == 0).all()
    assert (crop(RAMP, (100, 40), (20, 20), (20, 20))[:, 10:] == 99).all()


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_scaling_keeps_positions(scale):
    shape = (round(40 * scale), round(20 * scale))
    cut = crop(RAMP, (50, 40), (40, 20), shape)
    centers = 30 + (np.arange(shape[0]) + 0.5) / scale - 0.5
    assert np.abs(cut[0, :, 0] - centers).max() <= 0.51  # rounding to whole grey values
