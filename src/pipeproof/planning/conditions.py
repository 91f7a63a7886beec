"""What of a run's decisions is known before it starts: conditions over parameters, and what follows from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pipeproof.model.condition import Reference, UnknownValueError, read_condition, references_of
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.order import PASSED, ROLLBACK
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Task
from pipeproof.model.step import Step


def read_by(step: Step) -> tuple[str, ...]:
    """Return the datasets that a step needs: those that it reads, and those that its condition asks about."""
    asked = (item.of for item in references_of(step.when) if item.asks in {"rows", "value"})
    items = [step.each.dataset] if step.each is not None and step.each.dataset else []
    return tuple(dict.fromkeys([*step.inputs.values(), *asked, *items]))


def with_conditions(
    tasks: Iterable[Task], pipeline: Pipeline, parameters: Mapping[str, Scalar]
) -> tuple[Task, ...]:
    """Return tasks that know which ends of others let them go, and what is still to be asked.

    What is false for the parameters alone is skipped, and so is what cannot do without it. Other
    conditions stay open until the run knows what they ask for.

    Args:
        tasks: Tasks in an order that can run.
        pipeline: The pipeline, its templates filled in.
        parameters: Parameters of the run.

    Raises:
        ConfigError: A condition over parameters cannot be answered.
    """
    tasks = tuple(tasks)
    names = {task.name for task in tasks}
    run = {task.name for task in tasks if task.decision == "run"}
    decided: dict[str, Task] = {}
    for task in tasks:
        task = _with_ends(task, pipeline, names)  # noqa: PLW2901 what follows is about the task as it is now
        if task.decision == "run":
            task = _asked(task, run, parameters) if task.step.when else task  # noqa: PLW2901
            task = _after_skipped(task, decided)  # noqa: PLW2901
        decided[task.name] = task
    return tuple(decided.values())


def is_open(task: Task) -> bool:
    """Say whether a task has a condition that only the run can answer."""
    return bool(task.asks) and not read_condition(task.asks).is_known_early


def _with_ends(task: Task, pipeline: Pipeline, names: Collection[str]) -> Task:
    ends = pipeline.waits.get(task.step.name, {})
    lets = {need: one for need, one in ends.items() if need in names and one != PASSED}
    other = task.step.on_failure
    excuse = "it is optional" if task.step.optional else ""
    if other in names and other != ROLLBACK:
        excuse = f"{other} stands in for it"
    return replace(task, lets=frozen(lets), excuse=excuse) if lets or excuse else task


def _asked(task: Task, run: Collection[str], parameters: Mapping[str, Scalar]) -> Task:
    """Return a task with its condition answered as far as that can be."""
    condition = read_condition(task.step.when)
    left_out = sorted(
        {item.of for item in condition.references if item.asks in {"metrics", "status"}} - {*run}
    )
    if left_out:
        why = f"chosen; its condition asks about {', '.join(left_out)}, which this run leaves out"
        return replace(task, why=why)
    if "item" not in task.step.given and any(item.asks == "item" for item in condition.references):
        return task  # each item is asked, once the run knows them
    if not condition.is_known_early:
        return replace(task, asks=condition.text)
    answer = condition.answer(_looking_in({**parameters, **task.step.given}))
    if not answer.holds:
        return replace(task, decision="skip", why=answer.why)
    return replace(task, asks=condition.text)  # asked again by the run, whose record says what it saw


def _looking_in(parameters: Mapping[str, Scalar]) -> Any:
    def look(item: Reference) -> Scalar:
        name = item.of or item.asks
        if name not in parameters:
            raise UnknownValueError(f"there is no parameter {item.of!r}")
        return parameters[name]

    return look


def _after_skipped(task: Task, decided: Mapping[str, Task]) -> Task:
    """Return a task, skipped if it cannot do without one that is."""
    for need in task.needs:
        before = decided.get(need)  # made sources of a trial may stand in another order
        if before is not None and before.decision == "skip" and "skipped" not in task.lets.get(need, PASSED):
            return replace(task, decision="skip", why=f"waits for {need}, which is skipped", asks="")
    return task
