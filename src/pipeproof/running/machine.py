"""The pure machine of a run: outcomes in, events and starts out; no clock, thread or file.

The engine feeds it what came back and carries out what it says. Everything that a run decides
(what may start, what is tried again, what is blocked, how it ends) is decided here, so tests read
as tables of events.
"""

from __future__ import annotations

import heapq
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from pipeproof.errors import ConfigError
from pipeproof.model.artifact import Artifact
from pipeproof.model.condition import Look, read_condition
from pipeproof.model.contract import frozen
from pipeproof.model.event import AttemptFailed, Blocked, Expanded, Finished, Iterated, Skipped, Started
from pipeproof.model.order import PASSED
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.model.plan import Plan, Task
from pipeproof.planning.hooks import Call
from pipeproof.planning.reuse import inputs_of
from pipeproof.planning.upstream import Upstream
from pipeproof.running.facts import Facts
from pipeproof.running.failures import INTERRUPTED, from_problem
from pipeproof.running.judge import Judge, reused_event
from pipeproof.running.lanes import Lanes
from pipeproof.running.moves import Advance, Pause, Start
from pipeproof.running.retrying import pause_before, tries_again
from pipeproof.running.rounds import Rounds, bound_reached, numbered
from pipeproof.running.telling import Told

_LEFT_OUT = {
    "passed": "is not needed: {} passed",
    "excused": "waits for {}, which failed",
    "skipped": "waits for {}, which is skipped",
}
"""How a task ended → why another one is left out for that."""


