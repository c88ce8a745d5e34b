"""The training loop: it goes on exactly where it stopped, and trains what it should."""

import csv
import os
import signal
from dataclasses import replace

import pytest
import torch

from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.training import checkpoint
from tadt_tracking.training.checkpoint import CheckpointError
from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe, DaSiamRpnRunSettings
from tadt_tracking.training.data import PairDataset, PairSettings, read_tracks
from tadt_tracking.training.loop import CHECKPOINT, LOG, Training
from tadt_tracking.training.ranks import joined
from tadt_tracking.training.siamese import SiameseTraining

FEW = {"start": "random", "pairs": 4, "batch": 2, "epochs": 3, "log_every": 1, "workers": 0}


@pytest.fixture
def training(crops_root):
    """Makes a run of six steps in a folder, as one of so many processes."""
    tracks = read_tracks("crops", crops_root)

    def make(folder, processes=1, **settings):
        chosen = DaSiamRpnRunSettings(**{**FEW, "device": "cpu", **settings})
        pairs = PairDataset(tracks, PairSettings(), seed=0, pairs=chosen.steps * chosen.batch)
        held_out = PairDataset(tracks, PairSettings(), seed=1, pairs=3)
        with joined("cpu") as ranks:
            recipe = DaSiamRpnRecipe(chosen, pairs, held_out)
            return recipe.network, Training(
                recipe, folder, replace(ranks, count=processes), {"data": "made"}
            )

    return make


def _copy(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


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


def test_another_seed_ends_with_other_weights(training, tmp_path):
    one, first = training(tmp_path / "one", epochs=1)
    other, second = training(tmp_path / "other", epochs=1, seed=1)
    assert first.run() and second.run()
    assert not one.conv_r2.weight.equal(other.conv_r2.weight)


def test_frozen_layers_stay_and_the_others_learn(training, tmp_path):
    network, run = training(tmp_path, epochs=1)
    before = _copy(network)
    run.run()
    for name, tensor in network.state_dict().items():
        frozen = name.startswith("featureExtract") and int(name.split(".")[1]) < 11
        if frozen:
            assert tensor.equal(before[name]), name
        elif name.endswith("weight") or "running" in name:
            assert not tensor.equal(before[name]), name


def test_each_step_draws_anew_and_groups_learn_at_their_own_rates(training, tmp_path, monkeypatch):
    seeds = []
    losses = DaSiamRpnRecipe.losses

    def noted(self, output, batch, generator):
        seeds.append(generator.initial_seed())
        return losses(self, output, batch, generator)

    def groups(self):
        heads = {"moves": self.network.conv_r2, "stays": self.network.conv_cls2}
        return [
            {"params": list(heads["moves"].parameters()), "factor": 1.0},
            {"params": list(heads["stays"].parameters()), "factor": 0.0},
        ]

    monkeypatch.setattr(DaSiamRpnRecipe, "losses", noted)
    monkeypatch.setattr(DaSiamRpnRecipe, "parameter_groups", groups)
    network, run = training(tmp_path)
    before = _copy(network)
    run.run(steps=2)
    assert len(set(seeds)) == len(seeds) == 2
    assert not network.conv_r2.weight.equal(before["conv_r2.weight"])
    assert network.conv_cls2.weight.equal(before["conv_cls2.weight"])


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


def test_the_learning_rate_falls_evenly_in_log_space():
    settings = DaSiamRpnRunSettings(**FEW, lr_first=1e-2, lr_last=1e-4, warmup=0)
    rates = torch.tensor([settings.learning_rate(step) for step in range(settings.steps)])
    assert torch.allclose(rates, torch.logspace(-2, -4, 6))
    warm = DaSiamRpnRunSettings(**FEW, lr_first=1e-2, lr_last=1e-2, warmup=3)
    rates = [warm.learning_rate(step) for step in range(5)]
    assert rates == pytest.approx([0.0025, 0.005, 0.0075, 0.01, 0.01])


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"precision": "fp16"}, "cuda only"), ({"pairs": 1}, "no batch of 2")],
)
def test_settings_that_do_not_fit_are_errors(training, tmp_path, settings, words):
    with pytest.raises(ValueError, match=words):
        training(tmp_path, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch": 2}, "a batch of 2 pairs for 3 processes"),
        ({"batch": 3, "validation": 2}, "2 pairs to validate on for 3 processes"),
    ],
)
def test_what_is_too_little_for_the_processes_is_an_error(training, tmp_path, settings, words):
    with pytest.raises(ValueError, match=words):
        training(tmp_path, processes=3, **settings)


def test_training_computes_what_the_network_computes(training, tmp_path):
    torch.manual_seed(0)
    network = SiamRpn(PLANS["narrow"]).eval()
    module = SiameseTraining(network, 3, 2, torch.float32, torch.device("cpu")).eval()
    exemplar = torch.randint(0, 256, (2, 3, 127, 127), dtype=torch.uint8)
    search = torch.randint(0, 256, (2, 3, 255, 255), dtype=torch.uint8)
    tracks = torch.tensor([4, 7])
    batch = {"exemplar": exemplar, "search": search, "track": tracks, "exemplar_track": tracks}
    with torch.no_grad():
        answer = module(batch)
        scores, offsets = network(exemplar.float(), search.float())
    assert torch.allclose(answer.scores, scores, atol=1e-4 * scores.abs().max())
    assert torch.allclose(answer.offsets, offsets, atol=1e-4 * offsets.abs().max())
    module.training = True  # foreign exemplars, and batch norms as they are
    with torch.no_grad():
        answer = module(batch)
        foreign = torch.cat([scores, network(exemplar.roll(1, 0).float(), search.float())[0]])
    assert answer.search.tolist() == [0, 1, 0, 1]
    assert torch.allclose(answer.scores, foreign, atol=1e-4 * scores.abs().max())


@pytest.mark.parametrize(
    ("exemplars", "searches", "matches"),
    [
        # Own pairs, then neighbours: window 0 does not meet exemplar 2, nor window 2 exemplar 0.
        ([4, 7, 4], [4, 7, 4], [0, 1, 2, 1, 2, 0, 1]),
        # The last pair is negative: window 0 meets its exemplar, but it does not meet exemplar 0.
        ([4, 7, 9], [4, 7, 4], [0, 1, 2, 0, 1, 2, 0, 1]),
    ],
)
def test_foreign_exemplars_show_other_objects(exemplars, searches, matches):
    network = SiamRpn(PLANS["narrow"])
    module = SiameseTraining(network, 3, 2, torch.float32, torch.device("cpu")).train()
    batch = {
        "exemplar": torch.zeros(3, 3, 127, 127, dtype=torch.uint8),
        "search": torch.zeros(3, 3, 255, 255, dtype=torch.uint8),
        "exemplar_track": torch.tensor(exemplars),
        "track": torch.tensor(searches),
    }
    answer = module(batch)
    assert answer.search.tolist() == matches
    assert len(answer.scores) == len(answer.offsets) == len(matches)
