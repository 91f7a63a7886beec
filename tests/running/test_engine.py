"""The loop with a real pool of threads, real children and a ledger, and work that is made up."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeproof.errors import Finding, StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.model.event import Event, Finished, RunStarted
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord, fold
from pipeproof.model.step import Retry, Step
from pipeproof.pools.threads import ThreadPool
from pipeproof.ports import Job
from pipeproof.running import engine, failures
from pipeproof.running.machine import Start
from pipeproof.store.memory import MemoryLedger

FLAKY = Failure("exception", "PPF201", "ConnectionError")
NONE = Retry(0)
Work = Callable[[Job], Outcome]


class Bench:
    """A run of made-up work, with a stop that the work can hear."""

    def __init__(self) -> None:
        self.ledger: Any = MemoryLedger()
        self.stopped = threading.Event()
        self.most = self.busy = 0
        self._lock = threading.Lock()

    def run(self, tasks: Sequence[Task], work: Work, slots: int = 2, **options: Any) -> RunRecord:
        plan = Plan(Pipeline("p", timeout=options.pop("timeout", None)), tuple(tasks))
        pool = ThreadPool(slots, lambda job: self._counted(work, job), self.stopped.set)
        names = tuple(task.name for task in tasks)
        started = RunStarted("r-1", "p", names, dict.fromkeys(names, "python"))
        try:
            return engine.run(plan, started, pool=pool, ledger=self.ledger, make_job=_job, **options)
        finally:
            pool.close()

    def _counted(self, work: Work, job: Job) -> Outcome:
        with self._lock:
            self.busy += 1
            self.most = max(self.most, self.busy)
        try:
            return work(job)
        finally:
            with self._lock:
                self.busy -= 1

    def wait(self, job: Job) -> Outcome:
        """Work that goes on until it is stopped."""
        assert self.stopped.wait(20)
        return Outcome(job.step.name, job.attempt, failure=failures.INTERRUPTED)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _job(start: Start) -> Job:
    nowhere = Path("nowhere")
    return Job("r-1", start.task, start.attempt, start.inputs, {}, nowhere, nowhere, nowhere)


def task(name: str, *needs: str, retry: Retry = NONE) -> Task:
    return Task(Step(name, "python", outputs={name: name}, retry=retry), "", "run", "", needs)


def chain(count: int) -> list[Task]:
    return [task(f"s{i}", *([f"s{i - 1}"] if i else [])) for i in range(count)]


def good(job: Job) -> Outcome:
    name = job.step.name
    return Outcome(name, job.attempt, outputs={name: Artifact("value", name)})


def statuses(record: RunRecord) -> dict[str, str]:
    return {name: step.status for name, step in record.steps.items()}


def test_the_record_that_comes_back_is_the_one_in_the_ledger(bench):
    record = bench.run(chain(20), good)
    assert record == fold(bench.ledger.events("r-1"))
    assert record.status == "passed"
    assert set(statuses(record).values()) == {"passed"}


def test_independent_tasks_run_at_once_and_no_more_than_there_are_slots(bench):
    meeting = threading.Barrier(3, timeout=10)

    def work(job: Job) -> Outcome:
        meeting.wait()
        return good(job)

    assert bench.run([task(name) for name in "abcdef"], work, slots=3).status == "passed"
    assert bench.most == 3


def test_a_chain_stays_in_one_thread(bench):
    seen = set()

    def work(job: Job) -> Outcome:
        seen.add(threading.get_ident())
        return good(job)

    bench.run(chain(50), work, slots=4)
    assert len(seen) == 1
    assert threading.get_ident() not in seen


def test_every_event_is_in_the_ledger_before_it_is_acted_on(bench):
    def work(job: Job) -> Outcome:
        written = [type(event).__name__ for _, event in bench.ledger.events("r-1")]
        assert written.count("Started") == int(job.step.name[1:]) + 1
        return good(job)

    assert bench.run(chain(5), work).status == "passed"


def test_sinks_see_every_event_in_order(bench):
    seen: list[Event] = []
    bench.run([task(name) for name in "abcdefgh"], good, sinks=[seen.extend])
    assert seen == [event for _, event in bench.ledger.events("r-1")]


def test_a_failed_attempt_is_tried_again_after_a_pause(bench):
    def work(job: Job) -> Outcome:
        return good(job) if job.attempt == 3 else Outcome(job.step.name, job.attempt, failure=FLAKY)

    record = bench.run([task("a", retry=Retry(3, first=0.01))], work)
    assert (record["a"].status, record["a"].attempts) == ("passed", 3)
    assert record["a"].failure is None


def test_work_that_raises_is_an_internal_failure_and_does_not_hang_the_run(bench):
    def work(job: Job) -> Outcome:
        raise SystemExit(job.step.name)

    record = bench.run([task("a")], work)
    assert (record["a"].failure.code, record["a"].failure.type) == ("PPF299", "SystemExit")


def test_the_runs_timeout_ends_what_runs_and_blocks_what_waits(bench):
    started = time.monotonic()
    record = bench.run([task("a", retry=Retry(5)), task("b", "a")], bench.wait, timeout=0.2)
    assert time.monotonic() - started < 5
    assert record.status == "failed"
    assert statuses(record) == {"a": "failed", "b": "blocked"}
    assert "the run's timeout of 0.2 s" in record["a"].failure.message


def test_the_runs_timeout_ends_a_pause_too(bench):
    def work(job: Job) -> Outcome:
        return Outcome(job.step.name, job.attempt, failure=FLAKY)

    started = time.monotonic()
    retry = Retry(9, first=3600, longest=3600)
    record = bench.run([task("a", retry=retry)], work, timeout=0.2)
    assert time.monotonic() - started < 5
    assert (record["a"].status, record["a"].attempts) == ("failed", 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_complete_record(bench, number):
    def handle(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, handle)
    main = threading.main_thread().ident
    threading.Timer(0.2, signal.pthread_kill, [main, number]).start()
    try:
        record = bench.run([task("a"), task("b", "a")], bench.wait)
        assert signal.getsignal(number) is handle
    finally:
        signal.signal(number, before)
    assert record.status == "interrupted"
    assert statuses(record) == {"a": "interrupted", "b": "blocked"}
    assert record == fold(bench.ledger.events("r-1"))


@pytest.fixture
def harmless() -> Iterator[None]:
    """Let Ctrl-C do nothing outside a run."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("harmless")
