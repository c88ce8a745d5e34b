import numpy as np
import pytest
import torch
from torch.nn import functional

from tadt_tracking.ops.scale_filter import ScaleFilter, ScalePyramid

STEP = 1.02
PYRAMID = ScalePyramid(tuple(STEP**step for step in range(-8, 9)), cells=10)
CELLS = 56


def _features(growth=1.0, center=(28.0, 28.0), size=(24, 18), dtype=torch.float32):
    """Feature maps of a textured target of `size` (w, h), grown, and what lies around it."""
    generator = torch.Generator().manual_seed(0)
    texture, around = (torch.rand(8, n, n, generator=generator) for n in (7, 14))
    around = functional.interpolate(around[None], CELLS, mode="bicubic")[0]
    grid = (torch.arange(CELLS) + 0.5).to(dtype)
    x, y = ((grid - c) / (s * growth) * 2 for c, s in zip(center, size, strict=True))
    places = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1)
    target = functional.grid_sample(texture[None] + 1, places[None], align_corners=False)[0]
    inside = (places.abs().amax(-1) <= 1)[None]
    return torch.where(inside, target, around)


def _learned():
    return ScaleFilter(PYRAMID.sample(_features(), (28.0, 28.0), (24.0, 18.0)), 1.0, 1e-2)


@pytest.mark.parametrize("steps", [-6, -2, 2, 6])
@pytest.mark.parametrize("center", [(28.0, 28.0), (34.0, 22.0)])
def test_growth_is_followed(steps, center):
    """One look tells the direction; looks at the size found last come to the true one."""
    filter_, features, growth = _learned(), _features(STEP**steps, center), 1.0
    for _ in range(20):
        sample = PYRAMID.sample(features, center, (24 * growth, 18 * growth))
        growth *= STEP ** filter_.find(sample)
    assert np.log(growth) / np.log(STEP) == pytest.approx(steps, abs=1)


def test_nothing_new_leaves_the_scale_alone():
    sample = PYRAMID.sample(_features(), (28.0, 28.0), (24.0, 18.0))
    assert _learned().find(sample) == 0


def test_brightness_of_the_features_does_not_matter():
    features = _features(STEP**2)
    first, second = (PYRAMID.sample(features * f, (28.0, 28.0), (24.0, 18.0)) for f in (1, 50))
    torch.testing.assert_close(first, second)


def test_new_look_is_learned_at_its_scale():
    """A filter that learns only the new look, of a target grown by 3 steps, takes that for 3."""
    filter_ = _learned()
    other = _features(STEP**3).flip(0, 1, 2)
    sample = PYRAMID.sample(other, (28.0, 28.0), (24.0, 18.0))
    filter_.learn(sample, 3.0, rate=1.0)
    assert filter_.find(sample) == pytest.approx(3, abs=0.3)


def test_samples_are_means_of_bilinear_values():
    """Of a ramp, the mean over a sample is its value at the sample's middle."""
    ramp = torch.arange(CELLS, dtype=torch.float32) + 0.5
    features = torch.stack([ramp.expand(CELLS, -1), ramp[:, None].expand(-1, CELLS)])
    pyramid = ScalePyramid((0.5, 1.0, 2.0), cells=4)
    found = pyramid.sample(features, (30.0, 25.0), (16.0, 12.0)).view(3, 4, 4, 2)

    offsets = np.array([-3, -1, 1, 3]) / 8
    x, y = (
        center + np.outer(pyramid.scales, offsets) * size for center, size in ((30, 16), (25, 12))
    )
    expected = np.stack(np.broadcast_arrays(x[:, None, :], y[:, :, None]), -1)
    expected -= expected.mean(0)
    expected /= np.sqrt(np.mean(expected**2))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("center", [(-20.0, 28.0), (0.0, 0.0), (56.0, 70.0)])
@pytest.mark.parametrize("size", [(24.0, 18.0), (0.1, 0.1), (300.0, 5.0)])
def test_regions_that_leave_the_maps_work(center, size):
    sample = PYRAMID.sample(_features(), center, size)
    assert sample.shape == (17, 10 * 10 * 8)
    assert torch.isfinite(sample).all()


def test_silent_features_leave_the_scale_alone():
    silent = PYRAMID.sample(torch.zeros(8, CELLS, CELLS), (28.0, 28.0), (24.0, 18.0))
    assert torch.isfinite(silent).all()
    assert np.isfinite(ScaleFilter(silent, 1.0, 1e-2).find(silent))
