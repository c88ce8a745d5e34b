"""The training loop: it trains what it should, as it is set."""

import pytest
import torch

from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe, DaSiamRpnRunSettings
from tadt_tracking.training.siamese import SiameseTraining


def _copy(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


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


def test_the_learning_rate_falls_evenly_in_log_space():
    settings = DaSiamRpnRunSettings(
        pairs=4, batch=2, epochs=3, lr_first=1e-2, lr_last=1e-4, warmup=0
    )
    rates = torch.tensor([settings.learning_rate(step) for step in range(settings.steps)])
    assert torch.allclose(rates, torch.logspace(-2, -4, 6))
    warm = DaSiamRpnRunSettings(pairs=4, batch=2, epochs=3, lr_first=1e-2, lr_last=1e-2, warmup=3)
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
