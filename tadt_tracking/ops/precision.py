"""What the processor multiplies fast."""

from __future__ import annotations

import torch


def small_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype of products that need few digits, as those of int8 features do.

    That is bfloat16 on a processor that multiplies it, about twice as fast as float32, which it is
    elsewhere.
    """
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if device.type == "cpu" and fast else torch.float32
