"""Networks on OpenVINO: the CPU, fast even beside other busy processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tadt_tracking.engines import quantization
from tadt_tracking.engines.base import Engine
from tadt_tracking.engines.compute import Compute
from tadt_tracking.engines.contention import Plan
from tadt_tracking.engines.openvino_runtime import core, openvino
from tadt_tracking.engines.time_slice import ask_for_short_slices
from tadt_tracking.networks.base import TappedNetwork

_ELEMENT_TYPES = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}


class OpenVinoEngine(Engine):
    """Runs a network in OpenVINO, for pictures of any size and number."""

    def __init__(self, model: Any, taps: tuple[str, ...], compute: Compute) -> None:
        """Compile a model (`openvino.Model`) whose outputs are named as the layers."""
        self._model, self._taps, self._compute = model, taps, compute
        ask_for_short_slices()  # before OpenVINO's threads start, which inherit it
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _ELEMENT_TYPES[compute.precision],
            # Work is dealt out in pieces, so that a core taken by another process holds up less.
            "TBB_PARTITIONER": "AUTO",
            # Beside others the system knows best where a thread runs.
            "ENABLE_CPU_PINNING": False,
        }
        if compute.threads:
            options["INFERENCE_NUM_THREADS"] = compute.threads
        self._request = core().compile_model(model, "CPU", options).create_infer_request()
        self._plan = Plan()

    @classmethod
    def of(cls, network: TappedNetwork, taps: tuple[str, ...], compute: Compute) -> OpenVinoEngine:
        """Convert a network (weights loaded); for int8 quantise it, or take that from the cache."""
        if compute.precision == "int8":
            model = quantization.quantized(network, taps, exported)
        else:
            model = exported(network, taps)
        return cls(model, taps, compute)

    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """See :class:`Engine`."""
        ask_for_short_slices()  # perhaps another thread
        with self._plan.of_pass():
            # Shared, for else it copies all results into arrays that it returns.
            self._request.infer([batch.numpy()], share_inputs=True, share_outputs=True)
        return {tap: torch.from_numpy(self._request.get_tensor(tap).data) for tap in self._taps}

    def with_taps(self, taps: tuple[str, ...]) -> OpenVinoEngine:
        """See :class:`Engine`."""
        whole = self._model.clone()
        results = [whole.output(tap).get_node() for tap in taps]
        part = openvino().Model(results, whole.get_parameters())
        return OpenVinoEngine(part, taps, self._compute)

    def with_channels(self, channels: Mapping[str, Tensor]) -> OpenVinoEngine:
        """See :class:`Engine`."""
        narrow = self._model.clone()
        for layer, chosen in channels.items():
            _narrow(narrow.output(layer).get_node(), layer, chosen.numpy())
        narrow.validate_nodes_and_infer_types()
        return OpenVinoEngine(narrow, self._taps, self._compute)


def exported(network: TappedNetwork, taps: tuple[str, ...]) -> Any:
    """Return a network as an `openvino.Model`: pictures as in :class:`Engine`, outputs by name."""
    pictures = torch.zeros(1, 128, 128, 3, dtype=torch.uint8)
    model = openvino().convert_model(_Taps(network, taps), example_input=pictures)
    model.reshape({0: [-1, -1, -1, 3]})
    for output, tap in zip(model.outputs, taps, strict=True):
        output.get_tensor().set_names({tap})
    return model


class _Taps(nn.Module):
    """A network with pictures as they come from OpenCV for input, and tensors for output."""

    def __init__(self, network: TappedNetwork, taps: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.taps = network.eval(), taps

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        found = self.network(pictures.permute(0, 3, 1, 2).float(), self.taps)
        return tuple(found[tap] for tap in self.taps)


def _narrow(result: Any, layer: str, channels: np.ndarray) -> None:
    """Let the output `result`, named `layer`, have some channels only."""
    opset = openvino().opset15
    source = result.input_value(0)
    if len(source.get_target_inputs()) > 1:  # a later layer needs all of them
        source.get_tensor().set_names(set())
        gathered = opset.gather(source, channels, 1).output(0)
        gathered.get_tensor().set_names({layer})
        result.input(0).replace_source_output(gathered)
        return
    count = source.get_partial_shape()[1].get_length()
    for constant in _constants_of(result):
        axis = list(constant.shape).index(count)
        values = np.take(constant.data, channels, axis)
        replacement = opset.constant(values, constant.get_element_type())
        constant.output(0).replace(replacement.output(0))


def _constants_of(result: Any) -> list[Any]:
    """Return the constants of the convolution that feeds an output: weights, scales and bias."""
    constants, open_nodes = [], [result]
    while open_nodes:
        node = open_nodes.pop()
        kind = node.get_type_name()
        if kind == "Constant":
            constants.append(node)
            continue
        inputs = [value.get_node() for value in node.input_values()]
        if kind == "Convolution":
            inputs = inputs[1:]  # its weights; beyond the other input lies the next layer
        open_nodes += inputs
    return constants
