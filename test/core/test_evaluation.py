"""The command line of the evaluation, its tables, and trackers in processes of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tadt_tracking import create_tracker
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.evaluation import ablations, accuracy, backbones, bench, speed
from tadt_tracking.evaluation.__main__ import main
from tadt_tracking.evaluation.csrt import CsrtEntrant
from tadt_tracking.evaluation.datasets import SHORT_TERM, Sequence
from tadt_tracking.evaluation.entrants import TrackerEntrant, bench_entrants
from tadt_tracking.evaluation.films import Film
from tadt_tracking.evaluation.options import chosen_settings
from tadt_tracking.evaluation.robustness import Protocol
from tadt_tracking.evaluation.runner import Outcome, Track, run_sequence
from tadt_tracking.result import Result
from tadt_tracking.settings import SettingError
from tadt_tracking.trackers import TRACKERS

PLAIN = {"device": "cpu", "engine": "torch", "precision": "fp32", "threads": 1}


class Still:
    """An entrant that never moves its box, in known times."""

    def __init__(self, ms):
        self.ms = ms

    def run(self, sequences, jobs=1):
        return Outcome(f"still {self.ms}", [self._track(s) for s in sequences], 12.3)

    def _track(self, sequence):
        count = len(sequence.truth)
        results = [Result(sequence.first_box, score) for score in [np.nan] + [0.9] * (count - 1)]
        return Track.of(sequence, results, [2e-3 * self.ms] + [1e-3 * self.ms] * (count - 1))


@pytest.fixture(scope="module")
def square(made_root):
    return Sequence.read(made_root / "square")


def _cells(table):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[-3:]]


@pytest.mark.parametrize("name", ablations.ABLATIONS)
def test_ablations_name_settings_of_the_tracker(name):
    tracker, rows = ablations.ABLATIONS[name]
    settings = [TRACKERS[tracker].Settings.from_dict(row.settings) for row in rows]
    assert len(set(settings)) == len(rows)


@pytest.mark.parametrize("name", TRACKERS)
def test_every_tracker_has_its_ablation_and_is_in_it_as_shipped(name):
    rows = ablations.ABLATIONS[name].rows
    kind = TRACKERS[name].Settings
    assert kind() in [kind.from_dict(row.settings) for row in rows]


def test_ablation_compares_with_the_first_row(square, monkeypatch):
    count = len(ablations.ABLATIONS["tadt"].rows)
    entrants = iter([Still(1 + i) for i in range(count)])
    monkeypatch.setattr(ablations.TrackerEntrant, "of", lambda *a, **k: next(entrants))
    table = ablations.table("tadt", [square], Protocol(starts=2))
    assert "2 starts a sequence, 1 sequences" in table
    assert [row[3:] for row in _cells(table)] == [["+0.000", "+0.000"]] * 3


def test_speed_is_compared_with_the_first_row(square):
    table = speed.of_entrants([Still(10), Still(20)], square)
    _, first, second = _cells(table)
    assert first[1:5] == ["20.0 (1.00)", "10.0 (1.00)", "10.0 (1.00)", "100.0"]
    assert second[1:] == [
        *("40.0 (2.00)", "20.0 (2.00)", "20.0 (2.00)", "50.0"),
        *("20.0 (2.00)", "50.0", "1.00", "12"),
    ]


def test_picture_sizes_are_compared_with_vga(square):
    table = speed.by_picture_size([Still(10)], square.part(frames=2))
    assert _cells(table)[-1] == ["still 10", "10.0 (1.00)", "10.0 (1.00)", "10.0 (1.00)"]


class Leaver(Still):
    """Reports its target lost in the second half of a film, in frames three times as long."""

    def _track(self, sequence):
        track = super()._track(sequence)
        later = np.arange(len(track.seconds)) >= len(track.seconds) // 2
        return replace(track, present=~later, seconds=np.where(later, 3, 1) * track.seconds)


def test_search_is_compared_with_following(square):
    film = Film(square.part(frames=10), square.part(10, frames=10), None)
    table = speed.while_searching([Leaver(10)], film)
    assert "pictures of 160x120" in table
    assert _cells(table)[-1] == ["still 10", "10.0", "30.0 (3.00)", "10"]


def test_scores_leave_out_the_given_box(square):
    table = accuracy.of_scores("still", Still(1).run([square]).tracks)
    assert _cells(table)[-2][:2] == ["0.8 to 1.0", "29"]


def test_entrant_runs_elsewhere_as_here(square):
    part = square.part(frames=5)
    entrant = TrackerEntrant.of("tadt", **PLAIN)
    outcome = entrant.run([part, square.part(3, frames=5)], jobs=2)
    here = run_sequence(create_tracker("tadt", **PLAIN), part)
    assert outcome.name == "tadt, cpu torch fp32"
    assert outcome.tracks[0].boxes == pytest.approx(here.boxes, abs=1e-3)
    assert outcome.tracks[1].sequence.start == 3
    assert outcome.peak_mib > 100


def test_bench_has_every_tracker_in_every_way():
    entrants = bench_entrants((), ({"engine": "torch"}, {"precision": "auto"}), threads=1)
    assert [e.tracker for e in entrants] == [name for name in TRACKERS for _ in range(2)]
    assert [dict(e.options) for e in entrants[:2]] == [
        {"threads": 1, "engine": "torch"},
        {"threads": 1, "precision": "auto"},
    ]


def test_bench_runs_only_what_the_user_chose():
    def ways(**compute):
        every = (bench.PLAIN, *bench.FP32_AND_AUTO)
        entrants = bench.Bench(Path(), ("tadt",), compute)._trackers(every)
        return [dict(entrant.options) for entrant in entrants]

    assert len(ways(threads=1)) == 3
    assert ways(precision="bf16") == [{"precision": "bf16"}]
    assert ways(engine="torch") == [{"engine": "torch"}]


def test_bench_measures_time_of_trackers_that_learn_as_in_the_node(square, monkeypatch):
    measured = []

    def keep(entrants, _):
        measured.extend(dict(e.options) for e in entrants)
        return ""

    for table in ("of_entrants", "by_picture_size", "while_searching"):
        monkeypatch.setattr(bench.speed, table, keep)
    monkeypatch.setattr(bench, "read_sequences", lambda *_: [square, square])

    def ways(**compute):
        measured.clear()
        made = bench.Bench(Path(), ("tadt",), compute, csrt=CsrtEntrant(Path("none")))
        for part in (made.speed, made.sizes, made.search):
            part()
        return [options["background"] for options in measured]

    assert ways() == [True] * 5
    assert ways(background=False) == [False] * 5


def test_errors_of_an_entrant_are_told_at_once():
    with pytest.raises(ValueError, match="unknown tracker 'nope'; valid are: tadt"):
        TrackerEntrant.of("nope")
    with pytest.raises(SettingError, match="unknown setting 'chanels'"):
        TrackerEntrant.of("tadt", chanels=3)
    with pytest.raises(SettingError, match="precision"):
        TrackerEntrant.of("tadt", precision="fp8")


def test_accuracy_has_a_row_for_every_split(square):
    named = [replace(square, name=name) for name in (*SHORT_TERM["otb"], *SHORT_TERM["six"])]
    table = accuracy.of_entrants([Still(1), Still(2)], named, Protocol(), jobs=1)
    for split, names in SHORT_TERM.items():
        assert f"| still 2, {split} ({len(names)} sequences)" in table
    assert table.count("area under ROC") == 2


def test_backbones_offer_torch_everywhere():
    computes = backbones.offered(device="cpu")
    assert Compute.choose(ComputeSettings(**{**PLAIN, "threads": 0})) in computes
    assert "cpu torch fp16" not in map(str, computes)


def test_run_prints_accuracy_and_scores(made_root, capsys):
    options = ["--device=cpu", "--engine=torch", "--precision=fp32", "--threads=1"]
    common = ["--root", str(made_root), "--sequences=square", *options]
    assert main(["run", *common, "--set", "selection='random'"]) == 0
    printed = capsys.readouterr().out
    assert "one pass a sequence" in printed
    assert "| tadt, cpu torch fp32 | AUC" in printed
    assert "area under ROC" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--tracker", "nope"], "unknown tracker 'nope'; valid are: tadt"),
        (["run", "--sequences", "circle"], "no sequence 'circle'"),
        (["run", "--set", "colour=1"], "unknown setting 'colour'"),
        (["ablate", "tadt", "--root", "/nowhere"], "no folder of sequences /nowhere"),
    ],
)
def test_what_is_wrong_is_told(arguments, message, made_root, capsys):
    if "--root" not in arguments:
        arguments = [*arguments, "--root", str(made_root)]
    assert main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--precision", "fp8"],
        ["run", "--starts", "0"],
        ["run", "--set", "colour"],
        ["ablate", "nope"],
        ["bench", "nope"],
        ["bench", "--frames", "1"],
    ],
)
def test_wrong_usage_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error: " in capsys.readouterr().err


def test_bench_without_csrt_says_so(capsys, tmp_path):
    assert bench.Bench(tmp_path, csrt=CsrtEntrant(tmp_path / "python"))._csrt() == []
    assert "no CSRT" in capsys.readouterr().err


def test_only_what_the_user_gave_is_passed_on():
    import argparse

    from tadt_tracking.evaluation.options import add_settings

    parser = argparse.ArgumentParser()
    add_settings(parser, ComputeSettings)
    given = parser.parse_args(["--threads", "3", "--compile"])
    assert chosen_settings(given, ComputeSettings) == {"threads": 3, "compile": True}
