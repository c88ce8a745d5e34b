"""The demo, the video source and the recorder as users run them: real processes, real DDS."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import cv2
import psutil
import pytest
from harness import PATIENCE_S, Client, wait_until
from scenes import ROOT
from tadt_tracking.msg import TrackerStatus

from tadt_tracking.demo import clip, preparation
from tadt_tracking.demo.processes import ChildFailed, Children
from tadt_tracking.demo.run import Job, environment, node_command, tracker_command
from tadt_tracking.trackers import TRACKERS

FRAMES = 30


def start_demo(out, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "tadt_tracking.demo", "--out", str(out), *map(str, options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_demo(out, *options):
    demo = start_demo(out, *options)
    printed, errors = demo.communicate(timeout=3 * PATIENCE_S)
    return demo.returncode, printed, errors


def node_processes(out):
    """The nodes of the demo that writes into `out`."""
    nodes = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        variables = process.info["environ"] or {}
        if variables.get("ROS_LOG_DIR", "").startswith(str(out)):
            nodes.append(process)
    return nodes


def wait_for_log(out, name, text):
    path = out / "logs" / f"{name}.log"
    wait_until(lambda: path.exists() and text in path.read_text(), f"{text!r} in {path}")


def count_pictures(video):
    capture = cv2.VideoCapture(str(video))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The demo on the beginning of its clip, picture by picture."""
    out = tmp_path_factory.mktemp("demo")
    picture = out / "sheet.jpg"
    result = run_demo(out, "--frames", FRAMES, "--pace", "lockstep", "--picture", picture)
    return out, *result


def test_the_demo_tracks_its_clip_and_prints_the_report(played):
    out, status, printed, errors = played
    assert status == 0, printed + errors
    overlap = re.search(r"mean overlap with the truth +([\d.]+) in 30 frames", printed)
    assert overlap and float(overlap[1]) > 0.75
    assert re.search(r"seen / processed / dropped +30 / 30 / 0\n", printed)
    assert re.search(r"latency p50 / p95 +\d+ / \d+ ms", printed)
    assert str(out / "overlay.mp4") in printed and str(out / "results.csv") in printed


