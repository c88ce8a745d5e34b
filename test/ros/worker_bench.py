"""A worker with a scripted tracker, for what real ones do too seldom to be tested with them."""

import functools
import threading
from types import SimpleNamespace

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.result import Result
from tadt_tracking.ros.builder import Change
from tadt_tracking.ros.reports import InitRequest, NamedSession
from tadt_tracking.ros.worker import Worker
from tadt_tracking.session import Session, SessionSettings
from tadt_tracking.settings import Settings
from tadt_tracking.trackers.base import Tracker

PATIENCE_S = 30
BOX = Box(10, 10, 20, 20)
EMPTY = 100  # the value of a picture without the target


class Scripted(Tracker):
    """Answers the value of the picture's first pixel as x; the score is low from `EMPTY` on, and
    rather low where the target is `doubted`. A picture of 200 and more is a fault.

    With `gate` closed, init and update wait, as a slow tracker would.
    """

    Settings = Settings

    def __init__(self, threads=0):
        chosen = ComputeSettings(device="cpu", engine="torch", precision="fp32", threads=threads)
        super().__init__(Settings(), Compute.choose(chosen))
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.started_at = []
        self.doubted = False

    def _init(self, image, box):
        self._work(image)
        self.started_at.append((int(image[0, 0, 0]), box))

    def _update(self, image):
        self._work(image)
        value = float(image[0, 0, 0])
        seen = 0.4 if self.doubted else 0.9
        # Pictures are 100 pixels wide, and trackers keep their box inside.
        return Result(Box(min(value, 80.0), 0, 20, 20), seen if value < EMPTY else 0.02)

    def _work(self, image):
        self.entered.release()
        assert self.gate.wait(PATIENCE_S)
        if image[0, 0, 0] >= 200:
            raise RuntimeError("out of memory")


def in_session(name, tracker):
    return NamedSession(name, Session(tracker, SessionSettings()))


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
        loaded = in_session("scripted", self.tracker)
        limits = {"buffer_frames": 20, "catch_up_frames": 20, **limits}
        self.worker = Worker(loaded, decode, self.heard, **limits)
        self.worker.start()

    def replace(self, name, build):
        """Ask for another tracker; a note tells whether it took over or stayed out."""
        noted = self.heard.noted
        took_over, stayed = (
            functools.partial(noted, f"{name} {what}") for what in ("took over", "stayed out")
        )
        self.worker.replace(Change(lambda: in_session(name, build()), took_over, stayed))

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
