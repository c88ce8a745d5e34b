"""The worker with a scripted tracker: how a target is set, replaced, forgotten and set again."""

import pytest
from worker_bench import BOX

from tadt_tracking.box import Box
from tadt_tracking.result import State


def test_an_older_frame_is_taken_from_the_buffer_and_caught_up(bench):
    for stamp in range(1, 9):
        bench.offer(stamp, value=stamp)
    bench.init(3)
    bench.heard.wait(lambda: 8 in bench.heard.stamps)
    assert bench.tracker.started_at == [(3, BOX)]
    assert bench.heard.stamps == [3, 4, 5, 6, 7, 8]
    assert [report.result.box.x for report in bench.heard.reports[1:]] == [4, 5, 6, 7, 8]
    assert bench.heard.reports[-1].counts.dropped == 0


@pytest.mark.parametrize("bench", [{"catch_up_frames": 2}], indirect=True)
def test_catching_up_is_bounded_and_what_is_skipped_counts_as_dropped(bench):
    for stamp in range(1, 9):
        bench.offer(stamp)
    bench.init(2)
    bench.heard.wait(lambda: 8 in bench.heard.stamps)
    assert bench.heard.stamps == [2, 5, 8]
    counts = bench.heard.reports[-1].counts
    assert (counts.seen, counts.processed, counts.dropped) == (7, 3, 4)


def test_frames_that_come_during_the_init_are_caught_up(bench):
    bench.offer(1)
    bench.hold()
    bench.init(1)
    bench.wait_until_held()
    for stamp in (2, 3):
        bench.offer(stamp)
    bench.tracker.gate.set()
    bench.heard.wait(lambda: 3 in bench.heard.stamps)
    assert bench.heard.stamps == [1, 2, 3]


def test_the_newest_frame_is_waited_for_where_none_came_yet(bench):
    bench.init(0)
    bench.track(7)
    assert bench.heard.stamps == [7]


def test_a_frame_still_to_come_is_waited_for(bench):
    bench.set_target(1)
    bench.init(5, target_id="next")
    bench.track(3)
    assert bench.heard.reports[-1].target_id == "t"
    assert "0.000000005 s" in bench.worker.snapshot().waiting_for
    bench.track(5)
    assert bench.heard.reports[-1].target_id == "next"
    assert bench.worker.snapshot().waiting_for == ""


def test_a_later_request_replaces_one_that_waits(bench):
    bench.set_target(1)
    bench.init(5, target_id="waits")
    bench.init(0, target_id="now")
    bench.heard.wait(lambda: bench.heard.reports[-1].target_id == "now")
    bench.track(5)
    assert bench.worker.snapshot().waiting_for == ""
    assert {report.target_id for report in bench.heard.reports} == {"t", "now"}


def test_a_frame_waited_for_in_vain_is_refused(bench):
    bench.set_target(1)
    bench.init(5)
    bench.track(6)
    bench.heard.wait(lambda: bench.heard.refusals)
    assert "unknown frame stamp 0.000000005 s: there are 2 frames" in bench.heard.refusals[0][1]
    bench.track(7)
    assert bench.heard.stamps == [1, 6, 7]


@pytest.mark.parametrize("bench", [{"buffer_frames": 3}], indirect=True)
def test_a_frame_too_old_is_refused_with_what_there_is(bench):
    for stamp in range(1, 6):
        bench.offer(stamp)
    bench.init(2)
    bench.heard.wait(lambda: bench.heard.refusals)
    kind, reason = bench.heard.refusals[0]
    assert kind == "target_init"
    assert reason == (
        "unknown frame stamp 0.000000002 s: there are 3 frames from 0.000000003 s to 0.000000005 s"
    )


def test_a_box_outside_is_refused_and_the_target_kept(bench):
    bench.set_target(1)
    bench.init(1, Box(100, 0, 5, 5))
    bench.heard.wait(lambda: bench.heard.refusals)
    assert "outside the 100x100 picture" in bench.heard.refusals[0][1]
    bench.track(2)
    assert bench.heard.reports[-1].target_id == "t"


def test_an_init_that_breaks_the_tracker_goes_back_to_the_target(bench):
    bench.set_target(1)
    bench.track(2, value=7)
    bench.offer(3, value=200)
    bench.init(3, target_id="next")
    bench.heard.wait(lambda: any("initialising" in fault for fault in bench.heard.faults))
    bench.track(4)
    assert bench.heard.reports[-1].target_id == "t"
    assert bench.tracker.started_at[-1] == (7, Box(7, 0, 20, 20))


def test_ids_are_made_where_none_is_given(bench):
    bench.set_target(1)
    for stamp in (2, 3):
        bench.offer(stamp)
        bench.init(stamp, target_id="")
        made = f"target-{stamp - 1}"
        bench.heard.wait(lambda made=made: bench.heard.reports[-1].target_id == made)


def test_stop_forgets_target_and_waiting_request(bench):
    bench.set_target(1)
    bench.init(9, target_id="later")
    bench.worker.stop()
    bench.heard.wait(lambda: bench.heard.reports[-1].result is None)
    assert bench.heard.reports[-1].target_id == ""
    assert bench.worker.snapshot().waiting_for == ""
    bench.offer(9)
    bench.offer(10)
    bench.init(10, target_id="next")
    bench.heard.wait(lambda: bench.heard.reports[-1].target_id == "next")
    assert [report.target_id for report in bench.heard.reports] == ["t", "", "next"]


def test_reset_starts_again_on_the_newest_frame(bench):
    bench.set_target(1)
    bench.track(2, value=50)
    bench.worker.reset()
    bench.heard.wait(lambda: len(bench.heard.reports) == 3)
    report = bench.heard.reports[-1]
    assert (report.frame.stamp, report.result.state, report.target_id) == (2, State.TRACKING, "t")
    assert (report.result.box, report.result.score) == (BOX, 1.0)
    assert bench.tracker.started_at[-1] == (50, BOX)
