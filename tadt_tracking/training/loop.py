"""The training loop: what every trained method shares.

A run is a fixed row of steps. What a step draws (its pairs, its anchors) follows from the seed, the
step and the process alone, so a run that was stopped goes on exactly as if it had not been.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from tadt_tracking.training import checkpoint
from tadt_tracking.training.log import CsvLog
from tadt_tracking.training.ranks import Ranks
from tadt_tracking.training.recipe import DTYPES, Recipe
from tadt_tracking.training.stopping import leave_signals_alone, stop_requests

CHECKPOINT, LOG = "checkpoint.pt", "log.csv"


class Training:
    """One run, new or taken up again from the checkpoint in its folder."""

    def __init__(self, recipe: Recipe, folder: Path, ranks: Ranks, data: Mapping[str, str]) -> None:
        """Prepare everything, up to the step that the folder's checkpoint has reached.

        Args:
            recipe: the method.
            folder: of checkpoint and log; it is made if it is not there.
            ranks: the processes that train together.
            data: what the pairs are made of, by name: part of what a checkpoint must agree with.

        Raises:
            CheckpointError: the folder's checkpoint is of another run.
            ValueError: settings that do not fit the processes or the device.
        """
        self._recipe, self._settings, self._ranks = recipe, recipe.settings, ranks
        _check(recipe.settings, ranks)
        torch.manual_seed(recipe.settings.seed)
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / CHECKPOINT
        self._run = {**recipe.settings.identity(), **{f"data {k}": v for k, v in data.items()}}
        self._module = ranks.wrap(recipe.trained(ranks.device))
        self._optimizer = torch.optim.SGD(
            recipe.parameter_groups(),
            lr=self._settings.lr_first,
            momentum=self._settings.momentum,
            weight_decay=self._settings.decay,
        )
        scaled = self._settings.precision == "fp16"
        self._scaler = torch.amp.GradScaler(ranks.device.type, enabled=scaled)
        self.step, self.validation = 0, {}
        if self._path.exists():
            self._restore(checkpoint.load(self._path, self._run))
        columns = ("epoch", "lr", *recipe.columns, "pairs_per_s")
        self._log = CsvLog(folder / LOG, columns, self.step) if ranks.first else None

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step == self._settings.steps

    def run(self, steps: int | None = None) -> bool:
        """Train to the end, or until SIGTERM or SIGINT; the state is saved in any case.

        Args:
            steps: make so many at most.

        Returns:
            Whether all steps are done.
        """
        settings, meter = self._settings, _Meter()
        last = settings.steps if steps is None else min(self.step + steps, settings.steps)
        saved = time.monotonic()
        bar = tqdm(
            total=settings.steps, initial=self.step, unit="step", disable=not self._ranks.first
        )
        with bar, stop_requests(self._ranks) as stop_asked:
            for batch in self._batches(self.step, last):
                meter.add(self._one_step(batch), settings.batch)
                self.step += 1
                bar.update()
                epoch_ends = self.step % settings.steps_per_epoch == 0
                if epoch_ends:
                    self.validation = self._validate()
                if epoch_ends or self.step % settings.log_every == 0:
                    self._write(meter.read(), bar)
                if stop_asked():
                    break
                if time.monotonic() - saved > 60 * settings.save_every:
                    self._save()
                    saved = time.monotonic()
        self._save()
        return self.finished

    def _one_step(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Follow the gradient of one batch; returns the numbers to log."""
        rate = self._settings.learning_rate(self.step)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self._module.train()
        batch = self._moved(batch)
        with self._autocast():
            output = self._module(batch)
        found = self._recipe.losses(output, batch, self._generator())
        if not found["loss"].isfinite():
            raise FloatingPointError(f"the loss of step {self.step} is {found['loss'].item()}")
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(found["loss"]).backward()
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._module.parameters(), self._settings.clip)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return {name: value.detach() for name, value in found.items()}

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        """Return the means over the held-out pairs, divided among the processes."""
        self._module.eval()
        indices = range(self._ranks.rank, len(self._recipe.held_out), self._ranks.count)
        size = max(self._settings.batch // self._ranks.count, 1)
        batches = [indices[i : i + size] for i in range(0, len(indices), size)]
        sums: dict[str, Tensor] = {}
        for batch in map(self._moved, self._loader(self._recipe.held_out, batches)):
            with self._autocast():
                output = getattr(self._module, "module", self._module)(batch)
            for name, values in self._recipe.scores(output, batch).items():
                there = values[~values.isnan()].double()
                both = torch.stack([there.sum(), torch.tensor(len(there)).to(there)])
                sums[name] = sums.get(name, 0) + both
        totals = {name: self._ranks.total(both).tolist() for name, both in sums.items()}
        return {name: total / max(count, 1) for name, (total, count) in totals.items()}

    def _batches(self, first: int, last: int) -> Iterator[Mapping[str, Tensor]]:
        """Return this process's share of the steps `first` to `last`, without the latter."""
        size, start, by = self._settings.batch, self._ranks.rank, self._ranks.count
        shares = [range(s * size + start, (s + 1) * size, by) for s in range(first, last)]
        return iter(self._loader(self._recipe.pairs, shares))

    def _loader(self, pairs: Any, batches: list[range]) -> DataLoader:
        return DataLoader(
            pairs,
            batch_sampler=batches,
            num_workers=self._settings.workers,
            worker_init_fn=leave_signals_alone,
            pin_memory=self._ranks.device.type == "cuda",
        )

    def _generator(self) -> torch.Generator:
        """Return the random generator of this step and process."""
        source = np.random.SeedSequence([self._settings.seed, self.step, self._ranks.rank])
        return torch.Generator().manual_seed(int(source.generate_state(1)[0]))

    def _autocast(self) -> torch.autocast:
        dtype = DTYPES[self._settings.precision]
        lowered = dtype != torch.float32
        return torch.autocast(
            self._ranks.device.type, dtype if lowered else torch.bfloat16, enabled=lowered
        )

    def _moved(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {k: v.to(self._ranks.device, non_blocking=True) for k, v in batch.items()}

    def _write(self, values: dict[str, float], bar: tqdm) -> None:
        settings = self._settings
        if self.step % settings.steps_per_epoch == 0:
            values |= self.validation
        bar.set_postfix({name: f"{value:.3g}" for name, value in values.items()})
        epoch, rate = self.step / settings.steps_per_epoch, settings.learning_rate(self.step - 1)
        if self._log:
            self._log.write(self.step, {"epoch": epoch, "lr": rate, **values})

    def _save(self) -> None:
        if not self._ranks.first:
            return
        state = {
            "step": self.step,
            "network": self._recipe.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "validation": self.validation,
        }
        checkpoint.save(self._path, self._run, state)

    def _restore(self, state: dict[str, Any]) -> None:
        self._recipe.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        self.step, self.validation = state["step"], state["validation"]


class _Meter:
    """Means of what the steps since the last reading gave, and how fast they were."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._steps, self._pairs, self._since = 0, 0, time.monotonic()

    def add(self, values: Mapping[str, Tensor], pairs: int) -> None:
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0) + value
        self._steps, self._pairs = self._steps + 1, self._pairs + pairs

    def read(self) -> dict[str, float]:
        seconds = time.monotonic() - self._since
        means = {name: float(total) / self._steps for name, total in self._sums.items()}
        means["pairs_per_s"] = self._pairs / seconds
        self._start()
        return means


def _check(settings: Any, ranks: Ranks) -> None:
    if settings.batch % ranks.count:
        raise ValueError(f"a batch of {settings.batch} pairs for {ranks.count} processes")
    if settings.validation < ranks.count:
        raise ValueError(f"{settings.validation} pairs to validate on for {ranks.count} processes")
    if settings.steps_per_epoch == 0:
        raise ValueError(f"an epoch of {settings.pairs} pairs has no batch of {settings.batch}")
    if settings.precision == "fp16" and ranks.device.type != "cuda":
        raise ValueError(f"precision 'fp16' trains on cuda only, not on {ranks.device}")