def test_the_table_and_the_video_hold_every_frame(played):
    out = played[0]
    with (out / "results.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    stamps = [row["stamp"] for row in rows]
    assert stamps == sorted(set(stamps))
    assert {row["state"] for row in rows} == {"TRACKING"}
    assert len({row["id"] for row in rows}) == 1
    assert count_pictures(out / "overlay.mp4") == FRAMES
    assert json.loads((out / "summary.json").read_text())["pictures"] == FRAMES
    assert cv2.imread(str(out / "sheet.jpg")).shape == (612, 1218, 3)


def test_no_process_is_left(played):
    assert node_processes(played[0]) == []


def test_a_video_of_the_user_needs_no_truth(played, tmp_path):
    rendered = clip.prepare(played[0], FRAMES)
    init = ",".join(str(value) for value in rendered.truth[0])
    out = tmp_path / "out"
    given = ("--video", rendered.pictures, "--init", init, "--pace", "lockstep")
    status, printed, errors = run_demo(out, *given)
    assert status == 0, printed + errors
    assert "overlap" not in printed
    assert re.search(rf"dropped +{FRAMES} / {FRAMES} / 0", printed)


def test_a_video_without_a_box_tells_how_to_give_one(tmp_path):
    status, _, errors = run_demo(tmp_path, "--video", "somewhere.mp4")
    assert status == 2 and "--init x,y,w,h" in errors and "INIT=x,y,w,h" in errors


@pytest.mark.parametrize(
    ("video", "init", "named"),
    [
        ("/no/such/video.mp4", "1,2,3,4", "'/no/such/video.mp4'"),
        ("{clip}", "1,2,3", "'1,2,3'"),
        ("{clip}", "9e9,0,9,9", "9000000000.0"),
    ],
)
def test_a_bad_video_or_box_is_named_and_nothing_is_left(played, tmp_path, video, init, named):
    video = video.format(clip=clip.prepare(played[0], FRAMES).pictures)
    status, _, errors = run_demo(tmp_path, "--video", video, "--init", init)
    assert status == 1
    assert "video_source ended with exit status 1" in errors and named in errors
    assert node_processes(tmp_path) == []


def test_a_tracker_that_dies_is_named_with_the_end_of_its_log(tmp_path):
    demo = start_demo(tmp_path)
    wait_for_log(tmp_path, "tracker_node", "set at")
    tracker = [p for p in node_processes(tmp_path) if any("tracker_node" in a for a in p.cmdline())]
    tracker[0].kill()
    _, errors = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 1
    assert "tracker_node ended with exit status -9" in errors and "set at" in errors
    assert node_processes(tmp_path) == []


def test_ctrl_c_ends_the_video_and_prints_the_report(played, tmp_path):
    rendered = clip.prepare(tmp_path)
    init = ",".join(str(value) for value in rendered.truth[0])
    out = tmp_path / "out"
    demo = start_demo(out, "--video", rendered.pictures, "--init", init, "--pace", "lockstep")
    wait_until((out / "overlay.mp4").exists, "the first pictures")
    demo.send_signal(signal.SIGINT)
    printed, errors = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, printed + errors
    seen = int(re.search(r"dropped +(\d+) /", printed)[1])
    assert 0 < seen < clip.FRAMES
    pictures = json.loads((out / "summary.json").read_text())["pictures"]
    # The picture that was on its way when the source was ended may have reached the tracker alone.
    assert count_pictures(out / "overlay.mp4") == pictures >= seen - 1
    assert node_processes(out) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_recorder_finishes_its_files(played, tmp_path, number):
    pictures = clip.prepare(played[0], FRAMES).pictures
    folder = tmp_path / "it's"  # YAML has a meaning for apostrophes
    with Children(tmp_path / "logs", environment(tmp_path / "logs")) as children:
        recorder = children.start(
            "result_recorder", node_command("result_recorder", {"folder": str(folder)})
        )
        source = children.start(
            "video_source", node_command("video_source", {"source": str(pictures), "rate": 100.0})
        )
        children.wait(source, PATIENCE_S)
        recorder.process.send_signal(number)
        children.wait(recorder, PATIENCE_S)
    summary = json.loads((folder / "summary.json").read_text())
    assert 0 < summary["pictures"] <= FRAMES and summary["results"] == 0
    assert count_pictures(folder / "overlay.mp4") == summary["pictures"]


def test_counts_are_those_of_the_target_that_was_stopped(tmp_path):
    command = node_command("result_recorder", {"folder": str(tmp_path)})
    command += ["-r", "__ns:=/stopped"]  # the other tests' node has a status, too
    with Children(tmp_path / "logs", dict(os.environ)) as children, Client("/stopped") as client:
        recorder = children.start("result_recorder", command)
        statuses = client.node.create_publisher(TrackerStatus, "tracker_node/status", 10)
        client.spin_until(lambda: statuses.get_subscription_count() == 2, "the recorder")
        statuses.publish(TrackerStatus(state=TrackerStatus.TRACKING, frames_seen=7))
        statuses.publish(TrackerStatus(state=TrackerStatus.IDLE))
        assert statuses.wait_for_all_acked()
        for _ in range(3):  # a message is taken before a service answers, one a turn
            client.get_parameter("folder", "/stopped/result_recorder")
        recorder.process.send_signal(signal.SIGINT)
        children.wait(recorder, PATIENCE_S)
    assert json.loads((tmp_path / "summary.json").read_text())["frames_seen"] == 7


def test_a_recorder_gives_a_tracker_time_to_begin(played, tmp_path):
    pictures, logs = clip.prepare(played[0], FRAMES).pictures, tmp_path / "logs"
    with Children(logs, environment(logs)) as children:
        given = {"folder": str(tmp_path / "rec"), "idle_timeout": 0.4}
        recorder = children.start("result_recorder", node_command("result_recorder", given))
        source = {"source": str(pictures), "rate": 100.0}
        children.start("video_source", node_command("video_source", source))
        children.wait(recorder, PATIENCE_S)
    idle = re.search(r"nothing came for ([\d.]+) s", (logs / "result_recorder.log").read_text())
    assert float(idle[1]) >= 10 * 0.4


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"source": "{clip}", "timeout": 0.5}, "1 of 1 subscribers of /image"),
        ({"source": "{clip}", "pace": "lockstep"}, "'init' is empty"),
        ({"source": "{clip}", "pace": "hasty"}, "'hasty'"),
        ({"source": "{clip}", "init": "1,2,nan,4"}, "nan"),
        ({"source": ""}, "'source' is empty"),
        ({"source": "63"}, "camera 63"),
    ],
)
def test_the_source_refuses_by_name(played, tmp_path, parameters, named):
    pictures = str(clip.prepare(played[0], FRAMES).pictures)
    given = {k: v.format(clip=pictures) if k == "source" else v for k, v in parameters.items()}
    with Children(tmp_path, environment(tmp_path)) as children:
        source = children.start("video_source", node_command("video_source", given))
        with pytest.raises(ChildFailed) as failure:
            children.wait(source, PATIENCE_S)
    assert "exit status 1" in str(failure.value) and named in str(failure.value)


