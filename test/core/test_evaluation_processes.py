"""Processes of the benchmark: fresh ones, and those that keep the cores busy."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from tadt_tracking.cores import core_count
from tadt_tracking.evaluation.processes import (
    busy_cores,
    in_fresh_process,
    peak_mib,
)


def _peak_of(mib):
    np.ones(mib << 17)
    return peak_mib()


def test_each_process_has_its_own_peak():
    ballast = np.ones(600 << 17)
    assert peak_mib() > 600
    small, large = in_fresh_process(_peak_of, 1), in_fresh_process(_peak_of, 200)
    assert small < 300
    assert large - small == pytest.approx(199, abs=30)
    del ballast


def _fail():
    raise ValueError("of the child")


def test_an_error_in_a_fresh_process_comes_back():
    with pytest.raises(ValueError, match="of the child"):
        in_fresh_process(_fail)


def test_every_core_is_kept_busy_and_then_let_go():
    with busy_cores() as processes:
        assert len(processes) == core_count()
        before = [sum(psutil.Process(p.pid).cpu_times()[:2]) for p in processes]
        assert [os.getpriority(os.PRIO_PROCESS, p.pid) for p in processes] == [
            os.getpriority(os.PRIO_PROCESS, 0)
        ] * len(processes)
        time.sleep(0.5)
        after = [sum(psutil.Process(p.pid).cpu_times()[:2]) for p in processes]
        assert all(b - a > 0.02 for a, b in zip(before, after, strict=True))
    assert not any(psutil.pid_exists(process.pid) for process in processes)


def test_load_ends_with_an_error_too():
    with pytest.raises(KeyError), busy_cores() as processes:
        raise KeyError
    assert not any(psutil.pid_exists(process.pid) for process in processes)


def test_load_does_not_outlive_its_parent():
    code = (
        "import os, signal\n"
        "from tadt_tracking.evaluation.processes import busy_cores\n"
        "with busy_cores() as processes:\n"
        "    print(*(p.pid for p in processes), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code]
    killed = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    orphans = [int(pid) for pid in killed.stdout.split()]
    assert len(orphans) == core_count()
    end = time.monotonic() + 20
    while any(map(_runs, orphans)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(_runs, orphans))


def _runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
