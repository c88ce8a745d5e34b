"""Parameters of the real node: described, checked, changed while it tracks."""

import dataclasses
from pathlib import Path

import pytest
import yaml
from scenes import ROOT, Scene

from tadt_tracking.ros.parameters import NodeSettings
from tadt_tracking.trackers import TRACKERS

SCENE = Scene()
CONFIG = ROOT / "config" / "tracker.yaml"


def flat(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def defaults():
    groups = {"": NodeSettings, **{f"{n}.": kind.Settings for n, kind in TRACKERS.items()}}
    return {
        prefix + field.name: getattr(settings(), field.name)
        for prefix, settings in groups.items()
        for field in dataclasses.fields(settings)
    }


def test_the_file_lists_every_parameter_with_its_default():
    loaded = yaml.safe_load(Path(CONFIG).read_text())
    listed = dict(flat(loaded["/**"]["ros__parameters"]))
    assert listed == defaults()
    assert {name: type(value) for name, value in listed.items()} == {
        name: type(value) for name, value in defaults().items()
    }


def test_every_parameter_is_described(client):
    for descriptor in client.describe(list(defaults())):
        assert descriptor.description, descriptor.name
    depth, stall, transport = client.describe(["queue_depth", "stall_seconds", "image_transport"])
    assert (depth.integer_range[0].from_value, depth.integer_range[0].to_value) == (1, 1000)
    assert "[frames]" in depth.description
    assert stall.floating_point_range[0].from_value == 0.01
    assert transport.additional_constraints == "one of: raw, compressed"


@pytest.mark.parametrize(
    "values,reason",
    [
        ({"tracker": "nonsense"}, "must be one of tadt, got 'nonsense'"),
        ({"precision": "fp8"}, "must be one of auto, fp32, bf16, fp16, got 'fp8'"),
        ({"queue_depth": 0}, "out of range"),
        ({"tadt__conv4_3_channels": 100000}, "out of range"),
        ({"tadt__window_influence": 1.5}, "out of range"),
        ({"tadt__window_influence": float("nan")}, "out of range"),
        ({"stall_seconds": 1}, "Wrong parameter type"),
        ({"image_transport": "smoke"}, "must be one of raw, compressed"),
    ],
)
def test_a_bad_value_is_refused_and_the_old_one_stays(tracking, values, reason):
    name = next(iter(values)).replace("__", ".")
    before = tracking.get_parameter(name)
    result = tracking.set_parameters(**values)
    assert not result.successful
    assert reason in result.reason
    assert tracking.get_parameter(name) == before
    assert tracking.track(SCENE.frame(1)).id == "kept"


def test_a_trackers_setting_changes_while_it_tracks(node, tracking):
    told = node.log().count("tracker is now tadt")
    assert tracking.set_parameters(tadt__conv4_3_channels=128, precision="fp32").successful
    tracking.spin_until(lambda: node.log().count("tracker is now tadt") == told + 1, "the change")
    assert tracking.fresh("tracker")["device and precision"].endswith(" fp32")
    assert tracking.track(SCENE.frame(1)).id == "kept"
    assert tracking.set_parameters(tadt__conv4_3_channels=300, precision="auto").successful
    tracking.spin_until(lambda: node.log().count("tracker is now tadt") == told + 2, "the change")
    assert tracking.track(SCENE.frame(2)).id == "kept"


def test_a_tracker_that_cannot_be_built_leaves_the_present_one(tracking):
    assert tracking.set_parameters(tadt__weights="missing.safetensors").successful
    tracking.spin_until(
        lambda: "missing.safetensors" in tracking.fresh("tracker")["last fault"], "the reason"
    )
    assert tracking.track(SCENE.frame(1)).id == "kept"
    assert tracking.set_parameters(tadt__weights="vgg16-oxford").successful
    assert tracking.track(SCENE.frame(2)).id == "kept"


def test_the_same_value_again_changes_nothing(node, tracking):
    told = node.log().count("tracker is now")
    assert tracking.set_parameters(tadt__conv4_3_channels=300, stall_seconds=3.0).successful
    assert tracking.set_parameters(stall_seconds=2.0).successful
    tracking.track(SCENE.frame(1))
    assert node.log().count("tracker is now") == told