def test_an_interrupt_at_any_moment_leaves_a_complete_record():
    for delay in range(20):
        bench = Bench()
        main = threading.main_thread().ident
        timer = threading.Timer(delay / 2000, signal.pthread_kill, [main, signal.SIGINT])
        timer.start()
        record = bench.run(chain(600), good)
        timer.join()
        assert not {"running", "waiting"} & set(statuses(record).values())
        assert record == fold(bench.ledger.events("r-1"))


@pytest.mark.usefixtures("harmless")
def test_an_interrupt_ends_a_chain_of_short_steps(bench):
    def short(job: Job) -> Outcome:
        time.sleep(0.002)  # in all longer than the loop takes at most to look for a signal
        return good(job)

    main = threading.main_thread().ident
    threading.Timer(0.05, signal.pthread_kill, [main, signal.SIGINT]).start()
    assert bench.run(chain(600), short).status == "interrupted"


@pytest.mark.usefixtures("harmless")
def test_a_second_interrupt_does_not_wait_for_what_does_not_answer(bench):
    release = threading.Event()

    def deaf(job: Job) -> Outcome:
        release.wait(20)
        return good(job)

    main = threading.main_thread().ident
    for delay in (0.2, 0.5):
        threading.Timer(delay, signal.pthread_kill, [main, signal.SIGINT]).start()
    started = time.monotonic()
    record = bench.run([task("a"), task("b", "a")], deaf)
    release.set()
    assert time.monotonic() - started < 5
    assert statuses(record) == {"a": "interrupted", "b": "blocked"}
    assert "could not be stopped" in record["a"].notes[0]


