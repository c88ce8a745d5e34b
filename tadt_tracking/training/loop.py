"""The training loop: what every trained method shares.

A run is a fixed row of steps. What a step draws (its pairs, its anchors) follows from the seed, the
step, the process and their number, so a run that was stopped goes on exactly as if it had not been.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from traceback import clear_frames
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from tadt_tracking.training import checkpoint
from tadt_tracking.training.log import CsvLog, Meter
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
        self._run = {
            **recipe.settings.identity(),
            "processes": ranks.count,
            **{f"data {k}": v for k, v in data.items()},
        }
        saved = checkpoint.load(self._path, self._run) if self._path.exists() else None
        if saved:  # before what copies weights is made
            recipe.network.load_state_dict(saved["network"])
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
        if saved:
            self._optimizer.load_state_dict(saved["optimizer"])
            self._scaler.load_state_dict(saved["scaler"])
            self.step, self.validation = saved["step"], saved["validation"]
        columns = ("epoch", "lr", *recipe.columns, "pairs_per_s")
        self._log = CsvLog(folder / LOG, columns, self.step) if ranks.first else None

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step == self._settings.steps

    def run(self, steps: int | None = None) -> bool:
        """Train to the end, or until SIGTERM or SIGINT; the state is saved then.

        It is also saved if pictures cannot be read, but not if a step fails half-way.

        Args:
            steps: make so many at most.

        Returns:
            Whether all steps are done.

        Raises:
            OSError: pictures cannot be read, or files not be written.
            FloatingPointError: a loss is not finite; the last checkpoint stays as it is.
        """
        try:
            self._take_steps(steps)
        except OSError:
            self._save()
            raise
        self._save()
        return self.finished

    def _take_steps(self, steps: int | None) -> None:
        """See :meth:`run`; saves now and then, but not at the end."""
        settings, meter = self._settings, Meter()
        last = settings.steps if steps is None else min(self.step + steps, settings.steps)
        saved = time.monotonic()
        bar = tqdm(
            total=settings.steps, initial=self.step, unit="step", disable=not self._ranks.first
        )
        with bar, stop_requests(self._ranks) as stop_asked:
            if self._epoch_ends and not self.validation:  # the last run failed in the midst of it
                self._write(self._validate(), bar)
            for batch in self._batches(self.step, last):
                meter.add(self._one_step(batch), settings.batch)
                self.step += 1
                bar.update()
                if self._epoch_ends or self.step % settings.log_every == 0:
                    values = meter.read()
                    self._write(values | self._validate() if self._epoch_ends else values, bar)
                    meter = Meter()
                if stop_asked():
                    break
                if time.monotonic() - saved > 60 * settings.save_every:
                    self._save()
                    saved = time.monotonic()

    @property
    def _epoch_ends(self) -> bool:
        """Whether the last step was an epoch's last."""
        return self.step > 0 and self.step % self._settings.steps_per_epoch == 0

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
        """Find the means over the held-out pairs, divided among the processes; keeps them too."""
        self.validation = {}
        self._module.eval()
        indices = range(self._ranks.rank, len(self._recipe.held_out), self._ranks.count)
        size = max(self._settings.batch // self._ranks.count, 1)
        batches = [indices[i : i + size] for i in range(0, len(indices), size)]
        sums: dict[str, Tensor] = {}
        for batch in map(self._moved, self._loaded(self._recipe.held_out, batches)):
            with self._autocast():
                output = getattr(self._module, "module", self._module)(batch)
            for name, values in self._recipe.scores(output, batch).items():
                there = values[~values.isnan()].double()
                both = torch.stack([there.sum(), torch.tensor(len(there)).to(there)])
                sums[name] = sums.get(name, 0) + both
        totals = {name: self._ranks.total(both).tolist() for name, both in sums.items()}
        self.validation = {name: total / max(count, 1) for name, (total, count) in totals.items()}
        return self.validation

    def _batches(self, first: int, last: int) -> Iterator[Mapping[str, Tensor]]:
        """Return this process's share of the steps `first` to `last`, without the latter."""
        size, start, by = self._settings.batch, self._ranks.rank, self._ranks.count
        shares = [range(s * size + start, (s + 1) * size, by) for s in range(first, last)]
        return self._loaded(self._recipe.pairs, shares)

    def _loaded(self, pairs: Any, batches: list[range]) -> Iterator[Mapping[str, Tensor]]:
        loader = DataLoader(
            pairs,
            batch_sampler=batches,
            num_workers=self._settings.workers,
            worker_init_fn=leave_signals_alone,
            pin_memory=self._ranks.device.type == "cuda",
        )
        try:
            yield from loader
        except Exception as error:
            # They keep the loader's processes, which ignore signals: the program would not end.
            clear_frames(error.__traceback__)
            raise

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
        bar.set_postfix({name: f"{value:.3g}" for name, value in values.items()})
        epoch = self.step / self._settings.steps_per_epoch
        rate = self._settings.learning_rate(self.step - 1)
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


def _check(settings: Any, ranks: Ranks) -> None:
    if settings.batch % ranks.count:
        raise ValueError(f"a batch of {settings.batch} pairs for {ranks.count} processes")
    if settings.validation < ranks.count:
        raise ValueError(f"{settings.validation} pairs to validate on for {ranks.count} processes")
    if settings.steps_per_epoch == 0:
        raise ValueError(f"an epoch of {settings.pairs} pairs has no batch of {settings.batch}")
    if settings.precision == "fp16" and ranks.device.type != "cuda":
        raise ValueError(f"precision 'fp16' trains on cuda only, not on {ranks.device}")
