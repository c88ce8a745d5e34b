import numpy as np
import pytest
import torch
from torch.nn import functional

from tadt_tracking.ops.fourier_band import FourierBand

CPU = torch.device("cpu")
CELLS, LIMIT = 20, 6


@pytest.fixture
def band():
    return FourierBand(CELLS, LIMIT)


def _half_plane(full):
    """Pick the band's frequencies from what `numpy.fft.fft2` returns: F values."""
    rows, columns = np.arange(LIMIT + 1), np.arange(-LIMIT, LIMIT + 1)
    return full[..., rows[:, None], columns].reshape(*full.shape[:-2], -1)


def _phases():
    """Move the origin from the first cell to the grid's middle."""
    columns = np.arange(-LIMIT, LIMIT + 1)
    total = np.arange(LIMIT + 1)[:, None] + columns
    return np.exp(2j * np.pi * total * (CELLS - 1) / 2 / CELLS).ravel()


@pytest.mark.parametrize("size", [5, 10, 20])
@pytest.mark.parametrize("place", [(0, 0), (3, -5)])
def test_spectrum_is_that_of_the_resized_moved_and_windowed_maps(band, size, place):
    features = torch.randn(3, size, size, generator=torch.Generator().manual_seed(0))
    resized = functional.interpolate(features[None], (CELLS, CELLS), mode="bilinear")[0].numpy()
    rows, columns = (np.clip(np.arange(CELLS) + p, 0, CELLS - 1) for p in place)
    moved = resized[:, rows[:, None], columns]
    hann = np.hanning(CELLS + 2)[1:-1]
    full = np.fft.fft2(moved * np.outer(hann, hann), norm="ortho")
    expected = _half_plane(full) * _phases()

    found = band.transform(features, band.analysis(size, CPU, place)).numpy()
    np.testing.assert_allclose(found[:, 0].T, expected.real, atol=1e-5)
    np.testing.assert_allclose(found[:, 1].T, expected.imag, atol=1e-5)


def test_layout_of_the_maps_in_memory_does_not_matter(band):
    features = torch.randn(3, 10, 10, generator=torch.Generator().manual_seed(0))
    channels_last = features[None].contiguous(memory_format=torch.channels_last)[0]
    analysis = band.analysis(10, CPU)
    first, second = (band.transform(f, analysis) for f in (features, channels_last))
    torch.testing.assert_close(first, second)


def test_gaussian_comes_back_with_its_height_and_widths():
    sigma = (2.0, 3.0)
    band = FourierBand.of_labels(56, min(sigma))
    found = band.inverse(band.gaussian(sigma, CPU), band.synthesis(0.5, CPU)).numpy()
    down, across = (np.exp(-0.5 * (band.offsets(0.5) / s) ** 2) for s in sigma)
    np.testing.assert_allclose(found, np.outer(down, across), atol=2e-3)


def test_features_that_move_move_the_phase():
    """A bump off the middle, seen by the filter's own labels, responds at its place."""
    band = FourierBand.of_labels(56, 2.0)
    grid = np.arange(56) - 27.5
    bump = np.exp(-0.5 * ((grid[:, None] - 4) ** 2 + (grid + 7.5) ** 2) / 2**2)
    maps = torch.from_numpy(bump[None]).float()
    real, imaginary = band.transform(maps, band.analysis(56, CPU))[..., 0].T
    response = band.inverse(torch.complex(real, imaginary), band.synthesis(0.25, CPU)).numpy()
    row, column = np.unravel_index(response.argmax(), response.shape)
    assert band.offsets(0.25)[[row, column]] == pytest.approx([4, -7.5], abs=0.5)


def test_band_of_labels_holds_all_but_a_thousandth():
    band = FourierBand.of_labels(56, 2.0)
    amplitude = np.exp(-2 * (np.pi * 2.0 * np.arange(28) / 56) ** 2)
    assert amplitude[band.limit] >= 1e-3
    assert amplitude[band.limit + 1] < 1e-3


def test_band_is_never_wider_than_the_grid():
    assert FourierBand.of_labels(56, 0.1).limit == 27


def test_middle_is_among_the_places(band):
    offsets = band.offsets(0.25)
    assert offsets[len(offsets) // 2] == 0
    assert offsets[-1] == -offsets[0] == CELLS / 2
