"""Networks on torch: CPU and CUDA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Compute:
    """Where and how exactly a network is computed."""

    device: torch.device
    precision: str

    @classmethod
    def choose(cls, device: str, precision: str) -> Compute:
        """Resolve "auto" for this machine.

        Precision "auto" is fp16 on CUDA, bf16 on a processor that multiplies it in hardware
        (avx512_bf16 or AMX), else fp32.

        Raises:
            ValueError: unknown device or precision, or a device that this machine does not have.
        """
        place = _choose_device(device)
        if precision not in ("auto", *PRECISIONS):
            raise ValueError(
                f"unknown precision {precision!r}; valid are: auto, {', '.join(PRECISIONS)}"
            )
        if precision == "auto":
            precision = _fastest_precision(place)
        return cls(place, precision)

    @property
    def dtype(self) -> torch.dtype:
        """The torch dtype of weights and activations."""
        return PRECISIONS[self.precision]

    def __str__(self) -> str:
        """Return for example "cpu bf16"."""
        return f"{self.device} {self.precision}"


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


def _fastest_precision(device: torch.device) -> str:
    if device.type == "cuda":
        return "fp16"
    in_hardware = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if in_hardware else "fp32"


class TorchEngine:
    """Runs a network that takes BGR images, in one precision on one device."""

    def __init__(self, network: nn.Module, compute: Compute) -> None:
        """Take over `network` (weights loaded), converting its layers in place."""
        self.compute = compute
        self.network = network.eval().requires_grad_(False).to(compute.device)
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.to(dtype=compute.dtype, memory_format=torch.channels_last)

    def __call__(self, images: Sequence[np.ndarray], taps: tuple[str, ...]) -> dict[str, Tensor]:
        """Compute features of images of one size, in one pass.

        Args:
            images: N arrays H x W x 3, uint8, BGR.
            taps: names of the layers wanted.

        Returns:
            N x C x H' x W' features by name, in the engine's precision, on its device.
        """
        batch = torch.from_numpy(np.stack(images)).to(self.compute.device, non_blocking=True)
        # A permuted N x H x W x 3 array is already a channels_last N x 3 x H x W tensor.
        with torch.inference_mode():
            return self.network(batch.permute(0, 3, 1, 2).float(), taps)
