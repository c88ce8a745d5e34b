"""Tables of every frame."""

import csv

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.frame_tables import WrittenEntrant
from tadt_tracking.evaluation.runner import Outcome, Track
from tadt_tracking.result import Result, State

BOX = Box(10, 10, 20, 20)


class Told:
    """An entrant that answers as it is told, on every sequence alike."""

    def run(self, sequences, jobs=1):
        results = [
            Result(BOX, np.nan),
            Result(BOX, 0.9, evidence=(1.0, 0.5), state=State.TRACKING),
            Result(BOX, 0.4, evidence=(0.5, 0.25), state=State.UNCERTAIN),
            Result(BOX, 0.1, state=State.LOST),
        ]
        tracks = [Track.of(sequence, results, [0.25] * 4) for sequence in sequences]
        return Outcome("told, cpu int8", tracks, 1.0)


@pytest.fixture
def sequence(tmp_path):
    truth = np.array([BOX, BOX, (10, 20, 20, 20), (np.nan,) * 4], float)
    return Sequence("made", tmp_path, truth)


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_frame_has_a_row(tmp_path, sequence):
    outcome = WrittenEntrant(Told(), tmp_path / "new" / "tables").run([sequence])
    assert outcome.name == "told, cpu int8"
    (path,) = (tmp_path / "new" / "tables").iterdir()
    assert path.name == "told_cpu_int8-made.csv"
    given, seen, doubted, lost = _rows(path)
    assert (given["frame"], given["score"], given["evidence_0"]) == ("0", "nan", "nan")
    assert [seen[key] for key in ("x", "y", "w", "h")] == ["10", "10", "20", "20"]
    assert (seen["score"], seen["overlap"], seen["evidence_1"]) == ("0.9", "1", "0.5")
    assert float(doubted["overlap"]) == pytest.approx(1 / 3, abs=1e-6)
    reported = [row["reported"] + row["tracking"] for row in (seen, doubted, lost)]
    assert reported == ["11", "10", "00"]
    assert lost["overlap"] == "nan"


def test_no_table_is_lost_where_a_sequence_is_run_again(tmp_path, sequence):
    for _ in range(2):
        WrittenEntrant(Told(), tmp_path / "tables").run([sequence, sequence])
    assert len(list((tmp_path / "tables").iterdir())) == 4


def test_nothing_runs_where_tables_cannot_be_written(tmp_path, sequence):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(FileExistsError, match=str(file)):
        WrittenEntrant(None, file).run([sequence])  # who is not there cannot run
