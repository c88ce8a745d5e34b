"""Short time slices: what a thread that works with others in step asks of a busy system."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import platform
import struct
import sys
import threading
from pathlib import Path

_LOG = logging.getLogger(__name__)

SLICE_NS = 100_000  # the shortest that Linux grants
# struct sched_attr, first version: size, policy, flags, nice, priority, runtime, deadline, period.
_LAYOUT = struct.Struct("IIQiIQQQ")
_SHARING_POLICIES = (0, 3)  # SCHED_OTHER, SCHED_BATCH; a real-time policy is left as it was set
# Numbers of the system calls sched_setattr and sched_getattr.
_CALLS = {"x86_64": (314, 315), "aarch64": (274, 275)}
_asked = threading.local()


def ask_for_short_slices() -> None:
    """Ask Linux to run the calling thread, and threads it starts from now on, in short slices.

    The layers of a network end only when all threads have done their part. Where another process
    keeps the cores busy, a thread waits its turn for milliseconds at every layer; with short slices
    the turn comes sooner. The share of the processor stays what it was. Linux does so from 6.12 on;
    elsewhere nothing happens.
    """
    if getattr(_asked, "done", False):
        return
    _asked.done = True
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return
    try:
        _set_slice(*_CALLS[platform.machine()])
    except OSError as error:
        _LOG.debug("no short time slices: %s", error)


def threads_in_short_slices() -> list[int]:
    """Return this process's threads (Linux's numbers) that asked, or whose starters had asked.

    Empty where the system does not grant it.
    """
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return []
    threads = (int(task.name) for task in Path("/proc/self/task").iterdir())
    return [thread for thread in threads if _is_short(thread)]


def _is_short(thread: int) -> bool:
    try:
        fields = _attributes(_CALLS[platform.machine()][1], thread)
    except OSError:  # it has ended, or the system call is not allowed
        return False
    return fields[1] in _SHARING_POLICIES and fields[5] == SLICE_NS


def _set_slice(set_call: int, get_call: int) -> None:
    fields = _attributes(get_call, 0)
    if fields[1] in _SHARING_POLICIES:
        fields[0], fields[5] = _LAYOUT.size, SLICE_NS
        _system_call(set_call, 0, _LAYOUT.pack(*fields), 0)


def _attributes(get_call: int, thread: int) -> list[int]:
    """Return a thread's fields as in `_LAYOUT`; thread 0 is the calling one."""
    attributes = ctypes.create_string_buffer(_LAYOUT.size)
    _system_call(get_call, thread, attributes, _LAYOUT.size, 0)
    return list(_LAYOUT.unpack(attributes.raw))


def _system_call(*arguments: object) -> None:
    if _libc().syscall(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
