"""The worker with a scripted tracker: frames, faults, other trackers, its thread."""

import functools
import sys
import threading
import weakref
from types import SimpleNamespace

import torch
from worker_bench import BOX, PATIENCE_S, Bench, Scripted

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
    bench.replace("other", lambda: other)
    bench.heard.wait(lambda: "tracker is now other on cpu torch fp32" in bench.heard.notes)
    assert "other took over" in bench.heard.notes
    assert other.started_at == [(30, Box(30, 0, 20, 20))]
    bench.track(3)
    assert bench.heard.stamps == [1, 2, 3]
    assert (bench.heard.reports[-1].tracker, bench.heard.reports[-1].target_id) == ("other", "t")
    assert bench.heard.reports[-1].counts.seen == 3


def test_a_tracker_that_cannot_be_built_leaves_the_present_one(bench):
    def build():
        raise ValueError("no such weights")

    bench.set_target(1)
    bench.replace("other", build)
    bench.heard.wait(lambda: bench.heard.faults)
    assert "no such weights" in bench.heard.faults[0]
    assert "other stayed out" in bench.heard.notes
    bench.track(2)
    assert bench.heard.reports[-1].tracker == "scripted"


def test_torch_runs_on_as_many_threads_as_the_tracker_that_follows_wants(bench):
    """Those of its builder's thread are not those of the worker's."""
    threads = []

    def counting(wanted):
        tracker = Scripted(threads=wanted)
        init = tracker._init
        tracker._init = lambda *args: (init(*args), threads.append(torch.get_num_threads()))
        return tracker

    def broken():
        tracker = counting(5)
        tracker._init = None  # fails
        return tracker

    bench.set_target(1)
    for index, wanted in enumerate((3, 1), start=1):
        bench.replace("other", functools.partial(counting, wanted))
        bench.heard.wait(lambda index=index: bench.heard.notes.count("other took over") == index)
    bench.replace("broken", broken)
    bench.heard.wait(lambda: "broken stayed out" in bench.heard.notes)
    bench.offer(2)
    bench.init(2, target_id="new")
    bench.heard.wait(lambda: bench.heard.reports[-1].target_id == "new")
    assert threads == [3, 1, 1]


def test_a_tracker_that_cannot_take_over_leaves_the_present_one(bench):
    bench.set_target(1)
    bench.track(2, value=30)
    other = Scripted()
    other._init = None  # fails
    bench.replace("other", lambda: other)
    bench.heard.wait(lambda: bench.heard.faults)
    assert "other stayed out" in bench.heard.notes
    bench.track(3)
    assert bench.heard.reports[-1].tracker == "scripted"


def test_while_another_tracker_is_built_all_goes_on(bench):
    """That may take a minute: its network may have to be fetched and quantised."""
    ready = threading.Event()

    def build():
        assert ready.wait(PATIENCE_S)
        return Scripted()

    bench.set_target(1)
    bench.replace("slow", build)
    bench.track(2)
    bench.worker.stop()
    bench.heard.wait(lambda: "target 't' forgotten" in bench.heard.notes)
    bench.init(2, target_id="new")
    bench.track(3)
    assert bench.heard.reports[-1].target_id == "new"
    ready.set()
    bench.heard.wait(lambda: "tracker is now slow on cpu torch fp32" in bench.heard.notes)
    bench.track(4)
    assert (bench.heard.reports[-1].tracker, bench.heard.reports[-1].target_id) == ("slow", "new")


def test_of_trackers_asked_for_in_a_row_the_last_is_built(bench):
    begun, ready, built = threading.Event(), threading.Event(), []

    def build(name):
        built.append(name)
        begun.set()
        assert ready.wait(PATIENCE_S)
        return Scripted()

    for name in ("first", "second", "third"):
        bench.replace(name, functools.partial(build, name))
        if name == "first":
            assert begun.wait(PATIENCE_S)
    ready.set()
    bench.heard.wait(lambda: "third took over" in bench.heard.notes)
    assert built == ["first", "third"]


def test_a_tracker_that_was_replaced_is_freed():
    """Its parts refer to each other, as those of real ones do."""
    bench = Bench()
    bench.set_target(1)
    bench.tracker.itself = bench.tracker
    old = weakref.ref(bench.tracker)
    bench.tracker = None
    bench.replace("other", Scripted)
    bench.track(2)
    bench.heard.wait(lambda: "tracker is now other on cpu torch fp32" in bench.heard.notes)
    bench.track(3)
    assert old() is None


def test_a_request_that_waits_for_its_frame_is_noted_and_does_not_outlive_a_halt(bench):
    bench.offer(1)
    bench.init(5)
    bench.heard.wait(lambda: bench.heard.notes)
    assert bench.heard.notes[0].startswith("target_init waits for frame 0.000000005 s: there are")
    bench.worker.halt()
    ((kind, reason),) = bench.heard.refusals
    assert (kind, reason) == ("target_init", "deactivated before frame 0.000000005 s came")
    bench.worker.start()
    bench.offer(6)
    bench.init(6, target_id="later")
    bench.heard.wait(lambda: bench.heard.reports)
    assert [report.target_id for report in bench.heard.reports] == ["later"]


def test_a_box_that_was_not_taken_up_does_not_outlive_a_halt_and_a_stop_does(bench):
    bench.set_target(1)
    bench.worker.halt()
    bench.worker.stop()
    bench.init(0, target_id="late")
    bench.worker.halt()
    assert bench.heard.refusals == [("target_init", "deactivated before it was taken up")]
    bench.worker.start()
    bench.heard.wait(lambda: "target 't' forgotten" in bench.heard.notes)
    bench.offer(2)
    bench.init(2, target_id="new")
    bench.heard.wait(lambda: bench.heard.reports[-1].target_id == "new")
    assert [report.target_id for report in bench.heard.reports] == ["t", "", "new"]
    assert not any("waits" in note for note in bench.heard.notes)


def test_halted_and_started_again_it_goes_on_with_the_target(bench):
    bench.set_target(1)
    bench.worker.halt()
    bench.offer(2)
    bench.worker.start()
    bench.track(3)
    assert bench.heard.reports[-1].target_id == "t"


def test_its_threads_end(bench):
    def own():
        """Those of benches before may still end: nobody waits for their builders."""
        return sum(thread.name in ("tracker", "builder") for thread in threading.enumerate())

    before = own()
    for _ in range(10):
        bench.worker.halt()
        bench.worker.start()
    assert own() <= before


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
