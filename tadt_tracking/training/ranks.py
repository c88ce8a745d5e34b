"""The processes of one training: a single one, or those that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together.

    Attributes:
        rank: number of this process, from 0; 0 alone writes files.
        count: number of processes.
        device: where this process computes.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """Return the network such that its gradients are the mean of all processes'."""
        if self.count == 1:
            return network
        device = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=device)

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' tensors, which are of one shape; all must call it."""
        if self.count > 1:
            values = values.to(self.device, copy=True)
            distributed.all_reduce(values)
        return values


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the processes that torchrun started (gloo on the CPU, NCCL on CUDA); alone, just run.

    Args:
        device: "auto" (CUDA where there is one), "cpu", or "cuda": with several processes each
            takes the GPU of its number on its machine.

    Raises:
        ValueError: an unknown device, or more processes than GPUs.
    """
    chosen = _device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if "WORLD_SIZE" not in os.environ:
        yield Ranks(0, 1, chosen)
        return
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size(), chosen)
    finally:
        distributed.destroy_process_group()


def _device(name: str, local_rank: int) -> torch.device:
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"unknown device {name!r}; valid are: auto, cpu, cuda")
    count = torch.cuda.device_count()
    if name == "cpu" or (name == "auto" and count == 0):
        return torch.device("cpu")
    if local_rank >= count:
        raise ValueError(f"process {local_rank} of this machine has no GPU: there are {count}")
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
