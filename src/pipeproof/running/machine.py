"""The pure machine of a run: outcomes in, events and starts out; no clock, thread or file.

The engine feeds it what came back and carries out what it says. Everything that a run decides
(what may start, what is tried again, what is blocked, how it ends) is decided here, so tests read
as tables of events.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeproof.model.artifact import Artifact
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import (
    AttemptFailed,
    Blocked,
    Event,
    Failure,
    Finished,
    Outcome,
    Reused,
    Skipped,
    Started,
)
from pipeproof.model.reuse import barrier_of
from pipeproof.model.step import Retry, Step
from pipeproof.planning.reuse import inputs_of

Settle = Callable[[Task, Mapping[str, Artifact], Mapping[str, Outcome]], Task]
"""(task, its inputs, what passed before it by task) → the task with its key and a decision, no longer undecided."""


def as_planned(task: Task, _inputs: Mapping[str, Artifact], _passed: Mapping[str, Outcome]) -> Task:
    """Settle nothing: what is undecided is run."""
    return replace(task, decision="run") if task.decision == "undecided" else task


@dataclass(frozen=True, slots=True)
class Judge:
    """What a run asks about its tasks when it knows more than its plan did.

    Attributes:
        settle: Asked for each task when all that it waits for has passed.
        barrier: (task, what it came to) → why other runs must not take that; empty when they may.
    """

    settle: Settle = as_planned
    barrier: Callable[[Task, Outcome], str] = lambda _task, outcome: barrier_of(outcome.seen)


@dataclass(frozen=True, slots=True)
class Start:
    """Start this attempt with these inputs (dataset → artifact)."""

    task: Task
    attempt: int
    inputs: Mapping[str, Artifact]


@dataclass(frozen=True, slots=True)
class Pause:
    """Say `resume` of this task after so many seconds."""

    task: str
    seconds: float


@dataclass(slots=True)
class Advance:
    """What a wave of outcomes leads to: facts to record first, then attempts to start, and pauses."""

    events: list[Event] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)


class Machine:
    """The state of a run.

    Args:
        plan: What to do.
        keep_going: Whether steps that do not depend on a failed one still run.
        seed: Seed of the pauses between tries.
        slots: How many tasks may run at once.
        judge: Asked about tasks as the run goes on.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        keep_going: bool = False,
        seed: int = 0,
        slots: int = sys.maxsize,
        judge: Judge = Judge(),
    ) -> None:
        self.keep_going, self.seed, self.slots, self.judge = keep_going, seed, slots, judge
        self.status: dict[str, str] = {}
        self.made: dict[tuple[str, str], Artifact] = {}
        self.passed: dict[str, Outcome] = {}
        self.running: dict[str, Start] = {}
        self.failed = False
        self._tasks = {task.name: task for task in plan.tasks}
        self._missing = {task.name: len(task.needs) for task in plan.tasks}
        self._after: dict[str, list[str]] = {name: [] for name in self._tasks}
        for task in plan.tasks:
            for need in task.needs:
                self._after[need].append(task.name)
        # In the order of the plan, whenever they became ready: what the plan begins is finished first.
        self._ready: list[tuple[int, int, str]] = []
        self._place = {name: place for place, name in enumerate(self._tasks)}
        self._paused: dict[str, Outcome] = {}
        self._open = len(self._tasks)
        self._stopping = False

    @property
    def done(self) -> bool:
        """Whether every task has ended."""
        return self._open == 0

    def begin(self) -> Advance:
        """Settle what is reused and say which tasks start first."""
        todo = Advance()
        for name, task in self._tasks.items():
            if not self._missing[name] and name not in self.status:
                self._let(task, todo)
        return self._fill(todo)

    def advance(self, outcomes: Iterable[Outcome]) -> Advance:
        """Take what came back and say what to record and what to start.

        An outcome of a task that does not run (it came too late) is passed over.
        """
        todo = Advance()
        for outcome in outcomes:
            start = self.running.pop(outcome.task, None)
            if start is None:
                continue
            if outcome.failure is None:
                todo.events.append(self._finished(start, outcome))
                self._pass(outcome, todo)
            else:
                self._fail(start.task, outcome, outcome.failure, todo)
        return self._fill(todo)

    def resume(self, name: str) -> Advance:
        """Let a task whose pause is over try again; nothing, when it has ended meanwhile."""
        todo = Advance()
        outcome = self._paused.pop(name, None)
        if outcome is not None:
            self._make_ready(self._tasks[name], outcome.attempt + 1)
        return self._fill(todo)

    def stop(self, why: str) -> Advance:
        """Start nothing more: what runs is awaited, what waits is blocked, what pauses has failed."""
        self._stopping = True
        self._ready.clear()
        todo = Advance()
        for name, outcome in self._paused.items():
            todo.events.append(Finished(outcome))
            self._end(name, "failed")
        self._paused.clear()
        for name in self._tasks:
            if self.status.get(name, "ready") == "ready":
                todo.events.append(self._block(name, "", why))
        return todo

    def _let(self, task: Task, todo: Advance) -> None:
        """Let a task go whose needs have all passed."""
        if (outcome := self._settled(task, todo)) is not None:
            self._pass(outcome, todo)

    def _settled(self, task: Task, todo: Advance) -> Outcome | None:
        """Settle a task and return what it comes to when it is not run but taken from an earlier run."""
        if task.decision in {"run", "undecided"} and not self._stopping:
            task = self._tasks[task.name] = self.judge.settle(task, self._inputs(task), self.passed)
        if task.decision == "reuse" and task.reused is not None:
            todo.events.append(_reused(task, task.reused))
            return replace(task.reused, task=task.name)
        if task.decision == "skip":
            self._skip(task.name, task.why, todo)
        elif not self._stopping:
            self.status[task.name] = "ready"
            self._make_ready(task, 1)
        return None

    def _inputs(self, task: Task) -> dict[str, Artifact]:
        """Return what a task reads, as far as it was made: dataset → artifact."""
        return {
            name: self.made[task.trial, name]
            for name in task.step.inputs.values()
            if (task.trial, name) in self.made
        }

    def _make_ready(self, task: Task, attempt: int) -> None:
        heapq.heappush(self._ready, (self._place[task.name], attempt, task.name))

    def _fill(self, todo: Advance) -> Advance:
        """Start what is ready while there are free slots."""
        while self._ready and len(self.running) < self.slots:
            _, attempt, name = heapq.heappop(self._ready)
            task = self._tasks[name]
            start = Start(task, attempt, self._inputs(task))
            self.status[task.name] = "running"
            self.running[task.name] = start
            todo.events.append(Started(task.name, attempt, task.key, task.static, task.why))
            todo.starts.append(start)
        return todo

    def _pass(self, outcome: Outcome, todo: Advance) -> None:
        # A loop, not recursion: a chain of thousands of reused steps settles in one wave.
        passed = [outcome]
        while passed:
            outcome = passed.pop()
            name = outcome.task
            self._end(name, "passed")
            self.passed[name] = outcome
            trial = self._tasks[name].trial
            self.made.update({(trial, dataset): made for dataset, made in outcome.outputs.items()})
            for after in self._after[name]:
                self._missing[after] -= 1
                if self._missing[after] or after in self.status:
                    continue
                if (reused := self._settled(self._tasks[after], todo)) is not None:
                    passed.append(reused)

    def _finished(self, start: Start, outcome: Outcome) -> Finished:
        """Return the event of a task that passed, with its keys where other runs may take what it made."""
        task = start.task
        barrier = task.barrier or self.judge.barrier(task, outcome)
        return Finished(outcome, task.key, "" if barrier else task.static, inputs_of(task, start.inputs))

    def _fail(self, task: Task, outcome: Outcome, failure: Failure, todo: Advance) -> None:
        if not self._stopping and tries_again(task.step, outcome.attempt, failure):
            seconds = pause_before(task.step.retry, outcome.attempt, f"{self.seed}/{task.name}")
            self.status[task.name] = "paused"
            self._paused[task.name] = outcome
            todo.events.append(AttemptFailed(outcome, seconds))
            todo.pauses.append(Pause(task.name, seconds))
            return
        todo.events.append(Finished(outcome))
        self._end(task.name, "failed")
        todo.events += self._block_after(task.name)
        if not self.keep_going and not self._stopping:
            todo.events += self.stop(f"{task.name} failed").events

    def _skip(self, name: str, why: str, todo: Advance) -> None:
        """Leave a task out, and all that waits for it."""
        waiting = deque([(name, why)])
        while waiting:
            name, why = waiting.popleft()
            if name not in self.status:
                todo.events.append(Skipped(name, why))
                self._end(name, "skipped")
                waiting += [(after, f"waits for {name}, which is skipped") for after in self._after[name]]

    def _block_after(self, name: str) -> list[Event]:
        blocked: list[Event] = []
        waiting = deque(self._after[name])
        while waiting:
            after = waiting.popleft()
            if after not in self.status:
                blocked.append(self._block(after, name, f"waits for {name}, which failed"))
                waiting += self._after[after]
        return blocked

    def _block(self, name: str, by: str, why: str) -> Blocked:
        self._end(name, "blocked")
        return Blocked(name, by, why)

    def _end(self, name: str, status: str) -> None:
        self.status[name] = status
        self.failed = self.failed or status in {"failed", "blocked"}
        self._open -= 1


def _reused(task: Task, outcome: Outcome) -> Reused:
    return Reused(
        task.name,
        task.key,
        task.why,
        outcome.outputs,
        task.reused_from,
        task.static,
        outcome.metrics,
        outcome.params,
        outcome.findings,
        outcome.checked,
    )


def tries_again(step: Step, attempt: int, failure: Failure) -> bool:
    """Say whether a failed attempt is followed by another one.

    What touches the world outside may have done so before it failed; only a step that says it is
    idempotent does it twice.
    """
    if failure.kind == "interrupted" or attempt > step.retry.count:
        return False
    if step.effects == "external" and not step.idempotent:
        return False
    return step.retry.on == "any" or not failure.permanent


def pause_before(retry: Retry, attempt: int, seed: str) -> float:
    """Return the seconds to wait after failed attempt number `attempt` (from 1)."""
    try:
        longest: float = min(retry.longest, retry.first * retry.factor ** (attempt - 1))
    except OverflowError:  # after some hundred tries
        longest = retry.longest
    return random.Random(f"{seed}/{attempt}").uniform(0.0, longest)  # noqa: S311 jitter is no secret
