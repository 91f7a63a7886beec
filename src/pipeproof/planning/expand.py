"""From a task whose items only the run knows to a task for each of them, once they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeproof.model.contract import frozen
from pipeproof.model.order import PASSED
from pipeproof.model.plan import Plan, Task
from pipeproof.planning.items import checked, spread
from pipeproof.planning.make import KeyOf, task_of
from pipeproof.planning.templates import fill_step
from pipeproof.ports import StepKind

_MAY_MISS = frozenset({*PASSED, "excused", "skipped"})


@dataclass(frozen=True, slots=True)
class Expansion:
    """The tasks of a step whose items have become known; the last one gathers what the others make.

    `texts` says what their keys are made of: digest → text.
    """

    tasks: tuple[Task, ...]
    texts: Mapping[str, str]


def expand(
    task: Task, items: Any, plan: Plan, kinds: Mapping[str, StepKind], key_of: KeyOf | None = None
) -> Expansion:
    """Return the tasks of a step for each of its items.

    Args:
        task: The task that stands for all of them in the plan.
        items: The items.
        plan: The plan.
        kinds: Step kinds by name.
        key_of: Gives tasks their keys; without it nothing of them is used again.

    Raises:
        ConfigError: They are no items.
    """
    steps = spread(task.step, checked(task.step, items))
    made = [
        task_of(fill_step(step, kinds[step.kind], plan.parameters), "", pipeline=plan.pipeline, kinds=kinds)
        for step in steps
    ]
    own = [_for_item(one, task) for one in made[:-1]]
    lets = dict.fromkeys((one.name for one in own), _MAY_MISS) if made[-1].step.spared else {}
    last = replace(made[-1], needs=tuple(one.name for one in own), lets=frozen(lets), trial=task.trial)
    tasks = (*own, last)
    if key_of is None:
        return Expansion(tasks, frozen())
    keys = [key_of(one, {**plan.parameters, **one.step.given}) for one in tasks]
    keyed = tuple(
        replace(
            one, static=key.static, barrier=key.barrier, decision=_decision(task, key.static, key.barrier)
        )
        for one, key in zip(tasks, keys, strict=True)
    )
    return Expansion(keyed, frozen({key.static: key.text for key in keys if key.static}))


def _for_item(one: Task, task: Task) -> Task:
    """Return the task of an item, which waits for what the whole waited for."""
    return replace(
        one,
        needs=task.needs,
        lets=task.lets,
        trial=task.trial,
        asks=one.step.when,
        excuse=task.excuse,
        isolation=task.isolation if task.trial else one.isolation,
    )


def _decision(task: Task, static: str, barrier: str) -> Any:
    """Return whether something that was made before may be looked for."""
    return "undecided" if task.decision == "undecided" and static and not barrier else "run"
