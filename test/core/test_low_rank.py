"""Small convolutions that stand in for large ones."""

import pytest
import torch
from torch import nn

from tadt_tracking.engines import low_rank as module
from tadt_tracking.engines.low_rank import low_rank
from tadt_tracking.engines.quantization import calibration_windows

WINDOWS = calibration_windows()[:6, :64, :64]
HOW = {
    "plain": {"padding": 1},
    "unpadded": {},
    "strided": {"stride": 2, "padding": 1},
    "dilated": {"dilation": 2, "padding": 2},
    "uneven": {"stride": (1, 2), "padding": (0, 1)},
}


class _Network(nn.Module):
    """Two convolutions; the answers of the second are spanned by a few columns and rows."""

    large = ("second", "unused")

    def __init__(self, rank, **how):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 16, 3, stride=2)
        self.second = nn.Conv2d(16, 32, 3, **how)
        self.unused = nn.Conv2d(32, 64, 3)
        vertical, horizontal = torch.randn(rank, 16, 3, 1), torch.randn(32, rank, 1, 3)
        self.second.weight.data = torch.einsum("rchx,drxw->dchw", vertical, horizontal) / 10

    def forward(self, images, taps):
        small = images / 255
        return {"second": torch.relu_(self.second(torch.relu_(self.first(small))))}


@torch.no_grad()
def _features(network):
    return network(torch.from_numpy(WINDOWS).permute(0, 3, 1, 2).float(), ("second",))["second"]


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_filters_that_are_products_are_found_again(how):
    network = _Network(4, **how)
    small = low_rank(network, ("second",), WINDOWS)
    assert [layer.out_channels for layer in small.second] == [16, 16, 32]
    assert torch.allclose(_features(small), _features(network), atol=2e-3)
    assert _features(network).std() > 0.1


def test_what_cannot_be_kept_is_the_least(monkeypatch):
    network = _Network(40, padding=1)
    errors = []
    for share in (1 / 8, 1 / 4, 1 / 2):
        monkeypatch.setattr(module, "SHARE", share)
        small = low_rank(network, ("second",), WINDOWS)
        errors.append((_features(small) - _features(network)).square().mean().item())
    variance = _features(network).var().item()
    assert variance / 2 > errors[0] > errors[1] > errors[2]


def test_the_network_itself_and_what_was_not_computed_stay_as_they_are():
    network = _Network(4)
    before = _features(network)
    threads = torch.get_num_threads()
    small = low_rank(network, ("second",), WINDOWS)
    assert torch.equal(_features(network), before)
    assert isinstance(network.second, nn.Conv2d)
    assert isinstance(small.unused, nn.Conv2d)
    assert torch.get_num_threads() == threads
    assert not small.second[0]._forward_hooks
    assert not network.second._forward_hooks


def test_a_network_without_large_convolutions_is_not_even_run(monkeypatch):
    network = _Network(4)
    network.large = ()
    monkeypatch.setattr(network, "forward", lambda *given: pytest.fail("it was run"))
    assert low_rank(network, ("second",), WINDOWS) is network
