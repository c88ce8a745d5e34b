"""Where networks run, on what, and how exactly they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tadt_tracking.cores import core_count
from tadt_tracking.engines import openvino_runtime, quantization
from tadt_tracking.ops.precision import small_dtype
from tadt_tracking.settings import Settings, setting

ENGINES = ("torch", "openvino")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")
_TORCH_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class ComputeSettings(Settings):
    """How every tracker computes, whatever its method."""

    device: str = setting(
        "auto", "where the networks run: auto (CUDA where there is one), cpu, cuda or cuda:N"
    )
    engine: str = setting(
        "auto",
        "what runs the networks; auto: openvino on a CPU where it is installed, else torch",
        choices=("auto", *ENGINES),
    )
    precision: str = setting(
        "auto",
        "arithmetic of the networks; auto: the fastest that keeps the accuracy here",
        choices=("auto", *PRECISIONS),
    )
    threads: int = setting(
        0, "threads that a network runs on; 0: one for every core", minimum=0, maximum=1024
    )
    compile: bool = setting(
        False, "compile the networks with torch.compile, which takes minutes; engine torch only"
    )
    background: bool = setting(
        True,
        "learn beside tracking, so that no result waits for it; false: in step, so that a run can "
        "be had again exactly",
    )


@dataclass(frozen=True)
class Compute:
    """The choice made for this machine: nothing is "auto" any more.

    Attributes:
        device: the torch device on which the features are.
        engine: one of `ENGINES`.
        precision: one of `PRECISIONS`.
        threads: threads that a network runs on; 0 is one for every core.
        compile: whether torch compiles the networks.
        background: whether trackers learn beside tracking.
    """

    device: torch.device
    engine: str
    precision: str
    threads: int = 0
    compile: bool = False
    background: bool = True

    @classmethod
    def choose(cls, settings: ComputeSettings | None = None) -> Compute:
        """Resolve every "auto" for this machine.

        Engine "auto" is OpenVINO on a CPU where it is installed and offers the asked precision.
        Precision "auto" is fp16 on CUDA, int8 on OpenVINO where the processor has AVX2 (with
        whole networks four times as fast as fp32 with VNNI, nearly twice without), bf16 where the
        processor multiplies that (avx512_bf16, AMX), else fp32.

        Raises:
            ValueError: a device that is unknown or not there, or a precision that the engine does
                not offer here; the message lists what there is.
        """
        settings = settings or ComputeSettings()
        device = _choose_device(settings.device)
        engine = _choose_engine(settings, device)
        offered = _offered(engine)
        precision = settings.precision
        if precision == "auto":
            precision = _fastest(engine, device, offered)
        if precision not in offered:
            raise ValueError(
                f"precision {precision!r} is not there with engine {engine} on {device}; "
                f"valid are: auto, {', '.join(offered)}{_missing(engine)}"
            )
        if settings.compile and engine != "torch":
            raise ValueError(f"compile is there with engine torch only, not with {engine!r}")
        threads, compiled, background = settings.threads, settings.compile, settings.background
        return cls(device, engine, precision, threads, compiled, background)

    @property
    def dtype(self) -> torch.dtype:
        """The torch dtype of weights and activations; engine torch only."""
        return _TORCH_TYPES[self.precision]

    @property
    def beside(self) -> torch.dtype:
        """The torch dtype of what is computed of a network's answers, with no more digits."""
        few = self.precision in ("bf16", "int8")
        return small_dtype(self.device) if few else torch.float32

    def batch(self, images: Sequence[np.ndarray]) -> Tensor:
        """Bring N images H x W x 3 (uint8, BGR) to the device, as one N x H x W x 3 tensor."""
        stacked = images[0][None] if len(images) == 1 else np.stack(images)
        return torch.from_numpy(stacked).to(self.device, non_blocking=True)

    def set_threads(self) -> None:
        """Tell torch how many threads to use, in this thread and those that begin later.

        Beside OpenVINO torch only does small work between two passes. Its threads would spin on
        after each piece and take the cores from OpenVINO's, so it gets one.
        """
        if self.device.type == "cpu":
            alone = self.engine == "torch"
            torch.set_num_threads((self.threads or core_count()) if alone else 1)

    def __str__(self) -> str:
        """Return for example "cpu openvino int8"."""
        return f"{self.device} {self.engine} {self.precision}"


def _choose_device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"unknown device {name!r}; valid are: auto, cpu, cuda, cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"unknown device {name!r}; valid are: auto, cpu, cuda, cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {name!r} is not there: {torch.cuda.device_count()} CUDA devices")
    return device


def _choose_engine(settings: ComputeSettings, device: torch.device) -> str:
    if settings.engine == "openvino":
        if device.type != "cpu":
            raise ValueError(f"engine 'openvino' runs on cpu, not on {device}; valid are: torch")
        openvino_runtime.require()
    if settings.engine != "auto":
        return settings.engine
    if device.type != "cpu" or settings.compile or not openvino_runtime.is_installed():
        return "torch"
    wanted = settings.precision
    return "openvino" if wanted == "auto" or wanted in _offered("openvino") else "torch"


def _offered(engine: str) -> tuple[str, ...]:
    """Return the precisions that an engine offers on this machine."""
    if engine == "torch":
        return tuple(_TORCH_TYPES)
    extra = openvino_runtime.low_precisions()
    int8 = ("int8",) if quantization.is_possible() else ()
    return ("fp32", *extra, *int8)


def _fastest(engine: str, device: torch.device, offered: tuple[str, ...]) -> str:
    if device.type == "cuda":
        return "fp16"
    if "int8" in offered and torch.cpu._is_avx2_supported():
        return "int8"
    if engine == "openvino":
        return next(name for name in ("bf16", "fp16", "fp32") if name in offered)
    return "bf16" if small_dtype(device) is torch.bfloat16 else "fp32"


def _missing(engine: str) -> str:
    hint = " (int8 needs the packages nncf and scikit-image)"
    return hint if engine == "openvino" and not quantization.is_possible() else ""
