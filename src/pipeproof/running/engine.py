"""The one loop: take what came back, record it, then start what may start."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Literal

from pipeproof.model.plan import Plan
from pipeproof.model.record import Event, Outcome, RunFinished, RunRecord, RunStarted, fold
from pipeproof.ports import Clock, Job, Ledger, Pool, Sink
from pipeproof.running import failures
from pipeproof.running.machine import Advance, Machine, Start

MakeJob = Callable[[Start, float | None], Job]
"""Make the job for a start, given the seconds that the run has left."""

_STOP_GRACE = 10.0  # seconds that a stopped task has to answer before the run ends without it


def run(
    plan: Plan,
    started: RunStarted,
    *,
    pool: Pool,
    ledger: Ledger,
    make_job: MakeJob,
    keep_going: bool = False,
    sinks: Sequence[Sink] = (),
    clock: Clock = time,
) -> RunRecord:
    """Carry out a plan and return its record.

    Every event is in the ledger before anyone acts on it. A KeyboardInterrupt, from Ctrl-C or a
    signal handler that raises it, ends what runs and leaves a complete record of it.

    Args:
        plan: What to do.
        started: The first event; names the run.
        pool: Where jobs are worked on.
        ledger: Where events are kept.
        make_job: Makes a job from a start.
        keep_going: Run what does not depend on a failed step.
        sinks: Whoever wants to see the events.
        clock: The time.
    """
    loop = _Loop(plan, started, pool, ledger, make_job, keep_going, sinks, clock)
    return loop.run()


class _Loop:
    """What the loop holds between two waves."""

    def __init__(  # noqa: PLR0917 the parts are handed over once, by run()
        self,
        plan: Plan,
        started: RunStarted,
        pool: Pool,
        ledger: Ledger,
        make_job: MakeJob,
        keep_going: bool,  # noqa: FBT001 handed over once, by run()
        sinks: Sequence[Sink],
        clock: Clock,
    ) -> None:
        self.started, self.pool, self.ledger, self.make_job = started, pool, ledger, make_job
        self.sinks, self.clock = sinks, clock
        self.machine = Machine(plan, keep_going=keep_going, seed=plan.pipeline.seed)
        self.began = clock.monotonic()
        self.deadline = None if plan.pipeline.timeout is None else self.began + plan.pipeline.timeout
        self.ended: SimpleQueue[Outcome] = SimpleQueue()
        self.running: dict[str, Start] = {}
        self.delayed: list[tuple[float, int, Start]] = []
        self.tickets = itertools.count()
        self.interrupted = False

    def run(self) -> RunRecord:
        self.record([self.started])
        try:
            self.act(self.machine.begin())
            while not self.machine.done:
                self.act(self.machine.advance(self.wave()))
        except KeyboardInterrupt:
            self.interrupt()
        self.record([RunFinished(self.status(), self.clock.monotonic() - self.began)], durable=True)
        return fold(self.ledger.events(self.started.run))

    def status(self) -> Literal["passed", "failed", "interrupted"]:
        if self.interrupted:
            return "interrupted"
        return "failed" if self.machine.failed else "passed"

    def act(self, advance: Advance) -> None:
        """Record first, then start."""
        self.record(advance.events)
        for start in advance.starts:
            if start.pause:
                due = self.clock.monotonic() + start.pause
                heapq.heappush(self.delayed, (due, next(self.tickets), start))
            else:
                self.submit(start)

    def submit(self, start: Start) -> None:
        left = None if self.deadline is None else max(0.001, self.deadline - self.clock.monotonic())
        self.running[start.task.name] = start
        self.pool.submit(self.make_job(start, left)).add_done_callback(self.arrive)

    def arrive(self, future: Future[Outcome]) -> None:
        self.ended.put(future.result())

    def wave(self) -> list[Outcome]:
        """Wait for something to end, or for a pause to be over, and return all that has ended."""
        outcomes: list[Outcome] = []
        while not outcomes:
            self.submit_due()
            try:
                outcomes.append(self.ended.get(timeout=self.patience()))
                while True:
                    outcomes.append(self.ended.get_nowait())
            except Empty:
                continue
        for outcome in outcomes:
            self.running.pop(outcome.task, None)
        return outcomes

    def submit_due(self) -> None:
        while self.delayed and self.delayed[0][0] <= self.clock.monotonic():
            self.submit(heapq.heappop(self.delayed)[2])

    def patience(self) -> float | None:
        if not self.delayed:
            return None
        return max(0.0, self.delayed[0][0] - self.clock.monotonic())

    def interrupt(self) -> None:
        """End what runs and record all of it as interrupted."""
        self.interrupted = True
        stopped = self.machine.stop("the run was stopped")
        self.pool.stop()
        outcomes = self.last_outcomes()
        self.record([*stopped.events, *self.machine.advance(outcomes).events])

    def last_outcomes(self) -> list[Outcome]:
        """Return what still answers within the grace, and stand-ins for what does not."""
        outcomes: list[Outcome] = []
        end = self.clock.monotonic() + _STOP_GRACE
        for _, _, start in self.delayed:
            self.running[start.task.name] = start
            self.ended.put(_stopped(start))
        while self.running:
            try:
                outcome = self.ended.get(timeout=max(0.0, end - self.clock.monotonic()))
            except Empty:
                outcomes += [_stopped(start) for start in self.running.values()]
                break
            if self.running.pop(outcome.task, None):
                outcomes.append(outcome)
        return outcomes

    def record(self, events: Sequence[Event], *, durable: bool = False) -> None:
        if events:
            self.ledger.append(self.started.run, events, durable=durable)
            for sink in self.sinks:
                sink(events)


def _stopped(start: Start) -> Outcome:
    return Outcome(start.task.name, start.attempt, failure=failures.INTERRUPTED)
