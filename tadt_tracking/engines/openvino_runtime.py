"""OpenVINO itself: an optional dependency, imported when it is first needed, and kept offline."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

# Names of OpenVINO's element types and of what it calls a processor's capabilities.
_LOW = {"bf16": "BF16", "fp16": "FP16"}


def is_installed() -> bool:
    """Whether the package openvino can be imported."""
    return importlib.util.find_spec("openvino") is not None


def require() -> None:
    """Raise a ValueError that says what to install where OpenVINO is missing."""
    if not is_installed():
        raise ValueError("engine 'openvino' needs the package openvino; valid are: auto, torch")


@functools.cache
def openvino() -> ModuleType:
    """Import OpenVINO.

    Importing it reports the use of every tool to its makers' server through the package
    openvino_telemetry; without that package it does not. A robot should not call home.

    At every pass OpenVINO's threads (those of TBB, by means of hwloc) allow themselves all cores
    anew. Where cores are alike that serves nothing but to undo what `contention` decides, so hwloc
    is told not to.
    """
    sys.modules.setdefault("openvino_telemetry", None)
    if _cores_are_alike():
        os.environ.setdefault("HWLOC_THISSYSTEM", "0")
    import openvino as package

    return package


def _cores_are_alike() -> bool:
    """Whether no core is nearer to memory or faster than others, as far as Linux tells."""
    devices = Path("/sys/devices")
    nodes = list(devices.glob("system/node/node[0-9]*"))
    return len(nodes) <= 1 and not (devices / "cpu_core").exists()


@functools.cache
def core() -> Any:
    """Return this process's `openvino.Core`."""
    return openvino().Core()


@functools.cache
def low_precisions() -> tuple[str, ...]:
    """Return which of bf16 and fp16 the processor computes in hardware."""
    capabilities = core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return tuple(name for name, capability in _LOW.items() if capability in capabilities)
