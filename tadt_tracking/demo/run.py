"""Plays a video through the real nodes: three processes over Fast DDS, on this machine only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tadt_tracking.demo.preparation import options_of
from tadt_tracking.demo.processes import Child, Children, interrupt
from tadt_tracking.ros.private_domain import private_domain

START_TIMEOUT_S = 300.0  # for everybody to meet: the tracker loads its network meanwhile
END_TIMEOUT_S = 60.0
IDLE_END_S = 2.0


@dataclass(frozen=True)
class Job:
    """What to play.

    Attributes:
        source: video file, folder of pictures or index of a camera.
        init: the target on the first picture, "x,y,w,h" in pixels.
        out: folder for the results and the logs.
        tracker: what follows the target.
        variant: of the tracker; empty where there is but one.
        rate: pictures a second; 0 for the source's own.
        pace: "realtime" or "lockstep", see the node `video_source`.
    """

    source: str
    init: str
    out: Path
    tracker: str
    variant: str = ""
    rate: float = 0.0
    pace: str = "realtime"


def play(job: Job, tell: Callable[[str], None]) -> None:
    """Track the whole video; Ctrl-C ends the video early, everything else as always.

    Args:
        job: what to play; results.csv, overlay.mp4 and summary.json go to `job.out`.
        tell: takes lines for people.

    Raises:
        ChildFailed: a process died or did not get ready or done in time.
    """
    with Children(job.out / "logs", environment(job.out / "logs")) as children:
        source = children.start("video_source", _source_command(job))
        recorder = children.start("result_recorder", _recorder_command(job))
        children.start("tracker_node", tracker_command(job))
        tell("starting video_source, tracker_node and result_recorder (Ctrl-C ends the video)")
        try:
            children.wait(source)
        except KeyboardInterrupt:
            tell("ending the video")
            _end_early(children, source, recorder)
        children.wait(recorder, END_TIMEOUT_S)


def node_command(name: str, parameters: Mapping[str, str | float]) -> list[str]:
    """Return the command that runs the node `name` of this package with parameters."""
    command = [sys.executable, "-m", f"tadt_tracking.ros.{name}", "--ros-args"]
    for key, value in parameters.items():
        command += ["-p", f"{key}:={_in_yaml(value)}"]
    return command


def _in_yaml(value: str | float) -> str:
    """Return a value for YAML, text quoted: or a source "0" would be a number.

    A node takes 1.0 for a number only and 1 for a count only.
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def environment(logs: Path) -> dict[str, str]:
    """Return the variables for nodes that talk with each other and nobody else."""
    return (
        os.environ
        | private_domain()
        | {
            "ROS_LOG_DIR": str(logs / "ros"),
            "RCUTILS_COLORIZED_OUTPUT": "0",
            "PYTHONUNBUFFERED": "1",
        }
    )


def _source_command(job: Job) -> list[str]:
    parameters = {
        "source": job.source,
        "init": job.init,
        "pace": job.pace,
        "rate": job.rate,
        "timeout": START_TIMEOUT_S,
        "subscribers": 2,  # the tracker and the recorder
    }
    return node_command("video_source", parameters)


def tracker_command(job: Job) -> list[str]:
    """Return the command that runs the tracker of a job."""
    options = {f"{job.tracker}.{name}": value for name, value in options_of(job.variant).items()}
    return node_command("tracker_node", {"tracker": job.tracker, **options})


def _recorder_command(job: Job) -> list[str]:
    parameters = {
        "folder": str(job.out),
        "video_rate": job.rate,
        "idle_timeout": IDLE_END_S,
    }
    return node_command("result_recorder", parameters)


def _end_early(children: Children, source: Child, recorder: Child) -> None:
    """End the video; a recorder that never heard anything has to be told."""
    interrupt(source)
    children.wait(source, END_TIMEOUT_S)
    time.sleep(2 * IDLE_END_S)  # the last results, after which the recorder ends by itself
    interrupt(recorder)
