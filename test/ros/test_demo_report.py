"""What the demo says of a target that was hidden."""

import json

import numpy as np
import pytest

from tadt_tracking.demo.clip import Clip
from tadt_tracking.demo.report import report

SEEN, HIDDEN = 1.0, 0.0


@pytest.fixture
def tell(tmp_path):
    """Writes a recording in which some frames were lost and some hidden; returns the report."""

    def write(hidden, lost, redetections=1, frames=None):
        hidden = [bool(int(digit)) for digit in hidden]
        frames = range(len(hidden)) if frames is None else frames
        rows = ["frame,stamp,id,x,y,w,h,score,state,latency_ms"]
        for frame, digit in zip(frames, lost, strict=True):
            box, state = {
                "1": (",,,", "LOST"),
                "0": ("0,0,10,10", "TRACKING"),
                "x": ("8,8,10,10", "TRACKING"),  # somebody else
            }[digit]
            rows.append(f"{frame},0.0,cat,{box},0.5,{state},20.0")
        (tmp_path / "results.csv").write_text("\n".join(rows) + "\n")
        counts = dict.fromkeys(("frames_seen", "frames_processed", "frames_dropped"), len(rows))
        summary = {"pictures": len(hidden), "redetections": redetections, "video": None, **counts}
        summary |= {"latency_ms": {"p50": 1.0, "p95": 2.0}, "csv": "results.csv"}
        (tmp_path / "summary.json").write_text(json.dumps(summary))
        truth = np.array([[np.nan] * 4 if away else [0, 0, 10, 10] for away in hidden])
        text = report(tmp_path, Clip(tmp_path, truth, np.where(hidden, HIDDEN, SEEN)))
        return dict(line.strip().split("  ", 1) for line in text.splitlines())

    return write


def of(told, name):
    return told[name].strip()


def test_frames_reported_lost_while_hidden_are_counted(tell):
    told = tell(hidden="0011110000", lost="0001111000")
    assert of(told, "while the target is hidden") == "4 frames, 3 of them reported lost"


def test_when_it_is_found_again_is_told(tell):
    told = tell(hidden="0011110000", lost="0001111110")
    assert of(told, "when it is back") == (
        "found again 3 frames (0.2 s) later, on frame 9; re-detections: 1"
    )


def test_somebody_else_is_not_the_target_found_again(tell):
    told = tell(hidden="0011110000", lost="000111xx00")
    assert "on frame 8" in of(told, "when it is back")
    assert of(tell("0011110000", "000111xxxx"), "when it is back") == "it was not found again"


def test_dropped_frames_do_not_shift_it(tell):
    told = tell(hidden="0011110000", lost="01110", frames=[0, 3, 5, 6, 9])
    assert of(told, "while the target is hidden") == "2 frames, 2 of them reported lost"
    assert "on frame 9" in of(told, "when it is back")


def test_a_target_never_found_and_one_never_lost_are_told_apart(tell):
    assert of(tell("001100", "001111", 0), "when it is back") == "it was not found again"
    assert of(tell("001100", "000000", 0), "when it is back") == "it was never reported lost"


def test_a_video_that_ends_while_the_target_is_hidden_tells_nothing_of_its_return(tell):
    assert of(tell("000011", "000011", 0), "when it is back") == "the video ends before"


def test_nothing_is_told_of_a_target_that_was_never_hidden(tell):
    told = tell(hidden="0000", lost="0000")
    assert "when it is back" not in told
