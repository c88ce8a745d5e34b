"""Short time slices are asked for where Linux knows them, and nothing else is changed."""

import ctypes
import os
import platform
import sys
import threading

import pytest

from tadt_tracking.engines import time_slice

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in time_slice._CALLS,
    reason="Linux on x86_64 or aarch64 only",
)


def _attributes():
    """The calling thread's scheduling attributes, as Linux tells them."""
    buffer = ctypes.create_string_buffer(time_slice._LAYOUT.size)
    call = time_slice._CALLS[platform.machine()][1]
    assert ctypes.CDLL(None).syscall(call, 0, buffer, time_slice._LAYOUT.size, 0) == 0
    names = ("size", "policy", "flags", "nice", "priority", "runtime", "deadline", "period")
    return dict(zip(names, time_slice._LAYOUT.unpack(buffer.raw), strict=True))


def _in_a_thread(function):
    """Run a function in a thread of its own, which ends with its attributes."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def _asking():
    before = _attributes()
    time_slice.ask_for_short_slices()
    return before, _attributes()


def test_only_the_slice_changes():
    before, after = _in_a_thread(_asking)
    assert {**after, "runtime": 0} == {**before, "runtime": 0}
    major, minor = (int(part) for part in platform.release().split(".")[:2])
    if (major, minor) >= (6, 12):
        assert after["runtime"] == time_slice.SLICE_NS


def test_threads_started_later_inherit_it():
    def start():
        return _asking()[1]["runtime"], _in_a_thread(lambda: _attributes()["runtime"])

    own, inherited = _in_a_thread(start)
    assert inherited == own


def test_a_real_time_thread_is_left_alone():
    def asking():
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            return None
        return _asking()

    answer = _in_a_thread(asking)
    if answer is None:
        pytest.skip("no right to real-time scheduling")
    assert answer[0] == answer[1]


def test_a_refusal_is_survived(monkeypatch):
    def refuse(*_):
        raise OSError(1, "refused")

    monkeypatch.setattr(time_slice, "_system_call", refuse)
    before, after = _in_a_thread(_asking)
    assert before == after
