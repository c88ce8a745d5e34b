"""Readers of published files of weights; each returns a state dict of this project's networks."""

from __future__ import annotations

import torch

from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3

OXFORD_MEAN_BGR = (103.939, 116.779, 123.68)


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
        keras = f"functional_1/{layer.replace('conv', 'block').replace('_', '_conv')}_1"
        parts = {"weight": "convolution/ReadVariableOp:0", "bias": "Squeeze:0"}
        for part, name in parts.items():
            array = numpy_helper.to_array(tensors[f"{keras}/{name}"])
            state[f"{layer}.{part}"] = torch.from_numpy(array.copy()).float().contiguous()
    return state


def _mean_and_std(mean: tuple[float, ...], std: tuple[float, ...]) -> dict[str, torch.Tensor]:
    shape = (1, 3, 1, 1)
    return {"mean": torch.tensor(mean).view(shape), "std": torch.tensor(std).view(shape)}
