"""Processes to measure in, and processes to measure beside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tadt_tracking.cores import core_count

# Says that it runs, then never rests; ends by itself should the process that started it be gone.
_BUSY = """
import os
print(flush=True)
while os.getppid() == {parent}:
    for _ in range(1_000_000):
        pass
"""


def fresh_processes(count: int = 1) -> ProcessPoolExecutor:
    """Return an executor whose processes inherit no memory, threads or settings of this one."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def in_fresh_process(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function of a module in a process of its own, and return what it returns."""
    with fresh_processes() as pool:
        return pool.submit(function, *arguments).result()


def peak_mib() -> float:
    """Return the most memory in MiB that this process ever had resident.

    Not `ru_maxrss`: that begins with the memory of the process from which this one was forked.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


@contextmanager
def busy_cores() -> Iterator[list[subprocess.Popen]]:
    """Keep every core busy with a process of this one's priority; yields those processes."""
    command = [sys.executable, "-I", "-S", "-c", _BUSY.format(parent=os.getpid())]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(core_count())]
    try:
        for process in processes:
            process.stdout.readline()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()
