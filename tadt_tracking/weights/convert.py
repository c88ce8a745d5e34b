"""Readers of published files of weights; each returns a state dict of this project's networks."""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np
import torch
from torch import nn

from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, VGG19_TO_CONV5_4

OXFORD_MEAN_BGR = (103.939, 116.779, 123.68)
TORCHVISION_MEAN_RGB = (0.485, 0.456, 0.406)  # of pictures with values 0 to 1
TORCHVISION_STD_RGB = (0.229, 0.224, 0.225)

_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ADMITTED = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,  # pickled by numpy 1
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,  # by numpy 2
}


def vgg16_from_onnx(data: bytes) -> dict[str, torch.Tensor]:
    """Read Oxford's VGG-16 from an ONNX graph exported from Keras.

    Args:
        data: the serialised ONNX model; kernels are OIHW initialisers.

    Returns:
        State dict of :class:`tadt_tracking.networks.vgg.Vgg` up to conv4_3, float32.

    Raises:
        KeyError: a layer is missing.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(data).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    state = _mean_and_std(OXFORD_MEAN_BGR, (1.0, 1.0, 1.0))
    for layer in VGG16_TO_CONV4_3.layer_names:
        keras = f"functional_1/{_keras_name(layer)}_1"
        parts = {"weight": "convolution/ReadVariableOp:0", "bias": "Squeeze:0"}
        for part, name in parts.items():
            array = numpy_helper.to_array(tensors[f"{keras}/{name}"])
            state[f"{layer}.{part}"] = torch.from_numpy(array.copy()).float().contiguous()
    return state


def vgg19_from_palettes(data: bytes) -> dict[str, torch.Tensor]:
    """Read Oxford's VGG-19 from a torch file that holds 256 values a layer and indices of them.

    Args:
        data: the torch file: Keras's names with "_W_q" (OIHW kernels, uint8 indices), "_W_table"
            (256 values, float32) and "_b" (biases, float32).

    Returns:
        State dict of :class:`tadt_tracking.networks.vgg.Vgg` up to conv5_4, float32.

    Raises:
        KeyError: a layer is missing.
        pickle.UnpicklingError: the file holds more than tensors.
    """
    tensors = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    state = _mean_and_std(OXFORD_MEAN_BGR, (1.0, 1.0, 1.0))
    for layer in VGG19_TO_CONV5_4.layer_names:
        keras = _keras_name(layer)
        palette, indices = tensors[f"{keras}_W_table"], tensors[f"{keras}_W_q"]
        state[f"{layer}.weight"] = palette[indices.long()]
        state[f"{layer}.bias"] = tensors[f"{keras}_b"]
    return state


def vgg16_from_flax(data: bytes) -> dict[str, torch.Tensor]:
    """Read torchvision's VGG-16 from a pickle of Flax parameters.

    torchvision's network takes RGB pictures with values 0 to 1. The state dict's takes BGR with
    values 0 to 255, and so that it computes the same, its first kernels and its mean and deviation
    are torchvision's in BGR order, the latter two times 255.

    Args:
        data: the pickle: nested dicts, "Conv_0" onwards with numpy arrays "kernel" (HWIO, for RGB)
            and "bias" under "VGG16_0". Nothing but arrays is admitted.

    Returns:
        State dict of :class:`tadt_tracking.networks.vgg.Vgg` up to conv4_3, float32.

    Raises:
        KeyError: a layer is missing.
        pickle.UnpicklingError: the pickle names something else than numpy arrays.
    """
    layers = _ArrayUnpickler(io.BytesIO(data)).load()["VGG16_0"]
    state = _mean_and_std(_bgr_255(TORCHVISION_MEAN_RGB), _bgr_255(TORCHVISION_STD_RGB))
    for index, layer in enumerate(VGG16_TO_CONV4_3.layer_names):
        arrays = layers[f"Conv_{index}"]
        kernels = torch.from_numpy(arrays["kernel"]).permute(3, 2, 0, 1)
        state[f"{layer}.weight"] = kernels.contiguous()
        state[f"{layer}.bias"] = torch.from_numpy(arrays["bias"])
    state["conv1_1.weight"] = state["conv1_1.weight"].flip(1)
    return state


def alexnet_from_flax(data: bytes) -> dict[str, torch.Tensor]:
    """Read torchvision's AlexNet from a pickle of Flax parameters, as SiamRPN's first layers.

    The first convolution does torchvision's normalisation, too (exactly, there being no padding),
    and the batch norms, which torchvision's network has not, change nothing.

    Args:
        data: the pickle, as for :func:`vgg16_from_flax`: five layers under "AlexNet_0".

    Returns:
        State dict of :class:`tadt_tracking.networks.siamrpn.SiamRpn`, plans "alexnet" and "narrow",
        as far as its keys start with "featureExtract", float32.

    Raises:
        KeyError: a layer is missing.
        pickle.UnpicklingError: the pickle names something else than numpy arrays.
    """
    arrays = _ArrayUnpickler(io.BytesIO(data)).load()["AlexNet_0"]
    extractor = SiamRpn(PLANS["alexnet"]).featureExtract
    convolutions = [layer for layer in extractor if isinstance(layer, nn.Conv2d)]
    for index, layer in enumerate(convolutions):
        kernels = torch.from_numpy(arrays[f"Conv_{index}"]["kernel"]).permute(3, 2, 0, 1)
        layer.load_state_dict(
            {"weight": kernels, "bias": torch.from_numpy(arrays[f"Conv_{index}"]["bias"])}
        )
    _take_over_normalisation(convolutions[0])
    for layer in extractor:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.weight, math.sqrt(1 + layer.eps))
    return {
        f"featureExtract.{name}": tensor
        for name, tensor in extractor.state_dict().items()
        if not name.endswith(".num_batches_tracked")
    }


def _take_over_normalisation(first: nn.Conv2d) -> None:
    """Let a convolution of normalised RGB pictures take BGR pictures, 0 to 255, as they are."""
    # In float64, so that what comes out does not depend on the machine.
    mean = torch.tensor(TORCHVISION_MEAN_RGB, dtype=torch.float64).view(1, 3, 1, 1)
    std = torch.tensor(TORCHVISION_STD_RGB, dtype=torch.float64).view(1, 3, 1, 1)
    with torch.no_grad():
        kernels = first.weight.double() / std
        first.bias.copy_(first.bias.double() - (kernels * mean).sum((1, 2, 3)))
        first.weight.copy_((kernels / 255).flip(1))


class _ArrayUnpickler(pickle.Unpickler):
    """Reads containers, numbers, text and numpy arrays; a pickle that names more is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(
                f"the pickle asks for {module}.{name}: only numpy arrays are admitted"
            )
        return _ADMITTED[module, name]


def _keras_name(layer: str) -> str:
    """Return Keras's name of a layer: block1_conv2 for conv1_2."""
    return layer.replace("conv", "block").replace("_", "_conv")


def _bgr_255(rgb: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(255 * value for value in reversed(rgb))


def _mean_and_std(mean: tuple[float, ...], std: tuple[float, ...]) -> dict[str, torch.Tensor]:
    shape = (1, 3, 1, 1)
    return {"mean": torch.tensor(mean).view(shape), "std": torch.tensor(std).view(shape)}
