"""Threads gather where that is faster beside a load, and only there."""

import os
import sys
import threading
import time

import pytest

from tadt_tracking.engines import contention
from tadt_tracking.engines.contention import PROBE_EVERY, RETRY, ROUND, Plan, gathered_threads
from tadt_tracking.engines.time_slice import ask_for_short_slices, threads_in_short_slices

IDLE = {"spread": 1.0, "gathered": 1.8, "waits": 0.0}
BUSY = {"spread": 2.5, "gathered": 1.8, "waits": 0.5}
PINNED = {"spread": 1.7, "gathered": 3.0, "waits": 0.5}  # a load that keeps to the half we choose

needs_cores = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="two cores on Linux"
)


def _run(plan, machine, passes):
    """Let a plan see passes on a machine; returns in which of them it gathered."""
    gathered = []
    for _ in range(passes):
        gathered.append(plan.gathered)
        seconds = machine["gathered" if plan.gathered else "spread"]
        # Gathered threads wait for each other, whatever else there is.
        plan.note(seconds, seconds * (0.5 if plan.gathered else machine["waits"]))
    return gathered


def _busy_plan():
    plan = Plan()
    _run(plan, BUSY, 2 * ROUND)
    return plan


def test_idle_cores_are_all_used():
    assert not any(_run(Plan(), IDLE, 500))


def test_a_load_gathers_the_threads():
    gathered = _run(Plan(), BUSY, 500)
    assert not any(gathered[:ROUND])
    assert sum(gathered) > 0.9 * len(gathered)


def test_a_long_pass_without_waiting_is_no_load():
    assert not any(_run(Plan(), {**BUSY, "waits": 0.1}, 500))


def test_threads_spread_again_when_the_load_ends():
    plan = _busy_plan()
    gathered = _run(plan, IDLE, 300)
    assert gathered[0]
    assert not any(gathered[2 * PROBE_EVERY :])


def test_gathering_that_does_not_pay_is_seldom_tried():
    gathered = _run(Plan(), PINNED, 1000)
    assert 0 < sum(gathered) < 0.05 * len(gathered)


def test_a_trial_is_not_believed_for_ever():
    plan = Plan()
    _run(plan, PINNED, 3 * ROUND)
    freed = {**PINNED, "gathered": 1.2}
    assert any(_run(plan, freed, RETRY + ROUND))
    assert plan.gathered


def test_a_load_that_moves_gathers_threads_that_had_no_need_before():
    plan = Plan()
    _run(plan, {**BUSY, "spread": 1.8}, 2 * ROUND)
    assert not plan.gathered
    gathered = _run(plan, BUSY, 4 * ROUND)
    assert all(gathered[ROUND:])


def _with_one_beside(function):
    """Call a function in a thread of short slices that started another; returns its answer."""
    answers, done = [], threading.Event()

    def beside():
        answers.append(threading.get_native_id())
        done.wait()

    def work():
        ask_for_short_slices()
        helper = threading.Thread(target=beside)
        helper.start()
        while not answers:
            pass
        try:
            answers.append(function(answers[0]))
        finally:
            done.set()
            helper.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return answers[1]


@needs_cores
def test_those_that_work_in_step_gather_and_go_back():
    def allowed(other):
        def both():
            return [os.sched_getaffinity(thread) for thread in (0, other)]

        if other not in threads_in_short_slices():
            pytest.skip("no short slices here")
        before = both()
        with gathered_threads():
            within = both()
        return before, within, both()

    before, within, after = _with_one_beside(allowed)
    assert within[0] == within[1] < before[0]
    assert len(within[0]) == (len(before[0]) + 1) // 2
    assert before == after


@needs_cores
def test_other_threads_stay_where_they_are(monkeypatch):
    # Which threads work in step is set here: the main one does, once a test has run a network.
    def allowed(other):
        in_step = [threading.get_native_id(), other]
        monkeypatch.setattr(contention, "threads_in_short_slices", lambda: in_step)
        with gathered_threads():
            return os.sched_getaffinity(os.getpid())

    assert _with_one_beside(allowed) == os.sched_getaffinity(0)


@needs_cores
def test_a_thread_that_has_just_ended_stops_nothing(monkeypatch):
    def allowed(own):
        monkeypatch.setattr(contention, "threads_in_short_slices", lambda: [ended, own])
        with gathered_threads():
            return os.sched_getaffinity(own)

    ended = _with_one_beside(lambda other: other)
    _wait_until_gone(ended)
    assert _with_one_beside(allowed) < os.sched_getaffinity(0)


def _wait_until_gone(thread):
    """Wait for the kernel, for which a thread ends a little later than for Python."""
    deadline = time.monotonic() + 60
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:
            os.sched_getaffinity(thread)


@needs_cores
def test_a_failed_pass_leaves_the_threads_spread():
    def allowed(_):
        before = os.sched_getaffinity(0)
        with pytest.raises(RuntimeError), gathered_threads():
            raise RuntimeError
        return before, os.sched_getaffinity(0)

    before, after = _with_one_beside(allowed)
    assert before == after


def test_a_pass_is_timed_and_placed_as_planned(monkeypatch):
    clock, waits, entered = iter([10.0, 13.0]), iter([1.0, 2.0]), []
    monkeypatch.setattr(contention.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(contention, "_seconds_waited", lambda: next(waits))
    monkeypatch.setattr(contention, "gathered_threads", lambda: entered.append(1) or _nothing())
    plan = _busy_plan()
    monkeypatch.setattr(plan, "note", lambda *times: entered.append(times))
    with plan.of_pass():
        pass
    assert entered == [1, (3.0, 1.0)]


def _nothing():
    return contention.nullcontext()
