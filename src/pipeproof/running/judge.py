"""What a run asks about its tasks as it goes: handed to the machine, so that it stays pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeproof.model.artifact import Artifact
from pipeproof.model.event import Reused
from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Task
from pipeproof.model.reuse import barrier_of

Settle = Callable[[Task, Mapping[str, Artifact], Mapping[str, Outcome]], Task]
"""(task, its inputs, what passed before it by task) → the task with its key and a decision, no longer undecided."""
Expand = Callable[[Task, Artifact | None], Sequence[Task]]
"""(task, the list of its items) → a task for each, and last the one that gathers, under the name of the task."""


def as_planned(task: Task, _inputs: Mapping[str, Artifact], _passed: Mapping[str, Outcome]) -> Task:
    """Settle nothing: what is undecided is run."""
    return replace(task, decision="run") if task.decision == "undecided" else task


@dataclass(frozen=True, slots=True)
class Judge:
    """What a run asks about its tasks when it knows more than its plan did.

    Attributes:
        settle: Asked for each task when all that it waits for has passed.
        expand: Asked for the tasks of a step whose items have become known.
        barrier: (task, what it came to) → why other runs must not take that; empty when they may.
    """

    settle: Settle = as_planned
    barrier: Callable[[Task, Outcome], str] = lambda _task, outcome: barrier_of(outcome.seen)
    expand: Expand = lambda task, _items: (task,)


def reused_event(task: Task, outcome: Outcome) -> Reused:
    """Return the event of a task that is not run: what an earlier run made is taken."""
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
        outcome.artifacts,
        tuple(replace(file, before=file.after) for file in outcome.published),
    )