class Full(MemoryLedger):
    """A ledger on a disk that is full after some waves."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def append(self, run: str, events: Sequence[Event], *, durable: bool = False) -> float:
        self.room -= 1
        if self.room < 0:
            raise StoreError(Finding("PPF501", "the disk is full"))
        return super().append(run, events, durable=durable)


@pytest.mark.parametrize("room", range(6))
def test_a_ledger_that_refuses_ends_the_run_with_its_error(bench, room):
    bench.ledger = Full(room)
    with pytest.raises(StoreError, match="the disk is full"):
        bench.run(chain(10), good)


def test_runs_in_several_threads_do_not_mix():
    def one(number: int) -> RunRecord:
        return Bench().run([replace(item, key=str(number)) for item in chain(30)], good)

    with ThreadPoolExecutor(5) as executor:
        records = list(executor.map(one, range(5)))
    assert [{step.key for step in record.steps.values()} for record in records] == [
        {str(number)} for number in range(5)
    ]
    assert {record.status for record in records} == {"passed"}


def test_after_the_ledger_has_failed_nothing_is_started_though_it_would_take_events_again(bench):
    started: list[str] = []

    class Once(MemoryLedger):
        def append(self, run: str, events: Sequence[Event], *, durable: bool = False) -> float:
            if any(isinstance(event, Finished) and event.outcome.task == "a" for event in events):
                raise StoreError(Finding("PPF501", "the disk is full"))
            return super().append(run, events, durable=durable)

    def work(job: Job) -> Outcome:
        started.append(job.step.name)
        if job.step.name == "slow":
            assert bench.stopped.wait(20)  # until the fault is known
        return good(job)

    bench.ledger = Once()
    with pytest.raises(StoreError, match="the disk is full"):
        bench.run([task("a"), task("slow"), task("later"), task("last", "slow")], work)
    time.sleep(0.1)
    assert set(started) == {"a", "slow"}


class Slow(MemoryLedger):
    """A ledger that takes its time for the end of a step."""

    def __init__(self, *, refuses: bool) -> None:
        super().__init__()
        self.refuses = refuses

    def append(self, run: str, events: Sequence[Event], *, durable: bool = False) -> float:
        if any(isinstance(event, Finished) for event in events):
            time.sleep(0.5)  # longer than the loop waits before it looks again
            if self.refuses:
                raise StoreError(Finding("PPF501", "the disk is full"))
        return super().append(run, events, durable=durable)


def test_the_end_of_the_run_comes_after_the_end_of_its_last_step(bench):
    bench.ledger = Slow(refuses=False)
    bench.run([task("a")], good)
    kinds = [type(event).__name__ for _, event in bench.ledger.events("r-1")]
    assert kinds == ["RunStarted", "Started", "Finished", "RunFinished"]


def test_a_ledger_that_refuses_the_last_event_is_heard(bench):
    bench.ledger = Slow(refuses=True)
    with pytest.raises(StoreError, match="the disk is full"):
        bench.run([task("a")], good)


def test_a_sink_that_raises_is_dropped_with_a_note_and_the_others_see_all(bench):
    seen: list[Event] = []

    def broken(events: Sequence[Event]) -> None:
        if any(isinstance(event, Finished) for event in events):
            raise BrokenPipeError("nobody listens")

    record = bench.run(chain(3), good, sinks=[broken, seen.extend])
    assert record.status == "passed"
    (note,) = record.notes
    assert "broken failed and saw no more: BrokenPipeError: nobody listens" in note
    assert seen == [event for _, event in bench.ledger.events("r-1")]
    assert record == fold(bench.ledger.events("r-1"))
