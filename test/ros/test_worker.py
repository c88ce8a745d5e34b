"""The worker with a scripted tracker: what real ones do too seldom to be tested with them."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.result import Result
from tadt_tracking.ros.reports import InitRequest, NamedTracker
from tadt_tracking.ros.worker import Worker
from tadt_tracking.settings import Settings
from tadt_tracking.trackers.base import Tracker

PATIENCE_S = 30
BOX = Box(10, 10, 20, 20)


class Scripted(Tracker):
    """Answers the value of the picture's first pixel as x. A picture of 200 and more is a fault.

    With `gate` closed, init and update wait, as a slow tracker would.
    """

    Settings = Settings

    def __init__(self):
        super().__init__(
            Settings(),
            Compute.choose(ComputeSettings(device="cpu", engine="torch", precision="fp32")),
        )
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.started_at = []

    def _init(self, image, box):
        self._work(image)
        self.started_at.append((int(image[0, 0, 0]), box))

    def _update(self, image):
        self._work(image)
        return Result(Box(float(image[0, 0, 0]), 0, 20, 20), 0.5)

    def _work(self, image):
        self.entered.release()
        assert self.gate.wait(PATIENCE_S)
        if image[0, 0, 0] >= 200:
            raise RuntimeError("out of memory")


class Heard:
    """A listener that keeps everything."""

    def __init__(self):
        self.changed = threading.Condition()
        self.reports, self.refusals, self.faults, self.notes = [], [], [], []

    def _keep(self, kept, what):
        with self.changed:
            kept.append(what)
            self.changed.notify()

    def report(self, report):
        self._keep(self.reports, report)

    def refused(self, kind, reason):
        self._keep(self.refusals, (kind, reason))

    def failed(self, doing, error):
        self._keep(self.faults, f"{doing}: {error}")

    def noted(self, text):
        self._keep(self.notes, text)

    def wait(self, reached):
        with self.changed:
            assert self.changed.wait_for(reached, PATIENCE_S), vars(self)

    @property
    def stamps(self):
        return [report.frame.stamp for report in self.reports]


def decode(message):
    if message.value is None:
        raise ValueError("bad picture")
    return np.full((100, 100, 3), message.value, np.uint8)


class Bench:
    """A worker at work, its tracker and its listener."""

    def __init__(self, **limits):
        self.tracker, self.heard = Scripted(), Heard()
        loaded = NamedTracker("scripted", self.tracker)
        limits = {"buffer_frames": 20, "catch_up_frames": 20, **limits}
        self.worker = Worker(loaded, decode, self.heard, **limits)
        self.worker.start()

    def offer(self, stamp, value=1):
        self.worker.offer(stamp, SimpleNamespace(value=value))

    def init(self, stamp=0, box=BOX, target_id="t"):
        self.worker.init(InitRequest(box, stamp, target_id))

    def track(self, stamp, value=1):
        """Offer a frame and wait for its report."""
        self.offer(stamp, value)
        self.heard.wait(lambda: stamp in self.heard.stamps)

    def set_target(self, stamp=1):
        self.offer(stamp)
        self.init(stamp)
        self.heard.wait(lambda: self.heard.reports)

    def hold(self):
        """Keep the tracker in its next update."""
        self.tracker.gate.clear()
        while self.tracker.entered.acquire(blocking=False):
            pass

    def wait_until_held(self):
        assert self.tracker.entered.acquire(timeout=PATIENCE_S)


@pytest.fixture
def bench(request):
    bench = Bench(**getattr(request, "param", {}))
    yield bench
    bench.tracker.gate.set()
    bench.worker.halt()


def test_nothing_comes_without_a_target(bench):
    for stamp in range(1, 5):
        bench.offer(stamp)
    bench.init(4)
    bench.heard.wait(lambda: bench.heard.reports)
    assert bench.heard.stamps == [4]


def test_the_first_report_is_the_given_box(bench):
    bench.set_target()
    report = bench.heard.reports[0]
    assert (report.result, report.target_id, report.tracker) == (Result(BOX, 1.0), "t", "scripted")


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
    assert (report.frame.stamp, report.result, report.target_id) == (2, Result(BOX, 1.0), "t")
    assert bench.tracker.started_at[-1] == (50, BOX)


def test_another_tracker_takes_over_where_the_last_one_was(bench):
    bench.set_target(1)
    bench.track(2, value=30)
    other = Scripted()
    bench.worker.replace(lambda: NamedTracker("other", other))
    bench.heard.wait(
        lambda: any("tracker is now other on cpu fp32" in n for n in bench.heard.notes)
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
    import sys

    bench.set_target(1)
    for stamp, message in enumerate(messages, start=2):
        bench.worker.offer(stamp, message)
        bench.heard.wait(lambda stamp=stamp: stamp in bench.heard.stamps)
    bench.heard.reports.clear()
    held = [message for message in messages if sys.getrefcount(message) > 3]
    bench.worker.halt()
    assert len(held) <= 4
