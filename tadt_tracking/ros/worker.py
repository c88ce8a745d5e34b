"""Runs a session of a tracker in a thread of its own, always on the newest frame.

The executor's thread hands over frames and requests and never waits; decoding and tracking happen
in the worker's thread, and another tracker is built in a second one, while the present one goes on.
What comes out goes to a listener, in those threads, or in that of who halts it. Nothing here knows
rclpy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.result import Result
from tadt_tracking.ros.builder import Builder, Change
from tadt_tracking.ros.frames import Frame, FrameQueue, seconds
from tadt_tracking.ros.job_thread import Job, JobThread
from tadt_tracking.ros.memory import release_memory
from tadt_tracking.ros.reports import (
    Counts,
    InitRequest,
    Listener,
    NamedSession,
    Report,
    Snapshot,
)
from tadt_tracking.ros.request_queue import RequestQueue
from tadt_tracking.ros.target import Target


class Worker:
    """Follows one target through the frames offered to it."""

    def __init__(
        self,
        loaded: NamedSession,
        decode: Callable[[Any], np.ndarray],
        listener: Listener,
        *,
        buffer_frames: int,
        catch_up_frames: int,
    ) -> None:
        """Hold a session; nothing runs before :meth:`start`.

        Args:
            loaded: the session.
            decode: makes H x W x 3 uint8 BGR of a message; ValueError refuses the message.
            listener: hears what happens.
            buffer_frames: how many frames are kept for requests that name an older one.
            catch_up_frames: at most how many of the frames since then are worked through.
        """
        self._loaded = loaded
        self._decode = decode
        self._listener = listener
        self._thread = JobThread("tracker", self._next_job, partial(listener.failed, "tracking"))
        self._builder = Builder(self._on_built, listener)
        self._lock = self._thread.lock  # guards all below
        self._frames = FrameQueue(buffer_frames, catch_up_frames)
        self._requests = RequestQueue()
        self._target: Target | None = None
        self._numbers = count(1)  # of targets without an id

    # Called from outside.

    def start(self) -> None:
        """Start to work."""
        self._loaded.use_threads()  # another tracker that could not be built may have changed that
        self._thread.start()
        self._builder.start()

    def halt(self) -> None:
        """Stop when the frame in hand is done.

        The target is kept; buffered frames, and boxes drawn on them or on frames to come, are not.
        """
        self._thread.halt()
        self._frames.clear()
        with self._lock:
            dropped = self._requests.drop_boxes()
        for before in dropped:
            self._listener.refused("target_init", f"deactivated before {before}")

    def close(self) -> None:
        """Halt for good, and wait for no tracker that is being built."""
        self._builder.close()
        self.halt()

    def offer(self, stamp: int, message: Any) -> None:
        """Hand over the next frame; `stamp` in nanoseconds. One not yet taken up is replaced."""
        with self._lock:
            self._frames.add(stamp, message)
            self._lock.notify()

    def init(self, request: InitRequest) -> None:
        """Ask for a new target; the present one is followed until that one is set."""
        self._ask(request)

    def stop(self) -> None:
        """Ask to forget the target, and a request that waits for its frame."""
        self._ask(self._forget)

    def reset(self) -> None:
        """Ask to start again on the newest frame from the box and id that set the target."""
        self._ask(self._start_again)

    def replace(self, change: Change) -> None:
        """Ask for another tracker; of several asked for in a row only the last is built.

        It takes over where the target was last believed to be and catches up. Should building it
        or that fail, the present tracker stays.
        """
        self._builder.ask(change)

    def snapshot(self) -> Snapshot:
        """Return the present state."""
        with self._lock:
            target = self._target
            return Snapshot(
                loaded=self._loaded,
                target_id=target.target_id if target else "",
                result=target.result if target else None,
                counts=target.counts(self._frames.received) if target else Counts(),
                last_change=target.last_change if target else "",
                waiting_for=str(self._requests.waiting or ""),
            )

    def _ask(self, request: Job | InitRequest) -> None:
        with self._lock:
            self._requests.put(request)
            self._lock.notify()

    # In the worker's thread.

    def _next_job(self) -> Job | None:
        newest = self._frames.newest
        asked = self._requests.next(newest.stamp if newest else None)
        if asked is not None:
            return partial(self._take_up, asked) if isinstance(asked, InitRequest) else asked
        frame = self._frames.take_after(self._target.cursor) if self._target else None
        return None if frame is None else partial(self._process, frame)

    def _take_up(self, request: InitRequest) -> None:
        """Set the target on its frame, or wait for that frame, or refuse."""
        with self._lock:
            newest = self._frames.newest
            frame = self._frames.find(request.stamp) if request.stamp else newest
            if frame is None and (newest is None or request.stamp > newest.stamp):
                self._requests.waiting = request
            held = str(self._frames)
        if self._requests.waiting is request:
            self._listener.noted(f"target_init waits for {request}: there are {held}")
            return
        if frame is None:
            reason = f"unknown frame stamp {seconds(request.stamp)}: there are {held}"
            self._listener.refused("target_init", reason)
            return
        try:
            image = self._decode(frame.message)
            box = request.box.require_in(image)
        except ValueError as error:
            self._listener.refused("target_init", str(error))
            return
        self._set_target(frame, image, box, request.target_id)

    def _set_target(self, frame: Frame, image: np.ndarray, box: Box, target_id: str) -> None:
        started = time.perf_counter()
        try:
            self._loaded.session.init(image, box, frame.seconds)
        except Exception as error:  # whatever it is, the tracker may be left half initialised
            self._listener.failed(f"initialising the tracker at {tuple(box)}", error)
            self._resume_or_forget()
            return
        update_ms = _ms_since(started)
        target = Target.at(frame, box, target_id or f"target-{next(self._numbers)}")
        with self._lock:
            self._target, self._requests.waiting = target, None
            self._frames.catch_up(target.cursor)
        self._listener.noted(f"target {target.target_id!r} set at {tuple(box)}")
        self._publish(target, frame, image, target.result, update_ms)

    def _process(self, frame: Frame) -> None:
        target = self._target
        assert target is not None  # see _next_job
        with self._lock:
            target.take_up(frame)
        try:
            image = self._decode(frame.message)
        except ValueError as error:
            self._listener.refused("image", str(error))
            return
        started = time.perf_counter()
        result = self._loaded.session.update(image, frame.seconds)
        self._publish(target, frame, image, result, _ms_since(started))

    def _publish(
        self, target: Target, frame: Frame, image: np.ndarray, result: Result, update_ms: float
    ) -> None:
        with self._lock:
            change = target.found(frame, result)
            counts = target.counts(self._frames.received)
        name, target_id = self._loaded.name, target.target_id
        if change:
            self._listener.noted(f"target {target_id!r} {change}")
        self._listener.report(Report(frame, target_id, result, update_ms, counts, name, image))

    def _forget(self) -> None:
        with self._lock:
            target, self._target = self._target, None
            self._requests.waiting = None
            self._frames.skip_missed()
        if target is not None:
            self._listener.noted(f"target {target.target_id!r} forgotten")
            name = self._loaded.name
            self._listener.report(Report(target.frame, "", None, 0.0, Counts(), name))

    def _start_again(self) -> None:
        target = self._target
        if target is None:
            self._listener.refused("reset", "no target is set")
        else:
            self._take_up(InitRequest(target.first_box, 0, target.target_id))

    def _take_over(self, loaded: NamedSession, change: Change) -> None:
        try:
            loaded.use_threads()
            self._resume(loaded)
        except Exception as error:  # whatever it is, the present tracker can go on
            self._loaded.use_threads()
            change.failed(self._listener, error)
            return
        change.took_over()
        self._listener.noted(f"tracker is now {loaded}")
        release_memory()  # of the one before

    def _resume(self, loaded: NamedSession) -> None:
        """Let a session take over from where the target was last believed to be.

        A target that is lost stays lost until that session finds it.
        """
        target = self._target
        if target is not None:
            frame, box = target.known_at
            lost = not target.result.state.present
            loaded.session.init(self._decode(frame.message), box, frame.seconds, lost=lost)
        with self._lock:
            self._loaded = loaded
            if target is not None:
                target.certain_frame = frame
                self._frames.catch_up(target.cursor)

    def _resume_or_forget(self) -> None:
        try:
            self._resume(self._loaded)
        except Exception as error:  # the tracker itself is broken: there is nothing to follow with
            self._listener.failed("going back to the present target", error)
            self._forget()

    # In the builder's thread.

    def _on_built(self, loaded: NamedSession, change: Change) -> None:
        self._ask(partial(self._take_over, loaded, change))


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
