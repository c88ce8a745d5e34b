"""Conjugate gradients (Hestenes and Stiefel 1952) for symmetric positive definite systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor


def conjugate_steps(
    product: Callable[[Tensor], Tensor], residual: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give the steps that lead to the solution x of A x = b, until it is reached exactly.

    Args:
        product: returns A d for a direction d; called once before each step is given.
        residual: b - A x for the x from which the steps lead on.

    Yields:
        A length and a direction of the residual's shape: add length * direction to x.
    """
    direction, norm = residual, residual.square().sum()
    while norm > 0:
        along = product(direction)
        length = norm / (direction * along).sum()
        yield length, direction
        residual = residual - length * along
        norm, previous = residual.square().sum(), norm
        direction = residual + norm / previous * direction
