import numpy as np
import pytest
import torch

from tadt_tracking.ops.correlation_filter import CorrelationFilter

FREQUENCIES, CHANNELS, LAMBDA = 12, 4, 0.3


def _sample(seed):
    """A spectrum as the filter takes it, and the same as complex numbers."""
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.randn(FREQUENCIES, 2, CHANNELS, generator=generator)
    return spectrum, torch.complex(spectrum[:, 0], spectrum[:, 1])


def _labels(seed):
    return torch.randn(
        FREQUENCIES, dtype=torch.complex64, generator=torch.Generator().manual_seed(seed)
    )


def _closed_form(samples, labels, shares, query):
    """The same from the papers' equations, in complex numbers, with the mean over channels."""
    numerator = sum(
        s * y.conj()[:, None] * x for s, y, x in zip(shares, labels, samples, strict=True)
    )
    energy = sum(s * x.abs().square().mean(1) for s, x in zip(shares, samples, strict=True))
    return (numerator.conj() * query).mean(1) / (energy + LAMBDA)


def test_response_is_that_of_the_equations():
    (first, x1), (second, x2), (query, z) = (_sample(seed) for seed in range(3))
    labels = _labels(3), _labels(4)
    filter_ = CorrelationFilter(first, labels[0], LAMBDA)
    torch.testing.assert_close(
        filter_.respond(query), _closed_form([x1], labels[:1], [1.0], z), rtol=1e-4, atol=1e-5
    )
    filter_.learn(second, labels[1], 0.2)
    torch.testing.assert_close(
        filter_.respond(query),
        _closed_form([x1, x2], labels, [0.8, 0.2], z),
        rtol=1e-4,
        atol=1e-5,
    )


def test_learned_sample_gives_its_labels():
    spectrum, _ = _sample(0)
    labels = _labels(1)
    response = CorrelationFilter(spectrum, labels, 1e-6).respond(spectrum)
    torch.testing.assert_close(response, labels, rtol=1e-4, atol=1e-4)


def test_regularization_weakens_the_response():
    spectrum, _ = _sample(0)
    weak, strong = (CorrelationFilter(spectrum, _labels(1), r).respond(spectrum) for r in (10, 0.1))
    assert (weak.abs() < strong.abs()).all()


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_extreme_rates_keep_or_replace_what_was_learned(rate):
    (first, _), (second, _), (query, _) = (_sample(seed) for seed in range(3))
    labels = _labels(3)
    filter_ = CorrelationFilter(first, labels, LAMBDA)
    filter_.learn(second, labels, rate)
    only = CorrelationFilter(second if rate else first, labels, LAMBDA)
    torch.testing.assert_close(filter_.respond(query), only.respond(query))


def test_silent_channels_give_finite_responses():
    nothing = torch.zeros(FREQUENCIES, 2, CHANNELS)
    response = CorrelationFilter(nothing, _labels(0), 1e-4).respond(nothing)
    assert np.isfinite(response.numpy()).all()
