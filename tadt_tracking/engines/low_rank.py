"""Convolutions as three small ones in a row: a third of the work for much the same features.

Zhang, Zou, He, Sun, "Accelerating Very Deep Convolutional Networks for Classification and
Detection", TPAMI 2016. What a convolution answers to real pictures fills only a part of its space,
so fewer filters and a 1x1 convolution will do (section 3.1); those filters are made of vertical and
horizontal ones (3.5). All are fitted to what the whole network answers, given what they get from
the layers before, which are small already (3.3).
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tadt_tracking.cores import core_count
from tadt_tracking.networks.base import TappedNetwork

SHARE = 1 / 2  # of a convolution's filters that the vertical and the horizontal one have
CELLS = 300  # of an answer to a window that a fit looks at, at random places
RIDGE = 1e-6  # of the least squares, relative to the mean variance of what is given
# How a convolution goes along an axis in which its filters have but one cell.
_ALONE = {"stride": 1, "padding": 0, "dilation": 1}

_Cells = tuple[Tensor, Tensor, Tensor]  # indices of pictures, rows and columns
_Hook = Callable[[str, nn.Conv2d, Tensor, Tensor], Tensor | None]


@torch.no_grad()
def low_rank(network: TappedNetwork, taps: tuple[str, ...], windows: np.ndarray) -> TappedNetwork:
    """Return a copy of a network in which three convolutions stand in for each of its large ones.

    A network that has none is returned as it is.

    Args:
        network: an `nn.Module` with its weights, float32; its `large` names the convolutions.
        taps: the layers that are wanted of it.
        windows: pictures to which it shall answer much the same, N x H x W x 3, uint8, BGR.
    """
    if not network.large:
        return network
    small = copy.deepcopy(network).eval()
    pictures = torch.from_numpy(windows).permute(0, 3, 1, 2).float()
    answers: dict[str, Tensor] = {}
    products: dict[str, nn.Sequential] = {}
    with _all_threads():
        with _hooked(small, functools.partial(_remember, answers)):
            small(pictures, taps)
        with _hooked(small, functools.partial(_stand_in, answers, products)):
            small(pictures, taps)
    for name, product in products.items():
        small.set_submodule(name, product)
    return small


@contextmanager
def _all_threads() -> Iterator[None]:
    """Let torch use all cores meanwhile, of which it otherwise has one beside OpenVINO."""
    before = torch.get_num_threads()
    torch.set_num_threads(core_count())
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _hooked(network: TappedNetwork, hook: _Hook) -> Iterator[None]:
    """Call `hook` with name, layer, input and answer of each large convolution that computes.

    What it returns, unless it is None, takes the answer's place.
    """

    def attached(name: str) -> Any:
        return network.get_submodule(name).register_forward_hook(
            lambda layer, given, answer: hook(name, layer, given[0], answer)
        )

    handles = [attached(name) for name in network.large]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _remember(
    answers: dict[str, Tensor], name: str, layer: nn.Conv2d, given: Tensor, answer: Tensor
) -> None:
    answers[name] = _sampled(answer, _cells(answer))


def _stand_in(
    answers: dict[str, Tensor],
    products: dict[str, nn.Sequential],
    name: str,
    layer: nn.Conv2d,
    given: Tensor,
    answer: Tensor,
) -> Tensor:
    products[name] = _product(layer, _columns(layer, given, _cells(answer)), answers[name])
    return products[name](given)


def _cells(features: Tensor) -> _Cells:
    """Choose CELLS cells of each of N pictures' features N x C x h x w, always the same ones."""
    count, _, height, width = features.shape
    generator = torch.Generator().manual_seed(0)
    row, column = (torch.randint(n, (count * CELLS,), generator=generator) for n in (height, width))
    return torch.arange(count).repeat_interleave(CELLS), row, column


def _sampled(features: Tensor, cells: _Cells) -> Tensor:
    """Return the channels of cells, S x C."""
    index, row, column = cells
    return features[index, :, row, column]


def _columns(layer: nn.Conv2d, given: Tensor, cells: _Cells) -> Tensor:
    """Return what a convolution with filters of k rows and k' columns sees for some of its cells.

    Returns:
        S x k' x (C k): column by column, and in it channel by channel.
    """
    down, across = layer.padding
    padded = functional.pad(given, (across, across, down, down))
    index, top, left = cells[0], cells[1] * layer.stride[0], cells[2] * layer.stride[1]
    rows, columns = (
        [i * far for i in range(count)]
        for count, far in zip(layer.kernel_size, layer.dilation, strict=True)
    )
    seen = [[_sampled(padded, (index, top + i, left + j)) for i in rows] for j in columns]
    return torch.stack([torch.stack(column, 2).flatten(1) for column in seen], 1)


def _product(layer: nn.Conv2d, seen: Tensor, wanted: Tensor) -> nn.Sequential:
    """Return a vertical, a horizontal and a 1x1 convolution that do what `layer` does.

    Args:
        layer: a convolution with filters of k rows and k' columns.
        seen: what it sees in samples, see `_columns`; what takes its place will see the same.
        wanted: S x D, what the answers shall be there.
    """
    outputs, inputs, rows, columns = layer.weight.shape
    rank = round(SHARE * outputs)
    filters = layer.weight.permute(1, 2, 0, 3).reshape(inputs * rows, outputs * columns)
    patches = seen.flatten(0, 1)
    moments = filters.T @ (patches.T @ patches) @ filters
    vertical = filters @ _leading(moments, rank)  # (C k) x r
    answers = (seen @ vertical).flatten(1)  # S x (k' r)
    fit, mean, wanted_mean = _least_squares(answers, wanted)
    predicted = (answers - mean) @ fit
    last = _leading(predicted.T @ predicted, rank)  # D x r
    horizontal = fit @ last  # (k' r) x r
    down = {how: (getattr(layer, how)[0], alone) for how, alone in _ALONE.items()}
    across = {how: (alone, getattr(layer, how)[1]) for how, alone in _ALONE.items()}
    return nn.Sequential(
        _convolution(vertical.T.reshape(rank, inputs, rows, 1), torch.zeros(rank), **down),
        _convolution(
            horizontal.T.reshape(rank, columns, rank).transpose(1, 2)[:, :, None],
            -mean @ horizontal,
            **across,
        ),
        _convolution(last[:, :, None, None], wanted_mean),
    )


def _leading(moments: Tensor, rank: int) -> Tensor:
    """Return an orthonormal basis, n x rank, of the leading directions of second moments n x n.

    It is turned at random within its space, so that all its directions vary much alike: int8 has
    one step for all of them.
    """
    directions = torch.linalg.eigh(moments).eigenvectors[:, -rank:]
    generator = torch.Generator().manual_seed(0)
    return directions @ torch.linalg.qr(torch.randn(rank, rank, generator=generator)).Q


def _least_squares(given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Fit `wanted` (S x D) by `given` (S x n), both less their means: the fit n x D, the means."""
    mean, wanted_mean = given.mean(0), wanted.mean(0)
    deviations = given - mean
    moments = deviations.T @ deviations
    moments.diagonal().add_(RIDGE * moments.diagonal().mean())
    fit = torch.linalg.solve(moments, deviations.T @ (wanted - wanted_mean))
    return fit, mean, wanted_mean


def _convolution(weight: Tensor, bias: Tensor, **options: Any) -> nn.Conv2d:
    outputs, inputs, *kernel = weight.shape
    layer = nn.utils.skip_init(nn.Conv2d, inputs, outputs, tuple(kernel), **options)
    layer.weight.data, layer.bias.data = weight.contiguous(), bias
    return layer
