"""The worker with a scripted tracker: a target that is lost and found again."""

import pytest
from worker_bench import BOX, EMPTY, Scripted

from tadt_tracking.box import Box
from tadt_tracking.result import State
from tadt_tracking.ros.diagnostics import tracker_status
from tadt_tracking.ros.output import Faults

SECOND = 1_000_000_000
BOX_AT_30 = Box(30, 0, 20, 20)


@pytest.fixture
def lost(bench):
    """A worker whose target was at 30 after two seconds and is gone after three."""
    bench.set_target(1 * SECOND)
    bench.track(2 * SECOND, value=30)
    bench.track(3 * SECOND, value=EMPTY)
    return bench


def come_back(bench):
    """Show the target again, for as long as it takes to believe it."""
    bench.track(4 * SECOND, value=50)
    bench.track(5 * SECOND, value=52)


def replaced(bench, tracker):
    bench.replace("other", lambda: tracker)
    bench.heard.wait(lambda: any("tracker is now other" in note for note in bench.heard.notes))


def states(bench):
    return [report.result.state for report in bench.heard.reports]


def test_the_session_gets_message_time_in_seconds(bench):
    stamps = []
    bench.set_target(1 * SECOND)
    session = bench.worker.snapshot().loaded.session
    update = session.update
    session.update = lambda image, stamp: (stamps.append(stamp), update(image, stamp))[1]
    bench.track(2_250_000_000)
    assert stamps == [2.25]


def test_a_lost_target_keeps_the_box_last_believed(lost):
    result = lost.heard.reports[-1].result
    assert not result.state.present
    assert (result.box, result.score) == (BOX_AT_30, 0.02)


def test_a_line_in_the_log_tells_why_it_was_lost(lost):
    line = "target 't' lost: score 0.020, last box (30.0, 0.0, 20.0, 20.0)"
    assert lost.heard.notes[-1] == line
    lost.track(4 * SECOND, value=EMPTY)
    assert lost.heard.notes.count(line) == 1


def test_found_again_it_counts_and_a_line_tells_where_and_after_how_long(lost):
    come_back(lost)
    assert states(lost)[-2:] == [State.LOST, State.TRACKING]
    assert [report.counts.redetections for report in lost.heard.reports] == [0, 0, 0, 0, 1]
    line = "found again after 3.00 s: score 0.900, box (52.0, 0.0, 20.0, 20.0)"
    assert lost.heard.notes[-1] == f"target 't' {line}"
    assert lost.worker.snapshot().last_change == f"{line}, at 5.000000000 s"


def test_another_target_starts_with_no_history(lost):
    come_back(lost)
    lost.init(5 * SECOND, target_id="next")
    lost.heard.wait(lambda: lost.heard.reports[-1].target_id == "next")
    assert lost.heard.reports[-1].counts.redetections == 0
    assert lost.worker.snapshot().last_change == ""


def test_another_tracker_starts_where_the_lost_target_was_last_seen(lost):
    other = Scripted()
    replaced(lost, other)
    assert other.started_at == [(30, BOX_AT_30)]


def test_a_lost_target_stays_lost_for_another_tracker_until_that_finds_it(lost):
    other = Scripted()
    replaced(lost, other)
    other.doubted = True
    lost.track(4 * SECOND, value=30)
    assert states(lost)[-1] is State.LOST
    assert lost.heard.reports[-1].result.box == BOX_AT_30
    assert not any("found again" in note for note in lost.heard.notes)
    other.doubted = False
    for stamp in (5 * SECOND, 6 * SECOND):
        lost.track(stamp, value=50)
    assert states(lost)[-1] is State.TRACKING
    assert lost.heard.reports[-1].counts.redetections == 1
    assert lost.heard.notes[-1].startswith("target 't' found again after 4.00 s")


def test_where_another_tracker_started_is_where_its_target_was_seen_last(bench):
    bench.set_target(1 * SECOND)
    bench.tracker.doubted = True
    bench.track(2 * SECOND, value=30)
    replaced(bench, Scripted())
    bench.track(3 * SECOND, value=EMPTY)
    third = Scripted()
    bench.replace("third", lambda: third)
    bench.heard.wait(lambda: any("tracker is now third" in note for note in bench.heard.notes))
    assert third.started_at == [(30, BOX_AT_30)]


def test_another_tracker_starts_where_a_doubted_target_is(bench):
    bench.set_target(1 * SECOND)
    bench.tracker.doubted = True
    bench.track(2 * SECOND, value=30)
    assert states(bench)[-1] is State.UNCERTAIN
    other = Scripted()
    replaced(bench, other)
    assert other.started_at == [(30, BOX_AT_30)]


def test_pictures_are_told_with_results_and_not_without_a_target(lost):
    assert [report.picture[0, 0, 0] for report in lost.heard.reports] == [1, 30, EMPTY]
    lost.worker.stop()
    lost.heard.wait(lambda: lost.heard.reports[-1].result is None)
    assert lost.heard.reports[-1].picture is None


def diagnosis(bench):
    status = tracker_status("active", bench.worker.snapshot(), Faults(), False, None)
    return status.level, status.message, {value.key: value.value for value in status.values}


def test_diagnostics_warn_while_the_target_is_lost_and_keep_the_reason(lost):
    level, message, values = diagnosis(lost)
    assert (level, message, values["state"]) == (b"\x01", "active, LOST", "LOST")
    assert values["last change"].startswith("lost: score 0.020, last box (30.0, ")
    come_back(lost)
    level, message, values = diagnosis(lost)
    assert (level, message, values["redetections"]) == (b"\x00", "active, TRACKING", "1")
    assert values["last change"].startswith("found again after 3.00 s")


def test_a_fault_is_told_before_a_loss(lost):
    status = tracker_status("active", lost.worker.snapshot(), Faults(1, "broken"), True, None)
    assert (status.level, status.message) == (b"\x02", "broken")


def test_reset_while_lost_starts_from_the_first_box(lost):
    lost.worker.reset()
    lost.heard.wait(lambda: len(lost.heard.reports) == 4)
    result = lost.heard.reports[-1].result
    assert (result.box, result.state) == (BOX, State.TRACKING)
