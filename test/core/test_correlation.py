import torch
from torch.nn import functional

from tadt_tracking.ops.correlation import (
    correlate,
    cosine_window,
    gaussian_labels,
    kernel_spectrum,
    padded_size,
)


def test_correlation_equals_a_zero_padded_convolution_layer():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(5, 21, 21, generator=generator)
    kernels = torch.randn(3, 5, 7, 11, generator=generator)
    size = padded_size(21, (7, 11))
    spectra = kernel_spectrum(kernels, size)
    expected = functional.conv2d(features[None], kernels, padding=(3, 5))[0]
    found = correlate(features, spectra, size)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_padding_leaves_no_wrap_around():
    rows, columns = padded_size(45, (15, 9))
    assert rows >= 45 + 7
    assert columns >= 45 + 4


def test_labels_peak_at_the_middle_with_the_given_widths():
    labels = gaussian_labels(21, (2.0, 4.0))
    assert labels[10, 10] == 1
    assert labels[12, 10] == labels[10, 14]
    assert labels.argmax() == 10 * 21 + 10


def test_window_is_symmetric_and_positive():
    window = cosine_window(9)
    assert window[4, 4] == 1
    assert (window > 0).all()
    torch.testing.assert_close(window, window.flip(0, 1))
