"""What every pool must do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Task
from pipeproof.model.step import Step
from pipeproof.pools.threads import ThreadPool
from pipeproof.ports import Job, Pool

Work = Callable[[Job], Outcome]
MAKE: dict[str, Callable[[int, Work, Callable[[], None]], ThreadPool]] = {"threads": ThreadPool}


def job(name: str) -> Job:
    nowhere = Path("nowhere")
    return Job("r-1", Task(Step(name, "python"), "", "run", ""), 1, {}, {}, nowhere, nowhere, nowhere)


@pytest.fixture(params=MAKE)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Pool]]:
    made = []

    def build(work: Work, slots: int = 2, stop: Callable[[], None] = lambda: None) -> Pool:
        pool = MAKE[request.param](slots, work, stop)
        made.append(pool)
        return pool

    yield build
    for pool in made:
        pool.close()


def answer(job: Job) -> Outcome:
    return Outcome(job.step.name, job.attempt)


def test_every_job_gets_its_own_outcome(make):
    pool = make(answer)
    futures = [pool.submit(job(f"s{number}")) for number in range(100)]
    assert [future.result(10).task for future in futures] == [f"s{number}" for number in range(100)]


def test_jobs_run_at_once_as_far_as_there_are_slots(make):
    together, most, lock, busy = threading.Barrier(3), [0], threading.Lock(), [0]

    def work(job: Job) -> Outcome:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        together.wait(10)
        time.sleep(0.01)
        with lock:
            busy[0] -= 1
        return answer(job)

    pool = make(work, slots=3)
    for future in [pool.submit(job("s")) for _ in range(9)]:
        future.result(10)
    assert (pool.slots, most[0]) == (3, 3)


def test_work_that_raises_tells_who_waits(make):
    def work(job: Job) -> Outcome:
        raise SystemExit(job.step.name)

    pool = make(work, slots=1)
    assert isinstance(pool.submit(job("s")).exception(10), SystemExit)
    assert isinstance(pool.submit(job("t")).exception(10), SystemExit)


def test_a_callback_may_submit(make):
    done = threading.Event()
    pool = make(answer, slots=1)
    first = pool.submit(job("a"))
    first.add_done_callback(lambda _: pool.submit(job("b")).add_done_callback(lambda _: done.set()))
    assert done.wait(10)


def test_stop_ends_what_runs_and_what_waits(make):
    stopped = threading.Event()

    def work(job: Job) -> Outcome:
        assert stopped.wait(10)
        return answer(job)

    pool = make(work, slots=1, stop=stopped.set)
    futures = [pool.submit(job(name)) for name in "ab"]
    pool.stop()
    assert [future.result(10).task for future in futures] == ["a", "b"]
