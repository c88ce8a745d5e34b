"""The process around the managed node: signals, faults in callbacks, clean end.

Unlike :func:`tadt_tracking.ros.process.run`, the context is alive until the node has ended its own
thread, and what a callback raises is logged and survived: rclpy raises out of the executor when
somebody asks for a lifecycle transition that the present state does not have.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import NoReturn, Protocol

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from tadt_tracking.ros.process import tune_malloc

Interruptible = Callable[[], AbstractContextManager[None]]


class ManagedNode(Protocol):
    """A node that can bring itself up."""

    def start(self) -> None:
        """Configure and activate, if it is to do so by itself."""

    def destroy_node(self) -> None:
        """End threads and destroy the node."""


class _Ending:
    """Set by SIGINT and SIGTERM, whose handler does little else: it may run at any moment."""

    def __init__(self) -> None:
        self.asked = self._at_once = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.asked = True
        if self._at_once:
            raise SystemExit

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal that comes meanwhile raise SystemExit."""
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """As :meth:`at_once`, and raise it at once where a signal has come already."""
        with self.at_once():
            if self.asked:
                raise SystemExit
            yield


def run_managed(name: str, make_node: Callable[[Interruptible], ManagedNode]) -> int:
    """Run one managed node on a single-threaded executor; returns the exit status.

    SIGINT and SIGTERM end it with 0, when the callback in hand is done. The node must have a timer:
    it is what lets a signal be seen. A bad parameter while the node is made is logged under `name`
    and ends it with 1.

    Args:
        name: for the log.
        make_node: makes the node; is given a context manager for what may take minutes, and may be
            given up when a signal comes.
    """
    ending = _Ending()
    tune_malloc()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = make_node(ending.interruptible)
    except (ValueError, ParameterException) as error:
        get_logger(name).fatal(str(error))
        rclpy.shutdown()
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    with suppress(SystemExit):
        _work(node, executor, ending)
    executor.shutdown()
    with suppress(SystemExit), ending.at_once():
        node.destroy_node()
    # A managed node refers to itself. Until it is gone so is not its part of DDS, whose shared
    # memory a process that ends at once would leave behind for good.
    del node, executor
    gc.collect()
    rclpy.shutdown()
    return 0


def _work(node: ManagedNode, executor: SingleThreadedExecutor, ending: _Ending) -> None:
    if not ending.asked:  # while it was made
        node.start()
    while not ending.asked:
        try:
            executor.spin_once()
        except Exception as error:  # a fault in one callback must not end the node
            node.get_logger().error(f"{error}\n{traceback.format_exc()}")


def end_process(status: int) -> NoReturn:
    """End the process at once, with a thread that builds a tracker or without.

    Such a thread cannot be interrupted, and Python's own way out aborts while it is in C++.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
