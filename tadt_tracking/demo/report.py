"""What the demo found out, in numbers and in a picture."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tadt_tracking.demo.clip import RATE_HZ, Clip
from tadt_tracking.evaluation.measures import overlaps

_MOMENTS = (0.06, 0.30, 0.46, 0.64, 0.71, 0.97)  # of the video, for the picture
_TILE = (400, 300)
_GAP = 3
_WHITE = (255, 255, 255)
_FOUND = 0.5  # overlap with the target that is found: else it may be somebody else


class ReportError(RuntimeError):
    """Results that say nothing about the tracker; the message says why."""


def report(folder: Path, clip: Clip | None) -> str:
    """Return the text that sums up a recording, compared with the truth where there is a clip.

    Raises:
        ReportError: there is no result, or the recorder did not get every picture of the clip.
    """
    summary = json.loads((folder / "summary.json").read_text())
    with (folder / "results.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    if not rows:
        raise ReportError(f"the tracker gave no result for {summary['pictures']} pictures")
    lines = [] if clip is None else _against_truth(rows, summary, clip)
    counts = " / ".join(str(summary[f"frames_{key}"]) for key in ("seen", "processed", "dropped"))
    latency = summary["latency_ms"]
    lines += [
        ("frames seen / processed / dropped", counts),
        ("latency p50 / p95", f"{latency['p50']:.0f} / {latency['p95']:.0f} ms, stamp to result"),
        ("overlay video", summary["video"] or "none: no picture came"),
        ("results", summary["csv"]),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"  {name:{width}}  {value}" for name, value in lines)


def _against_truth(
    rows: list[dict[str, str]], summary: dict[str, Any], clip: Clip
) -> list[tuple[str, str]]:
    if summary["pictures"] != len(clip.truth):
        raise ReportError(
            f"the recorder got {summary['pictures']} of the clip's {len(clip.truth)} pictures, so "
            "that results cannot be put to the truth"
        )
    frames = np.array([int(row["frame"]) for row in rows])
    truth = clip.truth[frames]
    values = np.nan_to_num(overlaps(_boxes(rows), truth))  # a target given up counts as 0
    lost = np.array([row["x"] == "" for row in rows])
    hidden = np.isnan(truth[:, 0])
    stuck = np.nanmean(overlaps(np.repeat(clip.truth[:1], len(truth), axis=0), truth))
    lines = [
        (
            "mean overlap with the truth",
            f"{values[~hidden].mean():.3f} in {np.sum(~hidden)} frames, worst "
            f"{values[~hidden].min():.2f} (a box that never moves: {stuck:.3f})",
        )
    ]
    if hidden.any():
        lines.append(
            (
                "while the target is hidden",
                f"{hidden.sum()} frames, {np.sum(hidden & lost)} of them reported lost",
            )
        )
        lines.append(("when it is back", _return(frames, hidden, lost, values, summary)))
    return lines


def _return(
    frames: np.ndarray,
    hidden: np.ndarray,
    lost: np.ndarray,
    values: np.ndarray,
    summary: dict[str, Any],
) -> str:
    """Tell when the target was found again after it was hidden; arrays of one value a result."""
    back = np.flatnonzero(hidden)[-1] + 1
    if not (hidden & lost).any():
        return "it was never reported lost"
    if back == len(hidden):
        return "the video ends before"
    found = np.flatnonzero(~lost[back:] & (values[back:] > _FOUND))
    if not found.size:
        return "it was not found again"
    wait = frames[back + found[0]] - frames[back]
    return (
        f"found again {wait} frames ({wait / RATE_HZ:.1f} s) later, on frame "
        f"{frames[back + found[0]]}; re-detections: {summary['redetections']}"
    )


def _boxes(rows: list[dict[str, str]]) -> np.ndarray:
    """Return N x 4 boxes (x, y, w, h), NaN where the target was reported lost."""
    return np.array([[float(row[key] or "nan") for key in "xywh"] for row in rows])


def contact_sheet(video: Path) -> np.ndarray:
    """Return six moments of a video in two rows: 612 x 1218 x 3, uint8, BGR.

    Raises:
        ReportError: the video cannot be read.
    """
    capture = cv2.VideoCapture(str(video))
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    tiles = []
    for moment in _MOMENTS:
        capture.set(cv2.CAP_PROP_POS_FRAMES, int(moment * count))
        good, picture = capture.read()
        if not good:
            raise ReportError(f"cannot read frame {int(moment * count)} of {video}")
        tile = cv2.resize(picture, _TILE, interpolation=cv2.INTER_AREA)
        tiles.append(cv2.copyMakeBorder(tile, *[_GAP] * 4, cv2.BORDER_CONSTANT, value=_WHITE))
    capture.release()
    half = len(tiles) // 2
    return np.vstack([np.hstack(tiles[:half]), np.hstack(tiles[half:])])
