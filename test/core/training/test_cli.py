"""`tadt-train`, from the command line to weights that a network loads."""

import json
import multiprocessing
import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open

from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.training import __main__ as command
from tadt_tracking.training.__main__ import main
from tadt_tracking.training.export import export
from tadt_tracking.weights import load


def test_a_run_ends_with_weights_to_ship(train_command, tmp_path, capsys):
    assert main([*train_command, "--set", "epochs=1"]) == 0
    path = tmp_path / "out" / "dasiamrpn.safetensors"
    assert path.stat().st_size < 20e6
    network = SiamRpn(PLANS["narrow"])
    network.load_state_dict(load(str(path)))
    trained = torch.load(tmp_path / "out" / "checkpoint.pt")["state"]["network"]
    for name, tensor in network.state_dict().items():
        assert torch.allclose(tensor.float(), trained[name].float(), rtol=1e-3, atol=1e-7) or (
            name.endswith("num_batches_tracked")
        )
    with safe_open(path, "pt") as stream:
        about = stream.metadata()
    assert about["command"].startswith("tadt-train dasiamrpn --data crops=")
    assert json.loads(about["settings"])["seed"] == 0
    assert json.loads(about["data"])["data"] == "crops"
    assert 0 <= json.loads(about["validation"])["val_iou"] <= 1


def test_what_is_held_out_is_not_trained_on(train_command, monkeypatch):
    recipes = []

    def training(recipe, *others):
        recipes.append(recipe)
        return SimpleNamespace(run=lambda: False)

    monkeypatch.setattr(command, "Training", training)
    chosen = ["held_out=0.3", "pairs=40", "validation=40", "same_category=0", "other_category=0.5"]
    chosen += ["stretch=1.0"]
    assert main([*train_command, *(word for one in chosen for word in ("--set", one))]) == 3
    pairs, held_out = recipes[0].pairs, recipes[0].held_out
    trained, judged = ([data[i] for i in range(40)] for data in (pairs, held_out))
    seen = [{int(pair["track"]) for pair in part} for part in (trained, judged)]
    assert len(seen[0]) == 7 and len(seen[1]) == 3  # of ten scenes
    assert not seen[0] & seen[1]
    # Held-out exemplars are all of the object, which lies further from the middle, as it is.
    assert {int(pair["kind"]) for pair in trained} == {0, 2}
    assert {int(pair["kind"]) for pair in judged} == {0}
    furthest = [max(pair["box"][:2].abs().max() for pair in part) for part in (trained, judged)]
    assert furthest[0] <= 12 < 28 < furthest[1] <= 32
    aspects = [
        [pair["box"][2] / pair["box"][3] / (90 / 70) for pair in part] for part in (trained, judged)
    ]
    assert min(aspects[0]) < 0.7 and max(aspects[0]) > 1.5
    assert min(aspects[1]) >= 0.9 and max(aspects[1]) <= 1.1


def test_a_finished_run_is_not_run_again(train_command, tmp_path, capsys):
    assert main([*train_command, "--set", "epochs=1"]) == 0
    log = (tmp_path / "out" / "log.csv").read_text()
    assert main([*train_command, "--set", "epochs=1"]) == 0
    assert (tmp_path / "out" / "log.csv").read_text() == log
    assert main([*train_command, "--set", "epochs=2"]) == 1
    assert "epochs was 1, is 2" in capsys.readouterr().err


@pytest.mark.parametrize("workers", [0, 1])
def test_pictures_that_are_missing_are_named(
    train_command, crops_root, tmp_path, capsys, monkeypatch, workers
):
    (tmp_path / "crops").mkdir()
    shutil.copy(crops_root / "index.json", tmp_path / "crops")
    own = ["--data", f"crops={tmp_path / 'crops'}", "--set", f"workers={workers}"]
    command = [*train_command, *own]
    command.remove(f"crops={crops_root}")
    command.remove("--data")
    assert main(command) == 1
    said = capsys.readouterr().err.splitlines()
    assert "no picture that can be read: " in said[-1]
    assert said[-1].startswith("tadt-train: ")
    assert not any("Traceback" in line for line in said)
    left = multiprocessing.active_children()
    for process in left:  # they would keep the tests from ending
        process.kill()
    assert not left
    assert (tmp_path / "out" / "checkpoint.pt").exists()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("search=256", "must be 127 and a multiple of 8"),
        ("epoch=3", "unknown setting 'epoch'; valid are: epochs"),
        ("precision=fp8", "must be one of fp32, bf16, fp16"),
        ("start=nothing", "unknown weights 'nothing'"),
        ("same_category=2.0", r"must lie in [0.0, 1.0]"),
        ("device=tpu", "unknown device 'tpu'"),
    ],
)
def test_wrong_settings_are_named(train_command, capsys, setting, words):
    assert main([*train_command, "--set", setting]) == 1
    assert words in capsys.readouterr().err


def test_a_wrong_layout_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["dasiamrpn", "--data", "cocoa=/nowhere", "--out", "/nowhere"])
    assert "got 'cocoa=/nowhere'" in capsys.readouterr().err


def test_values_too_large_for_half_are_not_shipped(tmp_path):
    with pytest.raises(ValueError, match="not finite in float16: kernel"):
        export(tmp_path / "w.safetensors", {"kernel": torch.full((1, 1), 1e6)}, {})
    assert not list(tmp_path.iterdir())
