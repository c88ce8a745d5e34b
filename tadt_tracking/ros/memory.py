"""Memory of trackers that are not needed any more."""

from __future__ import annotations

import gc

import torch


def release_memory() -> None:
    """Free trackers that nobody holds: their parts refer to each other, and may be on a GPU."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
