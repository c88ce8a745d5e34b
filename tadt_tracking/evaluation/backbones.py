"""What the networks cost on every engine and precision that this machine offers."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import torch

from tadt_tracking.engines import Compute, ComputeSettings, make_engine
from tadt_tracking.evaluation.processes import busy_cores, core_count, in_fresh_process
from tadt_tracking.evaluation.tables import markdown
from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, VGG19_TO_CONV5_4, Vgg, VggPlan
from tadt_tracking.weights import fill, load

WARM_UP, REPEATS = 3, 30
# torch multiplies fp16 in hardware on CUDA only.
VARIANTS = (
    *(("torch", "fp32"), ("torch", "bf16"), ("torch", "fp16")),
    *(("openvino", "fp32"), ("openvino", "bf16"), ("openvino", "fp16"), ("openvino", "int8")),
)


class Backbone(NamedTuple):
    """A network as a tracker uses it: which layers, from windows of `side` x `side` pixels."""

    name: str
    plan: VggPlan
    taps: tuple[str, ...]
    side: int
    weights: str


BACKBONES = (
    Backbone(
        "VGG-16 to conv4-3, 180 px",
        VGG16_TO_CONV4_3,
        ("conv4_1", "conv4_3"),
        180,
        "vgg16-oxford",
    ),
    Backbone(
        "VGG-19 to conv5-4, 224 px",
        VGG19_TO_CONV5_4,
        ("conv3_4", "conv4_4", "conv5_4"),
        224,
        "vgg19-oxford",
    ),
)


def tables(**options: Any) -> str:
    """Return a table a backbone; `options` are of `ComputeSettings`, without engine, precision."""
    computes = offered(**options)
    about = (
        f"One pass, median of {REPEATS} after {WARM_UP} to warm up, each row in a process of its "
        f"own. Loaded: beside {core_count()} processes that never rest, one a core. In brackets: "
        "times the first row's."
    )
    return "\n\n".join([about, *(_table(backbone, computes) for backbone in BACKBONES)])


def offered(**options: Any) -> list[Compute]:
    """Return every engine and precision that this machine offers."""
    found = []
    for engine, precision in VARIANTS:
        settings = ComputeSettings(**{**options, "engine": engine, "precision": precision})
        try:
            compute = Compute.choose(settings)
        except ValueError:
            continue
        if (engine, precision) != ("torch", "fp16") or compute.device.type == "cuda":
            found.append(compute)
    return found


def _table(backbone: Backbone, computes: list[Compute]) -> str:
    rows, first = [], None
    for compute in computes:
        idle, loaded = (_median_ms(backbone, compute, load) for load in (False, True))
        first = first or (idle, loaded)
        cells = (f"{ms:.1f} ({ms / of:.2f})" for ms, of in zip((idle, loaded), first, strict=True))
        rows.append([str(compute), *cells])
    return markdown([backbone.name, "ms", "ms, loaded"], rows)


def _median_ms(backbone: Backbone, compute: Compute, load: bool) -> float:
    with busy_cores() if load else nullcontext():
        return in_fresh_process(_measure, backbone, compute)


def _measure(backbone: Backbone, compute: Compute) -> float:
    compute.set_threads()
    network = Vgg(backbone.plan)
    fill(network, load(backbone.weights))
    engine = make_engine(network, backbone.taps, compute)
    size = (backbone.side, backbone.side, 3)
    picture = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)

    def one_pass() -> None:
        engine(compute.batch([picture]))
        if compute.device.type == "cuda":
            torch.cuda.synchronize(compute.device)

    times = [_seconds(one_pass) for _ in range(WARM_UP + REPEATS)]
    return float(np.median(times[WARM_UP:])) * 1e3


def _seconds(call: Callable[[], None]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
