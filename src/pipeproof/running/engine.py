"""The one loop: take what came back, record it, then start what may start."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Literal

from pipeproof.model.event import Event, RunFinished, RunStarted
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.model.plan import Plan
from pipeproof.model.record import Folding, RunRecord
from pipeproof.ports import Clock, Job, Ledger, Pool, Sink
from pipeproof.running import failures
from pipeproof.running.here import UNSTOPPABLE
from pipeproof.running.judge import Judge
from pipeproof.running.machine import Advance, Machine, Start
from pipeproof.running.work import from_fault

MakeJob = Callable[[Start], Job]
"""Make the job for a start."""

# Once Polars has been imported, Ctrl-C no longer interrupts a wait: its handler restarts system calls.
_LONGEST_WAIT = 0.2  # seconds
_STOP_GRACE = 10.0  # seconds that stopped tasks have to answer before the run ends without them


class _Stop:
    """What a signal puts among the outcomes: an interrupt becomes an item of the queue like any other."""


def run(  # noqa: PLR0913 all but the first are named at every call
    plan: Plan,
    started: RunStarted,
    *,
    pool: Pool,
    ledger: Ledger,
    make_job: MakeJob,
    keep_going: bool = False,
    sinks: Sequence[Sink] = (),
    clock: Clock = time,
    judge: Judge = Judge(),  # noqa: B008 frozen
) -> RunRecord:
    """Carry out a plan and return its record.

    Every event is in the ledger before anyone acts on it. Ctrl-C, and SIGTERM when the program
    handles it, ends what runs and leaves a complete record of it; the second one does not wait.

    Args:
        plan: What to do.
        started: The first event; names the run.
        pool: Where jobs are worked on.
        ledger: Where events are kept.
        make_job: Makes a job from a start.
        keep_going: Run what does not depend on a failed step.
        sinks: Whoever wants to see the events.
        clock: The time.
        judge: Asked about tasks as the run goes on.

    Raises:
        StoreError: The ledger refuses; everything that ran is ended.
    """
    loop = _Loop(plan, started, pool, ledger, make_job, keep_going, sinks, clock, judge)
    with _signals(loop.interrupt):
        return loop.run()


class _Loop:
    """What the loop holds between two waves.

    A wave is worked on by whoever brings it, under the lock: the pool's thread that ended a task
    records that and starts the next one itself, so that a chain of steps never waits for a switch
    between threads. The caller's thread waits beside it for signals, pauses and deadlines.
    """

    def __init__(  # noqa: PLR0913, PLR0917 the parts are handed over once, by run()
        self,
        plan: Plan,
        started: RunStarted,
        pool: Pool,
        ledger: Ledger,
        make_job: MakeJob,
        keep_going: bool,  # noqa: FBT001 handed over once, by run()
        sinks: Sequence[Sink],
        clock: Clock,
        judge: Judge,
    ) -> None:
        self.started, self.pool, self.ledger, self.make_job = started, pool, ledger, make_job
        self.sinks, self.clock = list(sinks), clock
        self.machine = Machine(
            plan, keep_going=keep_going, seed=plan.pipeline.seed, slots=pool.slots, judge=judge
        )
        self.folding = Folding()
        self.began = clock.monotonic()
        self.timeout = plan.pipeline.timeout
        self.lock = threading.Lock()
        self.ended: SimpleQueue[Outcome | _Stop] = SimpleQueue()
        self.wake: SimpleQueue[None] = SimpleQueue()
        self.pauses: list[tuple[float, int, str]] = []
        self.tickets = itertools.count()
        self.interrupted = False
        self.fault: BaseException | None = None
        self.notes: list[str] = []

    def run(self) -> RunRecord:
        self.record([self.started])
        try:
            with self.guarded():
                self.act(self.machine.begin())
            while not self.settled():
                self.turn()
                with contextlib.suppress(Empty):
                    self.wake.get(timeout=self.patience())
                self.look_up()
        except KeyboardInterrupt:  # raised by another handler than ours
            self.interrupted = True
            self.end("the run was stopped", failures.INTERRUPTED)
        except BaseException:
            self.pool.stop()
            raise
        seconds = self.clock.monotonic() - self.began
        self.record([RunFinished(self.status(), seconds, tuple(self.notes))], durable=True)
        return self.folding.record()

    def settled(self) -> bool:
        """Say whether every task has ended and that is recorded.

        Under the lock, or the last event might still be on its way to the ledger.

        Raises:
            BaseException: What went wrong in another thread.
        """
        with self.lock:
            if self.fault is not None:
                raise self.fault
            return self.machine.done

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Hold the lock; what goes wrong under it is a fault to all threads before they get it."""
        with self.lock:
            try:
                yield
            except Exception as error:
                self.fault = error
                raise

    def status(self) -> Literal["passed", "failed", "interrupted"]:
        if self.interrupted and self.machine.failed:
            return "interrupted"
        return "failed" if self.machine.failed else "passed"

    def interrupt(self) -> None:
        """Stop the run as soon as the loop comes by; safe in a signal handler."""
        self.ended.put(_Stop())
        self.wake.put(None)

    def submit(self, start: Start) -> None:
        def arrive(future: Future[Outcome]) -> None:
            error = future.exception()
            self.ended.put(_broken(start, from_fault(error)) if error else future.result())
            self.turn()

        self.pool.submit(self.make_job(start)).add_done_callback(arrive)

    def turn(self) -> None:
        """Work on all that has ended; whoever comes while another thread is at it leaves it to that one.

        After a fault nothing starts any more: what cannot be recorded must not happen.
        """
        while self.fault is None and not self.ended.empty() and self.lock.acquire(blocking=False):
            try:
                if self.fault is None:
                    self.act(self.machine.advance(self.wave()))
            except BaseException as error:  # noqa: BLE001 handed to the caller's thread, which raises it
                self.fault = error
            finally:
                self.lock.release()
            if self.machine.done or self.fault or self.interrupted:
                self.wake.put(None)

    def wave(self) -> list[Outcome]:
        """Return all that has ended."""
        outcomes: list[Outcome] = []
        with contextlib.suppress(Empty):
            while True:
                item = self.ended.get_nowait()
                if isinstance(item, _Stop):
                    self.interrupted = True
                else:
                    outcomes.append(item)
        return outcomes

    def act(self, advance: Advance) -> None:
        """Record first, then start."""
        self.record(advance.events)
        for pause in advance.pauses:
            due = self.clock.monotonic() + pause.seconds
            heapq.heappush(self.pauses, (due, next(self.tickets), pause.task))
            self.wake.put(None)
        for start in advance.starts:
            self.submit(start)

    def look_up(self) -> None:
        """See to what is due: a stop, the end of the run's time, the end of pauses."""
        if self.interrupted:
            self.end("the run was stopped", failures.INTERRUPTED)
        elif self.timeout is not None and self.clock.monotonic() >= self.began + self.timeout:
            self.end("the run's timeout was over", failures.from_run_timeout(self.timeout))
        with self.guarded():
            while self.fault is None and self.pauses and self.pauses[0][0] <= self.clock.monotonic():
                self.act(self.machine.resume(heapq.heappop(self.pauses)[2]))

    def patience(self) -> float:
        """Return the seconds until a pause or the time of the run is over, or a signal is to be looked for."""
        due = self.clock.monotonic() + _LONGEST_WAIT
        if self.pauses:
            due = min(due, self.pauses[0][0])
        if self.timeout is not None:
            due = min(due, self.began + self.timeout)
        return max(0.0, due - self.clock.monotonic())

    def end(self, why: str, failure: Failure) -> None:
        """End what runs and record all of it, as ended by `failure`."""
        with self.guarded():
            if self.fault is not None:
                return
            self.record(self.machine.stop(why).events)
            self.pool.stop()
            until = self.clock.monotonic() + _STOP_GRACE
            while self.machine.running and (left := until - self.clock.monotonic()) > 0:
                try:
                    item = self.ended.get(timeout=left)
                except Empty:
                    break
                if isinstance(item, _Stop):  # asked twice: do not wait
                    break
                self.record(self.machine.advance([_ended_by(failure, item)]).events)
            left_alone = [_broken(start, failure, _left(start)) for start in self.machine.running.values()]
            self.record(self.machine.advance(left_alone).events)

    def record(self, events: Sequence[Event], *, durable: bool = False) -> None:
        if not events:
            return
        moment = self.ledger.append(self.started.run, events, durable=durable)
        for event in events:
            self.folding.add(moment, event)
        for sink in tuple(self.sinks):
            try:
                sink(events)
            except Exception as error:  # noqa: BLE001 whoever looks on must not end what it looks at
                self.sinks.remove(sink)
                name = getattr(sink, "__qualname__", type(sink).__qualname__)
                self.notes.append(f"the sink {name} failed and saw no more: {type(error).__name__}: {error}")


def _left(start: Start) -> str:
    """Return what is known of a task that did not answer when it was stopped."""
    return UNSTOPPABLE if start.task.isolation == "thread" else "its process was killed before it answered"


def _broken(start: Start, failure: Failure, *notes: str) -> Outcome:
    return Outcome(start.task.name, start.attempt, failure=failure, notes=notes)


def _ended_by(failure: Failure, outcome: Outcome) -> Outcome:
    stopped = outcome.failure is not None and outcome.failure.kind == "interrupted"
    return replace(outcome, failure=failure) if stopped else outcome


@contextlib.contextmanager
def _signals(interrupt: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM say `interrupt` instead of raising in the middle of anything.

    Only signals that the program handles: one that is ignored, or ends the process, stays so.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(signal.getsignal(number)):
                before[number] = signal.signal(number, lambda _number, _frame: interrupt())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
