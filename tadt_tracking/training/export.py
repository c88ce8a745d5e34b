"""Trained weights as a file to ship."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor


def export(path: Path, state: Mapping[str, Tensor], about: Mapping[str, str]) -> None:
    """Write a state dict as .safetensors, whole or not at all, half the size of float32.

    Kernels of convolutions are float16; biases and batch norms, which are small and may be large in
    value, stay float32; counters of batches are left out. `load_state_dict` takes all of it into a
    float32 network.

    Args:
        path: of the file; what is there is replaced.
        state: names and tensors.
        about: where they come from, for the file's metadata.

    Raises:
        ValueError: a value that is not finite, in float16.
    """
    kept = {name: _small(tensor) for name, tensor in state.items() if tensor.is_floating_point()}
    broken = [name for name, tensor in kept.items() if not tensor.isfinite().all()]
    if broken:
        raise ValueError(f"not finite in float16: {', '.join(broken)}")
    scratch = path.with_name(f"{path.name}.part")
    save_file(kept, scratch, metadata=dict(about))
    scratch.replace(path)


def _small(tensor: Tensor) -> Tensor:
    kind = torch.float16 if tensor.dim() > 1 else torch.float32
    return tensor.detach().to("cpu", kind).contiguous()
