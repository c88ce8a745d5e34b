"""Values that the node is started with, wrong ones above all."""

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from harness import CONFIGURE, PATIENCE_S, Client, NodeProcess
from scenes import Scene

SCENE = Scene()


@pytest.mark.parametrize(
    "wrong,reason,right",
    [
        ({"tracker": "nonsense"}, "got 'nonsense'", {"tracker": "tadt"}),
        (
            {"engine": "torch", "precision": "int8"},
            "'int8' is not there with engine torch",
            {"precision": "fp32"},
        ),
    ],
)
def test_a_wrong_choice_fails_the_configuration_until_corrected(wrong, reason, right):
    with NodeProcess("/wrong", **wrong) as process, Client("/wrong") as client:
        client.spin_until(
            lambda: reason in client.fresh("tracker").get("last fault", ""), "the reason"
        )
        assert reason in process.log()
        assert client.state() == "unconfigured"
        assert client.fresh("tracker")["level"] == DiagnosticStatus.ERROR, "it is still so"
        assert client.set_parameters(**right).successful
        client.bring_up()
        assert client.fresh("tracker")["level"] == DiagnosticStatus.OK
        SCENE.follow(client)
        assert process.alive


def test_wrong_values_given_at_the_start_are_corrected_one_by_one():
    wrong = {"tracker": "nonsense", "engine": "abacus"}
    with NodeProcess("/wrongs", **wrong) as process, Client("/wrongs") as client:
        client.spin_until(
            lambda: "'nonsense'" in client.fresh("tracker").get("last fault", ""), "the reason"
        )
        refused = client.set_parameters(precision="fp8")
        assert not refused.successful and "'fp8'" in refused.reason
        assert client.set_parameters(tracker="tadt").successful
        assert not client.change_state(CONFIGURE)
        assert "'abacus'" in client.fresh("tracker")["last fault"]
        assert client.set_parameters(engine="auto").successful
        client.bring_up()
        SCENE.follow(client)
        assert not client.set_parameters(engine="abacus").successful
        assert process.alive


def test_wrong_values_of_other_trackers_stand_in_nobodys_way():
    wrong = {"dasiamrpn.variant": "nonsense", "hcf.layers": "conv9", "hcf.fusion": "cold"}
    with NodeProcess("/others", **wrong) as process, Client("/others") as client:
        client.wait_for_state("active")
        assert client.set_parameters(stall_seconds=3.0).successful
        refused = client.set_parameters(tracker="dasiamrpn")
        assert not refused.successful and "'nonsense'" in refused.reason
        refused = client.set_parameters(hcf__window_shape="round")
        assert not refused.successful and "'round'" in refused.reason
        for name, value in (("dasiamrpn__variant", "narrow"), ("hcf__fusion", "coarse_to_fine")):
            assert client.set_parameters(**{name: value}).successful
        assert client.set_parameters(tracker="dasiamrpn").successful
        client.spin_until(lambda: "tracker is now dasiamrpn" in process.log(), "the change")


def test_a_good_node_that_is_not_configured_refuses_as_any():
    with NodeProcess("/idle", autostart="false"), Client("/idle") as client:
        for wrong in ({"device": "toaster"}, {"session__lose_below": 0.9, "tracker": "hcf"}):
            assert not client.set_parameters(**wrong).successful


def test_a_parameter_out_of_its_range_at_the_start_is_told():
    process = NodeProcess("/wrong", queue_depth="0")
    assert process.process.wait(PATIENCE_S) == 1
    assert "queue_depth" in process.log()
    assert "Traceback" not in process.log()
