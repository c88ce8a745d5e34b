"""Runs that stop or fail, and go on as if they had not."""

import csv
import os
import signal
from types import SimpleNamespace

import pytest
import torch

from tadt_tracking.training import checkpoint, log
from tadt_tracking.training.checkpoint import CheckpointError
from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe
from tadt_tracking.training.data import PairDataset
from tadt_tracking.training.loop import CHECKPOINT, LOG


def _rows(folder):
    with (folder / LOG).open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resumed_run_ends_with_the_same_weights(training, tmp_path, precision):
    straight, run = training(tmp_path / "straight", precision=precision)
    assert run.run()
    broken, run = training(tmp_path / "broken", precision=precision)
    assert not run.run(steps=3)  # in the middle of the second epoch
    del broken
    resumed, run = training(tmp_path / "broken", precision=precision, workers=1)
    assert run.step == 3
    assert run.run()
    expected = straight.state_dict()
    for name, tensor in resumed.state_dict().items():
        assert tensor.equal(expected[name]), name
    ours, theirs = _rows(tmp_path / "broken"), _rows(tmp_path / "straight")
    assert [row["step"] for row in ours] == ["1", "2", "3", "4", "5", "6"]
    assert [row["loss"] for row in ours] == [row["loss"] for row in theirs]
    assert [bool(row["val_iou"]) for row in ours] == [False, True] * 3


def test_another_run_is_not_resumed(training, tmp_path):
    training(tmp_path)[1].run(steps=1)
    with pytest.raises(CheckpointError, match=r"lr_first was 0\.01, is 0\.02"):
        training(tmp_path, lr_first=0.02)


def test_a_torn_checkpoint_is_an_error(tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(b"PK torn")
    with pytest.raises(CheckpointError, match="cannot read"):
        checkpoint.load(tmp_path / CHECKPOINT, {})


def test_sigterm_saves_and_stops(training, tmp_path):
    _, run = training(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)
    take_step = run._one_step

    def interrupted(batch):
        if run.step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return take_step(batch)

    run._one_step = interrupted
    assert not run.run()
    assert signal.getsignal(signal.SIGTERM) == handler
    assert training(tmp_path)[1].step == 2


def test_a_run_of_other_processes_is_not_resumed(training, tmp_path):
    training(tmp_path)[1].run(steps=1)
    with pytest.raises(CheckpointError, match="processes was 1, is 2"):
        training(tmp_path, processes=2)


def test_frozen_layers_are_those_of_the_checkpoint(training, tmp_path):
    training(tmp_path)[1].run(steps=1)
    content = torch.load(tmp_path / CHECKPOINT)
    frozen = content["state"]["network"]["featureExtract.0.weight"].mul_(-1)
    torch.save(content, tmp_path / CHECKPOINT)
    network, run = training(tmp_path)
    assert network.featureExtract[0].weight.equal(frozen)
    module = run._module.eval()
    exemplar = torch.randint(0, 256, (1, 3, 127, 127), dtype=torch.uint8)
    search = torch.randint(0, 256, (1, 3, 255, 255), dtype=torch.uint8)
    one = torch.zeros(1, dtype=torch.int64)
    batch = {"exemplar": exemplar, "search": search, "track": one, "exemplar_track": one}
    with torch.no_grad():
        scores, _ = network(exemplar.float(), search.float())
        assert torch.allclose(module(batch).scores, scores, atol=1e-4 * scores.abs().max())


def test_a_run_without_pictures_saves_what_it_has(training, tmp_path, monkeypatch):
    item = PairDataset.__getitem__

    def vanished(self, index):
        if index == 7:
            raise FileNotFoundError("no picture")
        return item(self, index)

    _, run = training(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(FileNotFoundError, match="no picture"):
        patch.setattr(PairDataset, "__getitem__", vanished)
        run.run()
    _, resumed = training(tmp_path)
    assert resumed.step == 3
    assert resumed.run()


def test_a_validation_that_failed_is_made_up_for(training, tmp_path, monkeypatch):
    def vanished(self, output, batch):
        raise FileNotFoundError("no picture")

    _, run = training(tmp_path)
    assert not run.run(steps=5)
    with monkeypatch.context() as patch, pytest.raises(FileNotFoundError, match="no picture"):
        patch.setattr(DaSiamRpnRecipe, "scores", vanished)
        run.run()
    _, resumed = training(tmp_path)
    assert resumed.finished and not resumed.validation
    assert resumed.run()
    last = _rows(tmp_path)[-1]
    assert (last["step"], float(last["val_iou"])) == (
        "6",
        pytest.approx(resumed.validation["val_iou"], rel=1e-4),
    )


def test_speed_does_not_count_the_time_of_validation(training, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(log, "time", SimpleNamespace(monotonic=lambda: now[0]))
    _, run = training(tmp_path)

    def timed(work, seconds):
        def slow(*arguments):
            now[0] += seconds
            return work(*arguments)

        return slow

    run._one_step, run._validate = timed(run._one_step, 4.0), timed(run._validate, 50.0)
    assert run.run()
    assert [float(row["pairs_per_s"]) for row in _rows(tmp_path)] == [0.5] * 6
