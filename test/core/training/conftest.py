"""What tests of training share: a small set of crops made here, short runs on it."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe, DaSiamRpnRunSettings
from tadt_tracking.training.data import PairDataset, PairSettings, read_tracks
from tadt_tracking.training.loop import Training
from tadt_tracking.training.ranks import joined

FEW = {"start": "random", "pairs": 4, "batch": 2, "epochs": 3, "log_every": 1, "workers": 0}


@pytest.fixture(scope="session")
def crops_root(tmp_path_factory):
    """A folder laid out as ../shared/train: four videos of four frames, and six still images."""
    root = tmp_path_factory.mktemp("crops")
    rng = np.random.default_rng(0)
    entries = []
    for number in range(10):
        frames = 4 if number < 4 else 1
        patch = cv2.resize(rng.integers(100, 255, (6, 6, 3), dtype=np.uint8), (90, 70))
        for frame in range(frames):
            picture = cv2.resize(rng.integers(0, 120, (20, 20, 3), dtype=np.uint8), (320, 320))
            left, top = 110 + 4 * frame, 125 - 3 * frame
            picture[top : top + 70, left : left + 90] = patch
            kind, source = ("video", f"made/v{number}") if frames > 1 else ("still", "raccoon")
            file = f"{kind}/{number}/{frame:05d}.jpg"
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / file), picture)
            entry = {"file": file, "box": [left, top, 90, 70], "kind": kind, "source": source}
            entries.append(entry | ({"frame": frame} if kind == "video" else {}))
    (root / "index.json").write_text(json.dumps(entries))
    return root


@pytest.fixture
def train_command(crops_root, tmp_path):
    """Arguments of a short training, up to its settings; the output folder is tmp_path / "out"."""
    few = ["start=random", "pairs=4", "batch=2", "epochs=3", "validation=4", "workers=0"]
    command = ["dasiamrpn", "--data", f"crops={crops_root}", "--out", str(tmp_path / "out")]
    return command + [word for name in few for word in ("--set", name)]


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
