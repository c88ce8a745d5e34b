"""Engines run a network: device, precision and memory layout live here."""

from __future__ import annotations

from tadt_tracking.engines.base import Engine
from tadt_tracking.engines.compute import Compute, ComputeSettings
from tadt_tracking.networks.base import TappedNetwork

__all__ = ["Compute", "ComputeSettings", "Engine", "make_engine"]


def make_engine(network: TappedNetwork, taps: tuple[str, ...], compute: Compute) -> Engine:
    """Return an engine that computes the layers `taps` of a network (weights loaded)."""
    if compute.engine == "openvino":
        from tadt_tracking.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.of(network, taps, compute)
    from tadt_tracking.engines.torch_engine import TorchEngine

    return TorchEngine(network, taps, compute)
