"""A linear correlation filter over many channels, learned frame by frame in the Fourier domain."""

from __future__ import annotations

import torch
from torch import Tensor


class CorrelationFilter:
    """Ridge regression of circular shifts to labels, in its running approximation.

    With spectra X of samples and Y of their labels, numerator A = conj(Y) X and energy
    B = sum over channels of |X|^2 follow the samples at a constant rate, and the response to a
    sample Z is sum over channels of conj(A) Z / (B + lambda) (HCF, ICCV 2015, equations 3, 4 and 6;
    the filters of DSST, BMVC 2014, are the same). Both are divided by the number of channels.
    """

    def __init__(self, spectrum: Tensor, labels: Tensor, regularization: float) -> None:
        """Learn from the first sample.

        Args:
            spectrum: X, F x 2 x C (real and imaginary parts), float32, of a unitary transform.
            labels: Y, F, complex.
            regularization: lambda, in units of the mean energy of a channel.
        """
        self._lambda = regularization
        self._numerator = torch.bmm(_turn(labels), spectrum) / spectrum.shape[-1]
        self._energy = _energy(spectrum)

    def learn(self, spectrum: Tensor, labels: Tensor, rate: float) -> None:
        """Learn from another sample, which weighs `rate`; all earlier ones weigh the rest."""
        share = rate / spectrum.shape[-1]
        self._numerator.baddbmm_(_turn(labels), spectrum, beta=1 - rate, alpha=share)
        self._energy.lerp_(_energy(spectrum), rate)

    def respond(self, spectrum: Tensor) -> Tensor:
        """Return the spectrum (F, complex) of the response to a sample (F x 2 x C)."""
        products = torch.bmm(self._numerator, spectrum.mT)
        real = products[:, 0, 0] + products[:, 1, 1]
        imaginary = products[:, 0, 1] - products[:, 1, 0]
        return torch.complex(real, imaginary) / (self._energy + self._lambda)


def _turn(labels: Tensor) -> Tensor:
    """Return the F x 2 x 2 matrices that multiply with the conjugate labels."""
    real, imaginary = labels.real, labels.imag
    return torch.stack([real, imaginary, -imaginary, real], -1).view(-1, 2, 2)


def _energy(spectrum: Tensor) -> Tensor:
    return spectrum.square().sum((1, 2)) / spectrum.shape[-1]
