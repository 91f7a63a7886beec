"""The pure machine of a run: outcomes in, events and starts out; no clock, thread or file.

The engine feeds it what came back and carries out what it says. Everything that a run decides
(what may start, what is tried again, what is blocked, how it ends) is decided here, so tests read
as tables of events.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import (
    AttemptFailed,
    Blocked,
    Event,
    Failure,
    Finished,
    Outcome,
    Reused,
    Started,
)
from pipeproof.model.step import Retry


@dataclass(frozen=True, slots=True)
class Start:
    """Start this attempt after `pause` seconds, with these inputs (dataset → artifact)."""

    task: Task
    attempt: int
    pause: float
    inputs: Mapping[str, Artifact]


@dataclass(frozen=True, slots=True)
class Advance:
    """What a wave of outcomes leads to: facts to record first, then attempts to start."""

    events: tuple[Event, ...] = ()
    starts: tuple[Start, ...] = ()


@dataclass
class Machine:
    """The state of a run.

    Args:
        plan: What to do.
        keep_going: Whether steps that do not depend on a failed one still run.
        seed: Seed of the pauses between tries.
    """

    plan: Plan
    keep_going: bool = False
    seed: int = 0
    status: dict[str, str] = field(default_factory=dict)
    made: dict[str, Artifact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tasks = {task.name: task for task in self.plan.tasks}
        self._missing = {task.name: len(task.needs) for task in self.plan.tasks}
        self._after: dict[str, list[str]] = {name: [] for name in self._tasks}
        for task in self.plan.tasks:
            for need in task.needs:
                self._after[need].append(task.name)
        self._open = len(self._tasks)
        self._stopping = ""

    @property
    def done(self) -> bool:
        """Whether every task has ended."""
        return self._open == 0

    @property
    def failed(self) -> bool:
        """Whether anything failed, was blocked or was interrupted."""
        return any(state in {"failed", "blocked"} for state in self.status.values())

    def begin(self) -> Advance:
        """Settle what is reused and say which tasks may start first."""
        events: list[Event] = []
        starts: list[Start] = []
        for task in self.plan.tasks:
            if self._missing[task.name] == 0 and task.name not in self.status:
                self._ready(task, events, starts)
        return Advance(tuple(events), tuple(starts))

    def advance(self, outcomes: Iterable[Outcome]) -> Advance:
        """Take what came back and say what to record and what to start."""
        events: list[Event] = []
        starts: list[Start] = []
        for outcome in outcomes:
            if outcome.failure is None:
                events.append(Finished(outcome))
                self._passed(outcome.task, outcome.outputs, events, starts)
            else:
                self._failed(outcome, outcome.failure, events, starts)
        return Advance(tuple(events), tuple(starts))

    def stop(self, why: str) -> Advance:
        """Start nothing more; what is running is awaited, what waits is blocked."""
        self._stopping = self._stopping or why
        waiting = [name for name in self._tasks if name not in self.status]
        return Advance(tuple(self._block(name, "", why) for name in waiting))

    def _ready(self, task: Task, events: list[Event], starts: list[Start]) -> None:
        if task.decision == "reuse":
            events.append(Reused(task.name, task.key, task.why, task.reused, task.reused_from))
            self._passed(task.name, task.reused, events, starts)
        elif not self._stopping:
            self.status[task.name] = "running"
            events.append(Started(task.name, 1, task.key))
            starts.append(self._start(task, 1, 0.0))

    def _start(self, task: Task, attempt: int, pause: float) -> Start:
        names = (dataset for dataset in task.step.inputs.values() if dataset in self.made)
        return Start(task, attempt, pause, frozen({name: self.made[name] for name in names}))

    def _passed(
        self,
        name: str,
        outputs: Mapping[str, Artifact],
        events: list[Event],
        starts: list[Start],
    ) -> None:
        # A loop, not recursion: a chain of thousands of reused steps settles in one wave.
        settled = [(name, outputs)]
        while settled:
            name, outputs = settled.pop()
            self.status[name] = "passed"
            self._open -= 1
            self.made.update(outputs)
            for after in self._after[name]:
                self._missing[after] -= 1
                if self._missing[after] or after in self.status:
                    continue
                task = self._tasks[after]
                if task.decision == "reuse":
                    events.append(Reused(after, task.key, task.why, task.reused, task.reused_from))
                    settled.append((after, task.reused))
                else:
                    self._ready(task, events, starts)

    def _failed(self, outcome: Outcome, failure: Failure, events: list[Event], starts: list[Start]) -> None:
        task = self._tasks[outcome.task]
        if not self._stopping and tries_again(task.step.retry, outcome.attempt, failure):
            pause = pause_before(task.step.retry, outcome.attempt, f"{self.seed}/{task.name}")
            following = outcome.attempt + 1
            events += [AttemptFailed(outcome, pause), Started(task.name, following, task.key)]
            starts.append(self._start(task, following, pause))
            return
        self.status[task.name] = "failed"
        self._open -= 1
        events.append(Finished(outcome))
        events += self._block_after(task.name)
        if not self.keep_going:
            events += self.stop(f"{task.name} failed").events

    def _block_after(self, name: str) -> list[Event]:
        blocked: list[Event] = []
        waiting = list(self._after[name])
        while waiting:
            after = waiting.pop(0)
            if after not in self.status:
                blocked.append(self._block(after, name, f"waits for {name}, which failed"))
                waiting += self._after[after]
        return blocked

    def _block(self, name: str, by: str, why: str) -> Blocked:
        self.status[name] = "blocked"
        self._open -= 1
        return Blocked(name, by, why)


def tries_again(retry: Retry, attempt: int, failure: Failure) -> bool:
    """Say whether a failed attempt is followed by another one."""
    if failure.kind == "interrupted" or attempt > retry.count:
        return False
    return retry.on == "any" or not failure.permanent


def pause_before(retry: Retry, attempt: int, seed: str) -> float:
    """Return the seconds to wait after failed attempt number `attempt` (from 1)."""
    longest: float = min(retry.longest, retry.first * retry.factor ** (attempt - 1))
    return random.Random(f"{seed}/{attempt}").uniform(0.0, longest)  # noqa: S311 jitter is no secret
