"""Parameters of the real node: described, checked, changed while it tracks."""

import dataclasses
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from scenes import ROOT, Scene

from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.ros.parameters import GROUPS, TrackerChoice
from tadt_tracking.session import SessionSettings
from tadt_tracking.settings import SettingError
from tadt_tracking.trackers import TRACKERS
from tadt_tracking.trackers.base import Thresholds
from tadt_tracking.trackers.dasiamrpn_settings import THRESHOLDS, DaSiamRpnSettings
from tadt_tracking.trackers.hcf_settings import HcfSettings
from tadt_tracking.trackers.tadt import TadtSettings

SCENE = Scene()
CONFIG = ROOT / "config" / "tracker.yaml"


def flat(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def defaults():
    return {
        prefix + field.name: getattr(settings(), field.name)
        for prefix, settings in GROUPS
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
        ({"tracker": "nonsense"}, f"must be one of {', '.join(TRACKERS)}, got 'nonsense'"),
        ({"precision": "fp8"}, "must be one of auto, fp32, bf16, fp16, int8, got 'fp8'"),
        ({"engine": "abacus"}, "must be one of auto, torch, openvino, got 'abacus'"),
        ({"device": "tpu"}, "unknown device 'tpu'; valid are: auto, cpu, cuda, cuda:N"),
        ({"device": "cuda:99"}, "device 'cuda:99' is not there"),
        ({"engine": "torch", "precision": "int8"}, "'int8' is not there with engine torch"),
        ({"threads": -1}, "out of range"),
        ({"queue_depth": 0}, "out of range"),
        ({"tadt__conv4_3_channels": 100000}, "out of range"),
        ({"tadt__window_influence": 1.5}, "out of range"),
        ({"tadt__window_influence": float("nan")}, "out of range"),
        ({"session__patience": -1.0}, "out of range"),
        ({"session__lose_below": -0.5}, "must be -1 or at least 0, got -0.5"),
        ({"session__lose_below": 0.9}, "'lose_below' must not exceed 'regain_above', got 0.9"),
        ({"stall_seconds": 1}, "Wrong parameter type"),
        ({"image_transport": "smoke"}, "must be one of raw, compressed"),
    ],
)
def test_a_bad_value_is_refused_and_the_old_one_stays(tracking, values, reason):
    names = [name.replace("__", ".") for name in values]
    before = [tracking.get_parameter(name) for name in names]
    result = tracking.set_parameters(**values)
    assert not result.successful
    assert reason in result.reason
    assert [tracking.get_parameter(name) for name in names] == before
    assert tracking.track(SCENE.frame(1)).id == "kept"


CHANNELS = TadtSettings().conv4_3_channels  # other tests share the node: it is left as it was


def change(node, client, **values):
    """Set parameters and wait until another tracker is at work."""
    told = node.log().count("tracker is now tadt")
    assert client.set_parameters(**values).successful
    client.spin_until(lambda: node.log().count("tracker is now tadt") == told + 1, "the change")


def test_a_trackers_setting_changes_while_it_tracks(node, tracking):
    change(node, tracking, tadt__conv4_3_channels=128)
    assert tracking.track(SCENE.frame(1)).id == "kept"
    change(node, tracking, tadt__conv4_3_channels=CHANNELS)
    assert tracking.track(SCENE.frame(2)).id == "kept"


def test_when_a_target_counts_as_lost_changes_while_it_tracks(node, tracking):
    change(node, tracking, session__lose_below=1.0, session__regain_above=1.0)
    change(node, tracking, session__patience=0.0)
    assert not tracking.track(SCENE.ground).results
    tracking.wait_for_diagnosis("tracker", level=b"\x01")
    assert tracking.diagnosis("tracker")["message"] in ("active, LOST", "active, SEARCHING")
    change(node, tracking, **session_defaults())
    assert not tracking.track(SCENE.ground).results, "it stays lost until it is found"
    assert any(tracking.track(SCENE.frame(1)).results for _ in range(30))


