"""Readers of published files of weights; each returns a state dict of this project's networks."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import torch

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
