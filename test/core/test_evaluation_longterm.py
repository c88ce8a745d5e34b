"""The table of long-term measures, and whom it compares: sessions, bare trackers, OpenCV's."""

import cv2
import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.evaluation import longterm
from tadt_tracking.evaluation.__main__ import main
from tadt_tracking.evaluation.datasets import Sequence
from tadt_tracking.evaluation.entrants import TrackerEntrant
from tadt_tracking.evaluation.opencv_trackers import OnnxEntrant, OpenCvTracker
from tadt_tracking.evaluation.runner import Outcome, Track, run_sequence
from tadt_tracking.result import Result, State
from tadt_tracking.settings import SettingError

BOX = Box(10, 10, 20, 20)
EVERYWHERE = ("100.0%", "100.0%")  # found, and absent but reported
PLAIN = ["--device=cpu", "--engine=torch", "--precision=fp32", "--threads=1"]


class Told:
    """An entrant that never moves its box, and answers with given states and scores."""

    def __init__(self, states, scores):
        self.states, self.scores = states, scores

    def run(self, sequences, jobs=1):
        told = zip(self.states, self.scores, strict=True)
        results = [Result(BOX, np.nan)] + [Result(BOX, score, state=state) for state, score in told]
        tracks = [Track.of(sequence, results, [0.0] * len(results)) for sequence in sequences]
        return Outcome("told", tracks, 1.0)


def _sequence(tmp_path, absent, name="made", frames=10):
    truth = np.tile(np.array(BOX), (frames, 1))
    truth[absent] = np.nan
    return Sequence(name, tmp_path, truth)


def _row(table, name):
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_states_count_as_reports(tmp_path):
    tracking, doubt, lost, search = State
    states = [tracking, tracking, doubt, lost, search, search, lost, tracking, tracking]
    sequence = _sequence(tmp_path, slice(3, 6))  # the states of its frames: doubt, lost, search
    table = longterm.of_entrants([Told(states, [0.9] * 9)], [sequence], 1)
    f = 2 * (4 / 5) * (4 / 6) / (4 / 5 + 4 / 6)
    assert _row(table, "made") == [
        *("3", f"{f:.3f}", "0.800", "0.667", "0.667", "0.667", "0.667"),
        *("50.0%", "33.3%", "2", "50.0%", "0.0%"),
    ]


def test_bare_tracker_reports_every_frame(tmp_path):
    sequence = _sequence(tmp_path, slice(3, 6))
    table = longterm.of_entrants([Told([None] * 9, [np.nan] * 9)], [sequence], 1)
    assert _row(table, "made")[1:3] == ["0.800", "0.667"]
    assert _row(table, "made")[5:] == [
        "0.000",
        "0.500",
        *["100.0%", "100.0%"],
        "0",
        *["100.0%", "100.0%"],
    ]


def test_sequence_without_absence_and_all_together(tmp_path):
    sequences = [_sequence(tmp_path, slice(3, 6)), _sequence(tmp_path, slice(0, 0), "present")]
    table = longterm.of_entrants([Told([None] * 9, [0.5] * 9)], sequences, 1)
    assert _row(table, "present")[7:] == [""] * 5
    assert _row(table, "all 2")[0] == "3"
    assert _row(table, "all 2")[7:] == [*EVERYWHERE, "0", *EVERYWHERE]


@pytest.fixture(scope="module")
def leaving_root(tmp_path_factory):
    """A sequence, "leaving": a textured square stands, is gone for three frames, and is back."""
    folder = tmp_path_factory.mktemp("sequences") / "leaving"
    (folder / "img").mkdir(parents=True)
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(0, 120, (15, 20, 3), dtype=np.uint8), (160, 120))
    patch = cv2.resize(rng.integers(100, 255, (6, 6, 3), dtype=np.uint8), (32, 32))
    lines = []
    for index in range(9):
        picture, gone = ground.copy(), 3 <= index < 6
        if not gone:
            picture[40:72, 60:92] = patch
        cv2.imwrite(str(folder / "img" / f"{index + 1:04d}.png"), picture)
        lines.append("NaN,NaN,NaN,NaN\n" if gone else "61,41,32,32\n")
    (folder / "groundtruth_rect.txt").write_text("".join(lines))
    return folder.parent


def test_command_compares_session_and_bare_tracker(leaving_root, tmp_path, capsys):
    common = ["longterm", "--root", str(leaving_root), "--sequences=leaving", "--tracker=tadt"]
    tables = ["--tables", str(tmp_path / "tables")]
    assert main([*common, *PLAIN, *tables, "--set", "patience=1.0"]) == 0
    assert (tmp_path / "tables" / "tadt_session_cpu_torch_fp32-leaving.csv").is_file()
    with_session = capsys.readouterr().out
    assert "| tadt, session, cpu torch fp32 |" in with_session
    assert _row(with_session, "leaving")[0] == "3"
    assert main([*common, *PLAIN, "--no-session"]) == 0
    bare = capsys.readouterr().out
    assert "| tadt, cpu torch fp32 |" in bare
    assert _row(bare, "leaving")[8] == "100.0%"


def test_a_folder_for_tables_that_is_a_file_is_told(leaving_root, tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    common = ["longterm", "--root", str(leaving_root), "--sequences=leaving", "--tracker=tadt"]
    assert main([*common, *PLAIN, "--tables", str(file)]) == 1
    assert f"File exists: '{file}'" in capsys.readouterr().err


def test_settings_of_a_session_need_one():
    assert TrackerEntrant.of("tadt", session=True, patience=2.0, padding=2.8).session
    with pytest.raises(SettingError, match="'patience'"):
        TrackerEntrant.of("tadt", patience=2.0)
    with pytest.raises(SettingError, match="'patience' must lie"):
        TrackerEntrant.of("tadt", session=True, patience=-2.0)


def test_opencv_tracker_follows(made_root):
    square = Sequence.read(made_root / "square").part(frames=6)
    tracker = OpenCvTracker(cv2.TrackerMIL_create)
    track = run_sequence(tracker, square)
    assert (track.overlaps > 0.5).all()
    assert np.isnan(track.scores).all()
    assert track.present.all()


class _Fickle:
    """Stands in for a tracker of OpenCV that tells a score and gives up."""

    def init(self, image, box):
        self.answers = iter([(True, (5, 5, 9, 9), 0.8), (False, (1, 1, 3, 3), 0.1)])

    def update(self, image):
        *answer, self.score = next(self.answers)
        return answer

    def getTrackingScore(self):
        return self.score


def test_opencv_tracker_that_gives_up_is_lost():
    tracker, picture = OpenCvTracker(_Fickle), np.zeros((40, 40, 3), np.uint8)
    tracker.init(picture, BOX)
    first, second = tracker.update(picture), tracker.update(picture)
    assert (first.box, first.score, first.state) == ((5, 5, 9, 9), 0.8, State.TRACKING)
    assert (second.box, second.score, second.state) == ((5, 5, 9, 9), 0.1, State.LOST)


def test_missing_network_is_told(tmp_path, capsys, leaving_root):
    with pytest.raises(ValueError, match=r"no network .*none.onnx for TrackerVit"):
        OnnxEntrant("TrackerVit", (tmp_path / "none.onnx",))
    assert main(["longterm", "--nano", "a.onnx", "b.onnx", "--root", str(leaving_root)]) == 1
    assert "no network a.onnx for TrackerNano" in capsys.readouterr().err


def test_no_tracker_is_told(capsys, leaving_root):
    assert main(["longterm", "--root", str(leaving_root), "--sequences=leaving"]) == 1
    assert "no tracker to run: name one with --tracker" in capsys.readouterr().err