def session_defaults():
    defaults = SessionSettings()
    return {f"session__{field.name}": getattr(defaults, field.name) for field in fields(defaults)}


@pytest.mark.parametrize(
    "values",
    [
        {"device": "cpu", "engine": "torch", "precision": "fp32"},
        {"engine": "torch"},
        {"threads": 1},
    ],
    ids=str,
)
def test_how_it_computes_changes_while_it_tracks(node, tracking, values):
    change(node, tracking, **values)
    asked = str(Compute.choose(ComputeSettings(**values)))
    tracking.wait_for_diagnosis("tracker", compute=asked)
    assert f"tracker is now tadt on {asked}" in node.log()
    assert tracking.track(SCENE.frame(1)).id == "kept"
    before = {name: getattr(ComputeSettings(), name) for name in values}
    change(node, tracking, **before)
    tracking.wait_for_diagnosis("tracker", compute=str(Compute.choose()))
    assert tracking.track(SCENE.frame(2)).id == "kept"


def test_a_tracker_that_cannot_be_built_leaves_the_present_one(tracking):
    assert tracking.set_parameters(tadt__weights="missing.safetensors").successful
    tracking.spin_until(
        lambda: "missing.safetensors" in tracking.fresh("tracker")["last fault"], "the reason"
    )
    assert tracking.track(SCENE.frame(1)).id == "kept"
    assert tracking.get_parameter("tadt.weights") == "vgg16-oxford", "what runs"


def test_another_method_that_cannot_be_built_leaves_the_parameters_of_the_present_one(
    node, tracking
):
    values = {"hcf__weights": "missing.safetensors", "session__patience": 3.0}
    assert tracking.set_parameters(tracker="hcf", **values).successful
    tracking.spin_until(lambda: tracking.get_parameter("tracker") == "tadt", "the one that runs")
    assert tracking.get_parameter("session.patience") == SessionSettings().patience
    change(node, tracking, session__patience=3.0)
    change(node, tracking, session__patience=SessionSettings().patience)
    assert tracking.set_parameters(hcf__weights=HcfSettings().weights).successful
    assert tracking.track(SCENE.frame(1)).id == "kept"


def test_a_tracker_that_could_not_be_built_can_be_asked_for_again(tracking):
    before = int(tracking.fresh("tracker")["faults"])
    for tries in (1, 2):
        assert tracking.set_parameters(tadt__weights="missing.safetensors").successful
        tracking.spin_until(
            lambda all_told=before + tries: int(tracking.fresh("tracker")["faults"]) == all_told,
            "the fault",
        )


def test_a_variant_without_weights_is_refused(tracking):
    result = tracking.set_parameters(tracker="dasiamrpn", dasiamrpn__variant="vot")
    assert not result.successful
    assert "'vot' comes without weights" in result.reason
    assert tracking.get_parameter("tracker") == "tadt"
    assert tracking.track(SCENE.frame(1)).id == "kept"


def test_the_same_value_again_changes_nothing(node, tracking):
    told = node.log().count("tracker is now")
    assert tracking.set_parameters(tadt__conv4_3_channels=CHANNELS, stall_seconds=3.0).successful
    assert tracking.set_parameters(stall_seconds=2.0).successful
    tracking.track(SCENE.frame(1))
    assert node.log().count("tracker is now") == told


def test_thresholds_are_checked_with_those_of_the_trackers_variant(monkeypatch):
    monkeypatch.setitem(THRESHOLDS, "narrow", Thresholds(0.2, 0.5, 0.8))
    monkeypatch.setitem(THRESHOLDS, "r50", Thresholds(0.05, 0.25, 0.8))
    choices = {
        variant: ("dasiamrpn", ComputeSettings(), DaSiamRpnSettings(variant=variant))
        for variant in ("narrow", "r50")
    }
    low = SessionSettings(doubt_below=0.1)
    TrackerChoice(*choices["r50"], low)
    with pytest.raises(SettingError, match=r"'doubt_below', got 0\.2 and 0\.1"):
        TrackerChoice(*choices["narrow"], low)
