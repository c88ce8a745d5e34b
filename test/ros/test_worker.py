"""The worker with a scripted tracker: frames, faults, other trackers, its thread."""

import sys
import threading
from types import SimpleNamespace

from worker_bench import BOX, Bench, Scripted, in_session

from tadt_tracking.box import Box
from tadt_tracking.result import Result, State


def test_nothing_comes_without_a_target(bench):
    for stamp in range(1, 5):
        bench.offer(stamp)
    bench.init(4)
    bench.heard.wait(lambda: bench.heard.reports)
    assert bench.heard.stamps == [4]


def test_the_first_report_is_the_given_box(bench):
    bench.set_target()
    report = bench.heard.reports[0]
    assert report.result == Result(BOX, 1.0, state=State.TRACKING)
    assert (report.target_id, report.tracker) == ("t", "scripted")


def test_a_slow_tracker_gets_the_newest_frame_only_and_drops_are_counted(bench):
    bench.set_target(1)
    bench.hold()
    bench.offer(2)
    bench.wait_until_held()
    for stamp in (3, 4, 5):
        bench.offer(stamp)
    bench.tracker.gate.set()
    bench.track(6)
    assert bench.heard.stamps in ([1, 2, 5, 6], [1, 2, 6])
    counts = bench.heard.reports[-1].counts
    assert counts.seen == 6
    assert counts.processed == len(bench.heard.stamps)
    assert counts.dropped == 6 - len(bench.heard.stamps)


def test_a_fault_in_one_frame_does_not_end_the_tracking(bench):
    bench.set_target(1)
    bench.offer(2, value=200)
    bench.heard.wait(lambda: bench.heard.faults)
    bench.track(3)
    assert bench.heard.faults == ["tracking: out of memory"]
    assert bench.heard.stamps == [1, 3]


def test_a_picture_that_cannot_be_decoded_is_refused_and_the_next_one_is_tracked(bench):
    bench.set_target(1)
    bench.offer(2, value=None)
    bench.heard.wait(lambda: bench.heard.refusals)
    bench.track(3)
    assert bench.heard.refusals == [("image", "bad picture")]
    assert bench.heard.stamps == [1, 3]
    counts = bench.heard.reports[-1].counts
    assert (counts.seen, counts.processed, counts.dropped) == (3, 2, 0)


def test_another_tracker_takes_over_where_the_last_one_was(bench):
    bench.set_target(1)
    bench.track(2, value=30)
    other = Scripted()
    bench.worker.replace(lambda: in_session("other", other))
    bench.heard.wait(
        lambda: any("tracker is now other on cpu torch fp32" in n for n in bench.heard.notes)
    )
    assert other.started_at == [(30, Box(30, 0, 20, 20))]
    bench.track(3)
    assert bench.heard.stamps == [1, 2, 3]
    assert (bench.heard.reports[-1].tracker, bench.heard.reports[-1].target_id) == ("other", "t")
    assert bench.heard.reports[-1].counts.seen == 3


def test_a_tracker_that_cannot_be_built_leaves_the_present_one(bench):
    def build():
        raise ValueError("no such weights")

    bench.set_target(1)
    bench.worker.replace(build)
    bench.heard.wait(lambda: bench.heard.faults)
    assert "no such weights" in bench.heard.faults[0]
    bench.track(2)
    assert bench.heard.reports[-1].tracker == "scripted"


def test_halted_and_started_again_it_goes_on_with_the_target(bench):
    bench.set_target(1)
    bench.worker.halt()
    bench.offer(2)
    bench.worker.start()
    bench.track(3)
    assert bench.heard.reports[-1].target_id == "t"


def test_its_thread_ends(bench):
    before = threading.active_count()
    for _ in range(10):
        bench.worker.halt()
        bench.worker.start()
    assert threading.active_count() == before


def test_it_keeps_no_more_frames_than_it_was_told():
    bench = Bench(buffer_frames=3)
    messages = [SimpleNamespace(value=1) for _ in range(50)]
    bench.set_target(1)
    for stamp, message in enumerate(messages, start=2):
        bench.worker.offer(stamp, message)
        bench.heard.wait(lambda stamp=stamp: stamp in bench.heard.stamps)
    bench.heard.reports.clear()
    held = [message for message in messages if sys.getrefcount(message) > 3]
    bench.worker.halt()
    assert len(held) <= 4
