"""Two processes that train together, as torchrun starts them."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe, DaSiamRpnRunSettings
from tadt_tracking.training.data import PairDataset, PairSettings, read_tracks
from tadt_tracking.training.loop import Training
from tadt_tracking.training.ranks import joined

ROOT = Path(__file__).parents[3]


class _Noted(PairDataset):
    """Notes which pairs it was asked for."""

    def __getitem__(self, index):
        self.__dict__.setdefault("asked", []).append(index)
        return super().__getitem__(index)


def _train(folder, crops):
    """What each process does: two steps; keeps its weights in `folder`."""
    torch.set_num_threads(1)
    settings = DaSiamRpnRunSettings(
        start="random", pairs=4, batch=4, epochs=2, workers=0, device="cpu", log_every=1
    )
    tracks = read_tracks("crops", crops)
    pairs = _Noted(tracks, PairSettings(), seed=0, pairs=8)
    with joined("cpu") as ranks:
        recipe = DaSiamRpnRecipe(settings, pairs, PairDataset(tracks, seed=1, pairs=3))
        run = Training(recipe, folder, ranks, {})
        torch.save(recipe.network.state_dict(), folder / f"start_{ranks.rank}.pt")
        assert run.run()
        found = {"weights": recipe.network.state_dict(), "validation": run.validation}
        found["pairs"] = pairs.asked
        torch.save(found, folder / f"end_{ranks.rank}.pt")


def test_two_processes_end_with_equal_weights(crops_root, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", __file__, str(tmp_path), str(crops_root)]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run(command, check=True, env=environment, timeout=500)
    start = torch.load(tmp_path / "start_0.pt")
    one, other = (torch.load(tmp_path / f"end_{rank}.pt") for rank in (0, 1))
    learnt = [n for n in start if n.startswith("conv_") and n.endswith("weight")]
    assert len(learnt) == 4
    for name in learnt:
        assert one["weights"][name].isfinite().all()
        assert not one["weights"][name].equal(start[name])
    for name, tensor in one["weights"].items():
        if "running" not in name:  # batch norms count their own pairs; those of rank 0 are kept
            assert tensor.equal(other["weights"][name]), name
    assert (one["pairs"], other["pairs"]) == ([0, 2, 4, 6], [1, 3, 5, 7])
    assert one["validation"] == other["validation"]
    assert set(one["validation"]) == {"val_iou", "val_success"}
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3


if __name__ == "__main__":
    _train(Path(sys.argv[1]), Path(sys.argv[2]))
