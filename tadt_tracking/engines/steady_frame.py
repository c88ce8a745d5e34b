"""Replaying a frame's work on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

WARM_UP = 3  # calls before recording, in which libraries make their plans and take their memory


class SteadyFrame:
    """A function of one tensor of constant shape, which does the same work at every call.

    On CUDA that work is recorded as a graph and from then on launched at once. Elsewhere the
    function is simply called.
    """

    def __init__(self, function: Callable[[Tensor], Any], device: torch.device) -> None:
        """Wrap `function`, whose only changing input is its argument, on `device`."""
        self._function, self._device = function, device
        self._calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, batch: Tensor) -> Any:
        """Return the function's result; on CUDA its tensors are good until the next call."""
        if self._device.type != "cuda" or self._calls < WARM_UP:
            self._calls += 1
            return self._function(batch)
        if self._graph is None:
            self._record(batch)
        self._input.copy_(batch, non_blocking=True)
        self._graph.replay()
        return self._output

    def _record(self, batch: Tensor) -> None:
        self._input, graph = batch.clone(), torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self._device)
        stream = torch.cuda.Stream(self._device)  # else one of the current device, if not this one
        # Of this thread alone: the classifier's may take memory meanwhile.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            self._output = self._function(self._input)
        self._graph = graph