def test_a_child_that_hangs_is_ended_and_named(tmp_path):
    with Children(tmp_path, environment(tmp_path)) as children:
        code = "import time; print('awake', flush=True); time.sleep(600)"
        child = children.start("sleeper", [sys.executable, "-c", code])
        wait_until(lambda: "awake" in child.log.read_text(), "the sleeper's line")
        with pytest.raises(ChildFailed, match="sleeper did not end within 0 s"):
            children.wait(child, 0.1)
    assert child.process.returncode == -signal.SIGINT


@pytest.fixture
def builds(monkeypatch, tmp_path):
    """Prepares, without a cache so far, by a given piece of Python in place of the tracker's."""
    monkeypatch.setattr(preparation, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(preparation.metadata, "version", lambda package: "1")

    def prepare(code):
        monkeypatch.setattr(preparation, "BUILD", code)
        told = []
        preparation.prepare(tmp_path / "logs", "tadt", "", told.append)
        return told

    return prepare


def test_the_network_is_prepared_once(builds):
    with pytest.raises(ChildFailed, match=r"preparation ended with exit status 1[^$]*no VNNI"):
        builds("raise ValueError('no VNNI')")
    assert "quantising" in builds("pass")[0]
    assert builds("raise ValueError('a second time')") == []


def test_a_network_made_in_another_way_is_prepared_anew(builds, monkeypatch, tmp_path):
    builds("pass")
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "quantization.py").write_text("WINDOWS = 1")
    monkeypatch.setattr(preparation, "ENGINES", tmp_path / "engines")
    assert len(builds("pass")) == 1
    assert builds("pass") == []


def test_nothing_is_prepared_without_openvino(builds, monkeypatch):
    def missing(package):
        raise preparation.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(preparation.metadata, "version", missing)
    assert builds("raise ValueError('not called')") == []


def test_the_weights_fetched_are_those_of_the_trackers():
    for name, kind in TRACKERS.items():
        variants = preparation.WEIGHTS[name]
        for variant, weights in variants.items():
            settings = kind.Settings(**preparation.options_of(variant))
            assert kind.weights_name(settings) == weights
        assert kind.weights_name(kind.Settings()) == next(iter(variants.values()))


def test_another_network_follows_the_clip_too(tmp_path):
    given = ("--tracker", "dasiamrpn", "--variant", "r50", "--frames", FRAMES)
    status, printed, errors = run_demo(tmp_path, *given, "--pace", "lockstep")
    assert status == 0, printed + errors
    assert json.loads((tmp_path / "summary.json").read_text())["tracker"] == "dasiamrpn"
    overlap = re.search(r"mean overlap with the truth +([\d.]+) in 30 frames", printed)
    assert overlap and float(overlap[1]) > 0.75


def test_the_node_is_told_the_network(tmp_path):
    job = Job("0", "1,2,3,4", tmp_path, "dasiamrpn", "r50")
    assert "dasiamrpn.variant:='r50'" in tracker_command(job)
    assert not any("variant" in part for part in tracker_command(replace(job, variant="")))


@pytest.mark.parametrize(
    ("tracker", "told"), [("tadt", "those of tadt are: none"), ("dasiamrpn", "narrow, r50")]
)
def test_a_variant_that_is_none_is_refused(tmp_path, tracker, told):
    status, _, errors = run_demo(tmp_path, "--tracker", tracker, "--variant", "huge")
    assert status == 2 and "'huge'" in errors and told in errors
