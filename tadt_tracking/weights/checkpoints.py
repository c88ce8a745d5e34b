"""Readers of checkpoints of siamese trackers, as their authors publish them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping

import torch
from torch import nn

from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.networks.siamrpn_resnet import SiamRpnResNet
from tadt_tracking.weights.store import WeightsError


def siamrpn_r50_from_siammask(data: bytes) -> dict[str, torch.Tensor]:
    """Read the proposal network out of PySOT's SiamMask checkpoint; the mask branch is left out.

    Args:
        data: the torch file with the state dict.

    Returns:
        State dict of :class:`tadt_tracking.networks.siamrpn_resnet.SiamRpnResNet`, float32.

    Raises:
        WeightsError: weights are missing or have another shape, or it is no file of tensors.
    """
    state = {
        name: tensor
        for name, tensor in _without_counters(_checkpoint(data)).items()
        if not name.startswith(("mask_head.", "refine_head."))
    }
    with torch.device("meta"):
        network = SiamRpnResNet()
    if faults := _faults(state, network):
        raise WeightsError(f"weights are not those of SiamMask: {'; '.join(faults)}")
    return state


def siamrpn_from_checkpoint(data: bytes) -> dict[str, torch.Tensor]:
    """Read a published checkpoint of DaSiamRPN: SiamRPNVOT.model, -OTB or -BIG.

    Args:
        data: the torch file: a state dict, alone or under "state_dict", with or without the prefix
            "module." of networks trained on several GPUs.

    Returns:
        State dict of :class:`tadt_tracking.networks.siamrpn.SiamRpn`, whichever plan fits, float32.

    Raises:
        WeightsError: it fits no plan; the message says what is missing, unexpected or of another
            shape. Or it is no file of tensors.
    """
    state = _without_counters(
        {name.removeprefix("module."): tensor for name, tensor in _checkpoint(data).items()}
    )
    with torch.device("meta"):
        networks = {name: SiamRpn(plan) for name, plan in PLANS.items()}
    faults = {name: _faults(state, network) for name, network in networks.items()}
    closest = min(faults, key=lambda name: len(faults[name]))
    if faults[closest]:
        raise WeightsError(
            f"weights fit no SiamRPN; the closest is {closest!r}: {'; '.join(faults[closest])}"
        )
    return {name: tensor.float().contiguous() for name, tensor in state.items()}


def _checkpoint(data: bytes) -> Mapping[str, torch.Tensor]:
    """Read the tensors of a torch file, by name."""
    try:
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        raise WeightsError(f"cannot read the checkpoint: {error}") from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(map(torch.is_tensor, loaded.values())):
        raise WeightsError(f"the checkpoint must hold tensors by name, got {type(loaded)}")
    return loaded


def _faults(state: Mapping[str, torch.Tensor], network: nn.Module) -> list[str]:
    """Return in words what of a state dict a network would not load."""
    expected = _without_counters(network.state_dict())
    missing = [f"missing {name}" for name in expected if name not in state]
    unexpected = [f"unexpected {name}" for name in state if name not in expected]
    others = [
        f"{name} is {tuple(state[name].shape)}, must be {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state and state[name].shape != tensor.shape
    ]
    return missing + unexpected + others


def _without_counters(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Leave out the batches that batch norms have counted, which only old files are without."""
    return {name: t for name, t in state.items() if not name.endswith(".num_batches_tracked")}