__all__ = ["Advance", "Machine", "Pause", "Start"]


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
        judge: Judge = Judge(),  # noqa: B008 frozen
    ) -> None:
        self.keep_going, self.seed, self.slots, self.judge = keep_going, seed, slots, judge
        self.status: dict[str, str] = {}
        self.made: dict[tuple[str, str], Artifact] = {}
        self.passed: dict[str, Outcome] = {}
        self._private = False
        self.running: dict[str, Start] = {}
        self.failed = False
        self._plan = plan
        self._tasks = {task.name: task for task in plan.tasks}
        self._missing = {task.name: len(task.needs) for task in plan.tasks}
        self._after: dict[str, list[str]] = {name: [] for name in self._tasks}
        for task in plan.tasks:
            for need in task.needs:
                self._after[need].append(task.name)
        # In the order of the plan, whenever they became ready: what the plan begins is finished first.
        self._ready: list[tuple[tuple[int, int], int, str]] = []
        self._place = {name: (place, 0) for place, name in enumerate(self._tasks)}
        self._lanes: Lanes[tuple[tuple[int, int], int, str]] = Lanes()
        self._paused: dict[str, Outcome] = {}
        self._failures: dict[str, Failure] = {}
        self._reused: set[str] = set()
        self._rounds = Rounds()
        self._blame: dict[str, str] = {}
        self._open = len(self._tasks)
        self._broken = ""
        self._halted = self._stopping = False

    @property
    def done(self) -> bool:
        """Whether every task has ended."""
        return self._open == 0

    def begin(self) -> Advance:
        """Settle what is reused and say which tasks start first."""
        todo = Advance()
        for name, task in [*self._tasks.items()]:  # items of steps may come to it
            if not self._missing[name] and name not in self.status:
                self._spread(task, self._go(task, todo), todo)
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
            if (parked := self._lanes.leave(start.task)) is not None:
                heapq.heappush(self._ready, parked)
            if outcome.failure is None:
                self._spread(start.task, self._come(start, outcome, todo), todo)
            else:
                self._spread(start.task, self._fail(start.task, outcome, outcome.failure, todo), todo)
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
        todo = Advance()
        self._halt(why, todo)
        return todo

    def _halt(self, why: str, todo: Advance) -> None:
        """End all that waits, and what pauses; after a failure, what looks at how others end stays."""
        self._halted = True
        before = set(self.status.items())
        for name, outcome in self._paused.items():
            todo.events.append(Finished(outcome))
            self._end(name, "failed")
        self._paused.clear()
        for name, task in self._tasks.items():
            if self.status.get(name, "ready") == "ready" and (self._stopping or not task.looks_on):
                todo.events.append(self._block(name, "", why))
        for name, end in [*self.status.items()]:
            if (name, end) not in before:
                self._tell(self._tasks[name], end, todo)

    def _spread(self, task: Task, end: str, todo: Advance) -> None:
        """Take down how a task ended, if it did, and let go, skip or block all that waits for it."""
        if not end:
            return
        self._end(task.name, end)
        self._tell(task, end, todo)
        if self._broken and not self.keep_going and not self._halted:
            self._halt(f"{self._broken} failed", todo)

    def _tell(self, task: Task, end: str, todo: Advance) -> None:
        # A loop, not recursion: a chain of thousands of reused steps settles in one wave.
        ended = deque([(task.name, end)])
        while ended:
            name, end = ended.popleft()
            for after in self._after[name]:
                if after not in self.status and (found := self._hear(self._tasks[after], name, end, todo)):
                    self._end(after, found)
                    ended.append((after, found))

    def _hear(self, task: Task, need: str, end: str, todo: Advance) -> str:
        """Let a task know how one that it waits for has ended, and return how it ends by that, or ''."""
        if end in task.lets.get(need, PASSED):
            self._missing[task.name] -= 1
            return "" if self._missing[task.name] else self._go(task, todo)
        if end in {"failed", "blocked"} or self._is_due(task, need):
            by = self._blame.get(need, need)
            todo.events.append(self._blocked(task.name, by, f"waits for {by}, which failed"))
            return "blocked"
        todo.events.append(Skipped(task.name, _LEFT_OUT[end].format(need)))
        return "skipped"

    def _is_due(self, task: Task, need: str) -> bool:
        """Say whether a task would have to stand in for one that has failed, and cannot, for want of `need`."""
        return any(
            "passed" not in ends and other != need and self.status.get(other) == "excused"
            for other, ends in task.lets.items()
        )

    def _go(self, task: Task, todo: Advance) -> str:
        """Let a task go, all that it waits for having ended so that it may; return how it ends at once, or ''."""
        said = ""
        call = task.step.config
        if isinstance(call, Call) and not self._stopping and (why := self._needless(task, call)):
            todo.events.append(Skipped(task.name, why))
            return "skipped"
        if task.asks and not self._stopping:
            try:
                answer = read_condition(task.asks).answer(self._look(task))
            except ConfigError as error:
                failure = from_problem(error)
                return self._fail(task, Outcome(task.name, 0, failure=failure), failure, todo)
            if not answer.holds:
                todo.events.append(Skipped(task.name, answer.why))
                return "skipped"
            said = answer.why
        if task.step.each is not None and task.decision in {"run", "undecided"} and not self._stopping:
            return self._expand(task, todo)
        if task.decision in {"run", "undecided"} and not self._stopping:
            settled = self.judge.settle(task, self._inputs(task), self.passed)
            why = "; ".join(part for part in (said, settled.why) if part)
            task = self._tasks[task.name] = replace(settled, why=why) if said else settled
        if task.decision == "reuse" and task.reused is not None:
            todo.events.append(reused_event(task, task.reused))
            self._reused.add(task.name)
            return self._pass(replace(task.reused, task=task.name))
        if task.decision == "skip":
            todo.events.append(Skipped(task.name, task.why))
            return "skipped"
        if not self._stopping:
            self._make_ready(task, 1)
        return ""

    def _expand(self, task: Task, todo: Advance) -> str:
        """Add the tasks of a step whose items have become known; the task itself gathers what they make."""
        dataset = task.step.each.dataset if task.step.each else ""
        artifact = self.made.get((task.trial, dataset))
        try:
            added = self.judge.expand(task, artifact)
        except ConfigError as error:
            failure = from_problem(error)
            return self._fail(task, Outcome(task.name, 0, failure=failure), failure, todo)
        *items, last = added
        names = tuple(item.name for item in items)
        reads = {item.name: tuple(item.step.inputs.values()) for item in items if item.step.inputs}
        todo.events.append(Expanded(task.name, names, task.step.kind, task.needs, frozen(reads)))
        place, _ = self._place[task.name]
        self._tasks |= {one.name: one for one in added}
        self._place |= {name: (place, number) for number, name in enumerate((*names, task.name), 1)}
        self._after |= {name: [task.name] for name in names}
        self._missing[task.name] = len(names)
        self._open += len(names)
        if not names:
            return self._go(last, todo)
        for item in items:
            self._spread(item, self._go(item, todo), todo)
        return ""

    def _needless(self, task: Task, call: Call) -> str:
        """Return why a hook need not be called, or ''; one before a step is asked for what becomes of the step."""
        name = f"{task.trial}/{call.step}" if task.trial else call.step
        step = self._tasks.get(name) if call.moment == "before_step" else None
        if step is not None and task.name in step.needs and step.step.each is None:
            if step.decision in {"run", "undecided"}:
                step = self.judge.settle(step, self._inputs(step), self.passed)
            return f"{call.step} is taken from an earlier run" if step.decision == "reuse" else ""
        return self._told().needless(task, call)

    def _told(self) -> Told:
        return Told(
            self._plan, self.status, self.passed, self._failures, frozenset(self._reused), self.failed
        )

    def _look(self, task: Task, own: Outcome | None = None) -> Look:
        """Return what looks up the values that a condition of a task asks for."""
        parameters, number = self._plan.parameters, self._rounds.number(task)
        return Facts(task, parameters, self.status, self.passed, self.made, own, number).look

    def _inputs(self, task: Task) -> dict[str, Artifact]:
        """Return what a task reads, as far as it was made: dataset → artifact."""
        return {
            name: self.made[task.trial, name]
            for name in task.step.inputs.values()
            if (task.trial, name) in self.made
        }

    def _make_ready(self, task: Task, attempt: int) -> None:
        self.status[task.name] = "ready"
        heapq.heappush(self._ready, (self._place[task.name], attempt, task.name))

    def _fill(self, todo: Advance) -> Advance:
        """Start what is ready while there are free slots."""
        while self._ready and len(self.running) < self.slots:
            item = heapq.heappop(self._ready)
            _, attempt, name = item
            task = self._tasks[name]
            if self.status[name] != "ready" or not self._lanes.enter(task, item):
                continue
            earlier = Upstream(task, self._tasks, self.passed, private=self._private)
            call = task.step.config
            about = self._told().about(task, call) if isinstance(call, Call) else {}
            number, previous = self._rounds.number(task), self._rounds.previous(task)
            start = Start(task, attempt, self._inputs(task), earlier, about, number, previous)
            self.status[task.name] = "running"
            self.running[task.name] = start
            todo.events.append(Started(task.name, attempt, task.key, task.static, task.why))
            todo.starts.append(start)
        return todo

    def _come(self, start: Start, outcome: Outcome, todo: Advance) -> str:
        """Take an attempt that did its work, and return how the task ends by that, or '' when it is done again."""
        task, repeat = start.task, start.task.step.repeat
        if repeat is None:
            todo.events.append(self._finished(start, outcome))
            return self._pass(outcome)
        number = self._rounds.number(task)
        outcome = numbered(outcome, number)
        try:
            answer = read_condition(repeat.condition).answer(self._look(task, outcome))
        except ConfigError as error:
            return self._end_failed(task, outcome, from_problem(error), todo)
        if answer.holds or (number >= repeat.at_most and repeat.otherwise == "pass"):
            outcome = replace(outcome, notes=(*outcome.notes, f"iteration {number:,}: {answer.why}"))
            todo.events.append(replace(self._finished(start, outcome), iterations=number))
            return self._pass(outcome)
        if self._halted:
            return self._end_failed(task, outcome, INTERRUPTED, todo)
        if number >= repeat.at_most:
            failure = from_problem(bound_reached(task, number, answer.why))
            return self._end_failed(task, outcome, failure, todo)
        todo.events.append(Iterated(outcome, number, answer.why))
        self._rounds.end(task, outcome)
        self._make_ready(task, outcome.attempt + 1)
        return ""

    def _pass(self, outcome: Outcome) -> str:
        """Keep what a task came to."""
        self.passed[outcome.task] = outcome
        self._private |= any(made.is_private for made in outcome.outputs.values())
        trial = self._tasks[outcome.task].trial
        self.made.update({(trial, dataset): made for dataset, made in outcome.outputs.items()})
        return "passed"

    def _finished(self, start: Start, outcome: Outcome) -> Finished:
        """Return the event of a task that passed, with its keys where other runs may take what it made."""
        task = start.task
        barrier = task.barrier or self.judge.barrier(task, outcome)
        return Finished(outcome, task.key, "" if barrier else task.static, inputs_of(task, start.inputs))

    def _fail(self, task: Task, outcome: Outcome, failure: Failure, todo: Advance) -> str:
        """Take an attempt that failed, and return how the task ends by that, or '' when it tries again."""
        over = self._stopping or (self._halted and not task.looks_on)
        tries = self._rounds.attempt(task, outcome.attempt)
        if not over and tries_again(task.step, tries, failure):
            seconds = pause_before(task.step.retry, tries, f"{self.seed}/{task.name}")
            self.status[task.name] = "paused"
            self._paused[task.name] = outcome
            todo.events.append(AttemptFailed(outcome, seconds))
            todo.pauses.append(Pause(task.name, seconds))
            return ""
        return self._end_failed(task, outcome, failure, todo)

    def _end_failed(self, task: Task, outcome: Outcome, failure: Failure, todo: Advance) -> str:
        """End a task with a failure, and return how that counts."""
        outcome = replace(outcome, failure=failure, outputs=frozen())
        self._failures[task.name] = failure
        excuse = "" if failure.kind == "interrupted" else task.excuse
        todo.events.append(Finished(outcome, excuse=excuse, iterations=self._rounds.number(task)))
        if excuse:
            return "excused"
        self._broken = self._broken or task.name
        return "failed"

    def _block(self, name: str, by: str, why: str) -> Blocked:
        self._end(name, "blocked")
        return self._blocked(name, by, why)

    def _blocked(self, name: str, by: str, why: str) -> Blocked:
        self._blame[name] = by
        return Blocked(name, by, why)

    def _end(self, name: str, status: str) -> None:
        self.status[name] = status
        self.failed = self.failed or status in {"failed", "blocked"}
        self._open -= 1
