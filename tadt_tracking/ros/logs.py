"""What the core logs, in the node's log."""

from __future__ import annotations

import logging

from rclpy.impl.rcutils_logger import RcutilsLogger


class _Forwarder(logging.Handler):
    """Hands records of Python's logging on to a ROS logger."""

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        # One line each: rclpy refuses a line that logs with another severity than before.
        if record.levelno >= logging.WARNING:
            self._logger.warning(record.getMessage())
        else:
            self._logger.info(record.getMessage())


def forward_logs(logger: RcutilsLogger) -> None:
    """Write to `logger` what this package logs from now on: downloads, networks being quantised."""
    package = logging.getLogger("tadt_tracking")
    package.setLevel(logging.INFO)
    package.addHandler(_Forwarder(logger))
