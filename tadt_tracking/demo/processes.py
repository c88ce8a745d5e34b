"""Child processes that never outlive the demo, and whose logs are shown when they fail."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_POLL_S = 0.05
_STOP_S = 10.0
_LOG_LINES = 15


class ChildFailed(RuntimeError):
    """A child died or took too long; the message holds its name and the end of its log."""


@dataclass(frozen=True)
class Child:
    """One process and the file that takes all it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def failure(self, what: str) -> ChildFailed:
        """Return the error that tells `what` happened to this child."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        shown = "\n".join(f"    {line}" for line in lines) or "    (empty)"
        return ChildFailed(f"{self.name} {what}. The end of its log, {self.log}:\n{shown}")


class Children:
    """A group of child processes; leaving the `with` block ends all that still run.

    Each child leads a session of its own, so that Ctrl-C reaches only the parent, which decides
    who ends when.
    """

    def __init__(self, logs: Path, environment: dict[str, str]) -> None:
        """Logs go to `logs`, a folder that is made if it is missing."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._environment = environment
        self._children: list[Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *error: object) -> None:
        for child in self._children:
            _signal(child, signal.SIGINT)
        deadline = time.monotonic() + _STOP_S
        for child in self._children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.process.wait()

    def start(self, name: str, command: list[str]) -> Child:
        """Start `command` in the background."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def wait(self, child: Child, timeout: float | None = None) -> None:
        """Wait until `child` has ended well.

        Raises:
            ChildFailed: it ended otherwise or not within `timeout` seconds, or another child that
                was still running ended badly.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while child.process.poll() is None:
            for other in self._children:
                self._require_good(other)
            if deadline is not None and time.monotonic() > deadline:
                raise child.failure(f"did not end within {timeout:.0f} s")
            time.sleep(_POLL_S)
        self._require_good(child)

    @staticmethod
    def _require_good(child: Child) -> None:
        status = child.process.poll()
        if status:
            raise child.failure(f"ended with exit status {status}")


def interrupt(child: Child) -> None:
    """Ask a child to end properly, as Ctrl-C would."""
    _signal(child, signal.SIGINT)


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process.poll() is None:
        os.killpg(child.process.pid, number)
