"""The processor: its cores, and what they multiply fast."""

from __future__ import annotations

import os

import torch


def core_count() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def small_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype of products that need few digits, as those of int8 features do.

    That is bfloat16 on a processor that multiplies it, about twice as fast as float32, which it is
    elsewhere.
    """
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if device.type == "cpu" and fast else torch.float32
