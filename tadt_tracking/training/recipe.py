"""What the training loop asks of a trained method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from tadt_tracking.settings import Settings, setting

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class RunSettings(Settings):
    """Settings of every training."""

    epochs: int = setting(20, "epochs", minimum=1)
    pairs: int = setting(20_000, "pairs of an epoch", minimum=1)
    batch: int = setting(32, "pairs of a step, of all processes together", minimum=1)
    lr_first: float = setting(
        1e-2,
        "learning rate of the first step; both rates are the paper's for its long runs: short ones "
        "from AlexNet learned well from 0.1 to 0.001",
        minimum=1e-9,
        maximum=10.0,
    )
    lr_last: float = setting(1e-4, "learning rate of the last step", minimum=1e-9, maximum=10.0)
    warmup: int = setting(0, "steps over which the learning rate grows linearly", minimum=0)
    momentum: float = setting(0.9, "momentum of SGD", minimum=0.0, maximum=0.999)
    decay: float = setting(5e-4, "weight decay", minimum=0.0, maximum=1.0)
    clip: float = setting(10.0, "largest norm of all gradients together", minimum=1e-6)
    seed: int = setting(0, "seed of all that is drawn", minimum=0)
    held_out: float = setting(
        0.1, "share of videos, and of still images, to validate on", minimum=0.0, maximum=0.9
    )
    validation: int = setting(500, "pairs to validate on after each epoch", minimum=1)
    precision: str = setting(
        "fp32",
        "arithmetic of what is computed: fp32, bf16, or fp16 with scaled gradients (CUDA only)",
        choices=tuple(DTYPES),
    )
    device: str = setting("auto", "auto (CUDA where there is one), cpu or cuda")
    workers: int = setting(1, "processes that make pairs, for each that trains", minimum=0)
    log_every: int = setting(20, "steps between two rows of the log", minimum=1)
    save_every: float = setting(
        5.0, "minutes between two checkpoints, at most", unit="min", minimum=0.0
    )

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch; what does not fill a batch is left out."""
        return self.pairs // self.batch

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def learning_rate(self, step: int) -> float:
        """Return the rate of a step: evenly in log space from the first to the last."""
        progress = step / max(self.steps - 1, 1)
        rate = self.lr_first * (self.lr_last / self.lr_first) ** progress
        return rate * min(1.0, (step + 1) / (self.warmup + 1))

    def identity(self) -> dict[str, Any]:
        """Return the settings on which the weights depend: a run goes on with these alone."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _FREE}


_FREE = ("device", "workers", "log_every", "save_every")  # the weights do not depend on these


class Recipe(ABC):
    """How one method is trained.

    Attributes:
        Settings: class of its settings.
        settings: of the run.
        network: what is trained and at last exported.
        pairs: training data; item `index` is the same whenever it is asked for, and any whole
            number from 0 is one.
        held_out: pairs to validate on, of videos that are not among `pairs`.
        columns: names of the numbers that :meth:`losses` and :meth:`validate` give.
    """

    Settings: ClassVar[type[RunSettings]]
    columns: ClassVar[tuple[str, ...]]
    settings: RunSettings
    network: nn.Module
    pairs: Dataset
    held_out: Dataset

    @abstractmethod
    def __init__(self, settings: RunSettings, pairs: Dataset, held_out: Dataset) -> None:
        """Make the network."""

    @abstractmethod
    def trained(self, device: torch.device) -> nn.Module:
        """Return what DistributedDataParallel wraps: the network on `device`, as it is trained.

        It is called with a batch, and its output is given to :meth:`losses` or :meth:`scores`.
        """

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return groups of the parameters to train: "params", and "factor" of the learning rate."""
        kept = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        return [{"params": kept, "factor": 1.0}]

    @abstractmethod
    def losses(
        self, output: Any, batch: Mapping[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return numbers to log, of which "loss" is minimised; the generator is the step's."""

    @abstractmethod
    def scores(self, output: Any, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what held-out pairs are judged by: a value each, N, by name; NaN for none."""
