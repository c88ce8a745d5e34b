"""What the process around every node does: memory tuning, signals, clean end, exit status."""

from __future__ import annotations

import ctypes
import signal
from collections.abc import Callable

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import uninstall_signal_handlers

_MALLOPT = {
    -3: 32 << 20,  # mmap threshold
    -1: 512 << 20,  # trim threshold
    -2: 64 << 20,  # top pad
    -8: 4,  # arenas; else every new thread gets one, which keeps what earlier threads have left
}


class Finished(Exception):
    """Raised in a callback when a node's work is done: the process ends with status 0."""


class Failed(RuntimeError):
    """Raised in a callback when a node cannot go on: the message is logged, the status is 1."""


def tune_malloc() -> None:
    """Let glibc keep the memory of big images: giving it back and faulting it in again is slow.

    Call it before `rclpy.init`. It does nothing where the C library has no `mallopt`.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, size in _MALLOPT.items():
            mallopt(option, size)


def run(name: str, make_node: Callable[[], Node]) -> int:
    """Run one node on a single-threaded executor until it ends; returns the exit status.

    SIGINT, SIGTERM and :class:`Finished` end it with 0; :class:`Failed`, and a `ValueError` or
    bad parameter while the node is made, are logged under `name` and end it with 1. In every case
    the node's `destroy_node` is called, which is where a node closes what it holds.
    """
    tune_malloc()
    rclpy.init()
    node = None
    try:
        node = _make(make_node)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.spin()
        return 0
    except (KeyboardInterrupt, ExternalShutdownException, Finished):
        return 0
    except Failed as error:
        get_logger(name).fatal(str(error))
        return 1
    finally:
        _ignore_signals()  # what the node closes must be closed whole
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


def _ignore_signals() -> None:
    uninstall_signal_handlers()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _make(make_node: Callable[[], Node]) -> Node:
    try:
        return make_node()
    except (ValueError, ParameterException) as error:
        raise Failed(str(error)) from error
