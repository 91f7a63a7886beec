"""Hooks as tasks of a plan: before and after a run and its steps, each told what it needs to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.hook import Hook, Moment
from pipeproof.model.order import ANY, PASSED, End
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Task
from pipeproof.model.step import Isolation, Retry, Step
from pipeproof.planning.items import GATHER
from pipeproof.planning.templates import fill

HOOK = "hook"
"""The hidden kind of the steps that call hooks."""
RUN = "run"
"""What the hooks of the run itself are named after."""
_HIDDEN = frozenset({"source", "split", "synthetic", HOOK})
_MAY_MISS: frozenset[End] = frozenset({"passed", "skipped"})
_NAMES: Mapping[Moment, str] = {
    "before_run": "before",
    "after_run": "after",
    "before_step": "before",
    "after_step": "after",
    "on_failure": "failure",
}


@dataclass(frozen=True, slots=True)
class Call:
    """What the step of a hook needs.

    Attributes:
        function: The function or script.
        moment: When it is called.
        step: The step it is called for; empty for the run.
        arguments: Values of further parameters.
    """

    function: str
    moment: Moment
    step: str = ""
    arguments: Mapping[str, Any] = field(default_factory=frozen)


def with_hooks(
    tasks: Sequence[Task], pipeline: Pipeline, parameters: Mapping[str, Scalar]
) -> tuple[Task, ...]:
    """Return tasks with the hooks of the pipeline and its steps among them, in an order that can run.

    Args:
        tasks: Tasks in an order that can run.
        pipeline: The pipeline.
        parameters: Parameters of the run.
    """
    hooks = pipeline.hooks
    if not any(hooks.at(moment) for moment in _NAMES) and not any(
        task.step.before or task.step.after for task in tasks
    ):
        return tuple(tasks)
    families = _families(tasks)
    around = tuple(one for task in tasks for one in _around(task, families, pipeline, parameters))
    first = tuple(
        _called(hook, "before_run", "", number, parameters) for number, hook in enumerate(hooks.before_run)
    )
    names = tuple(task.name for task in (*first, *around))
    lets = dict.fromkeys((task.name for task in first), _MAY_MISS)
    ready = (
        replace(task, needs=tuple(lets), lets=frozen(lets)) if not task.needs else task for task in around
    )
    moments: tuple[Moment, ...] = ("on_failure", "after_run")
    last = [
        replace(
            _called(hook, moment, "", number, parameters), needs=names, lets=frozen(dict.fromkeys(names, ANY))
        )
        for moment in moments
        for number, hook in enumerate(hooks.at(moment))
    ]
    return (*first, *ready, *last)


def _around(
    task: Task,
    families: Mapping[str, Sequence[str]],
    pipeline: Pipeline,
    parameters: Mapping[str, Scalar],
) -> Iterator[Task]:
    """Yield a task between those of its hooks."""
    step = task.step
    if step.kind in _HIDDEN or task.decision in {"reuse", "skip"}:
        yield task
        return
    family = families[step.base]
    before = (*pipeline.hooks.before_step, *step.before)
    made = [
        replace(
            _called(hook, "before_step", step.base, number, parameters),
            needs=task.needs,
            lets=task.lets,
            asks=_asks(task),
        )
        for number, hook in enumerate(before)
    ]
    if task.name == family[0]:
        yield from made
    waits = {one.name: _ends(one) for one in made}
    if step.kind != GATHER:
        task = (
            replace(task, needs=(*task.needs, *waits), lets=frozen({**task.lets, **waits})) if waits else task
        )
    yield task
    if task.name == family[-1]:
        for number, hook in enumerate((*step.after, *pipeline.hooks.after_step)):
            called = _called(hook, "after_step", step.base, number, parameters)
            yield replace(called, needs=(task.name,), lets=frozen({task.name: ANY}))


def _families(tasks: Iterable[Task]) -> Mapping[str, Sequence[str]]:
    """Return, for each step of the user's, its tasks in order: one, or one for each item and one that gathers."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        if task.step.kind not in _HIDDEN:
            found.setdefault(task.step.base, []).append(task.name)
    return found


def _asks(task: Task) -> str:
    """Return the condition under which the hook before a task is called: that of the task, unless it is an item's own."""
    return "" if "item" in task.step.given else task.asks


def _ends(hook: Task) -> frozenset[End]:
    return _MAY_MISS if not hook.excuse else frozenset({*PASSED, "skipped", "excused"})


def _called(hook: Hook, moment: Moment, step: str, number: int, parameters: Mapping[str, Scalar]) -> Task:
    more = f".{number + 1}" if number else ""
    name = f"{step or RUN}@{_NAMES[moment]}{more}"
    required = hook.required if hook.required is not None else moment.startswith("before")
    made = Step(
        name,
        HOOK,
        Call(hook.function, moment, step, frozen(fill(dict(hook.arguments), parameters))),
        retry=Retry(0),
        effects=hook.effects,
        cache=False,
    )
    excuse = "" if required else "it is a hook that is not required"
    return Task(made, "", "run", f"{moment.replace('_', ' ')}", isolation=_isolation(hook), excuse=excuse)


def _isolation(hook: Hook) -> Isolation:
    """Return where a hook runs: a script in a process of its own, what only this process has in a thread of it."""
    if ":" not in hook.function:
        return "fresh"
    return "thread" if hook.function.startswith("local:") else "worker"
