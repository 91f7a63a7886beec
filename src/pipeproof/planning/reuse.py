"""Which steps are run and which are taken from earlier runs: before the run as far as is known, then as it goes.

A result may be taken when its key is that of today (code, configuration, packages, environment, content of
the inputs, ...) and all that its code was seen to use besides (a file opened by path, a variable) is as it
was. A step whose inputs are made anew is undecided: when they come out as they were, nothing has changed for
it, and what follows is taken too (early cut-off).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import Outcome, Seen
from pipeproof.model.reuse import Known
from pipeproof.planning.keys import key_with

_NEVER = "nothing of it is kept"


@dataclass(frozen=True, slots=True)
class Past:
    """What is kept of earlier runs, and how it compares with today.

    Attributes:
        known: Static keys → what steps with these keys came to, newest first.
        changed: (task, what an earlier attempt was seen to use) → whether it is another today.
        whole: Whether the content of all outputs is still kept.
        new: Tasks of whose static keys nothing is kept → why that is, in words, by name.
        refresh: Steps that are run whatever is kept.
        off: Whether nothing is taken.
    """

    known: Callable[[Collection[str]], Mapping[str, Sequence[Known]]] = lambda _keys: {}
    changed: Callable[[Task, Seen], bool] = lambda _task, _seen: False
    whole: Callable[[Outcome], bool] = lambda _outcome: True
    new: Callable[[Sequence[Task]], Mapping[str, str]] = lambda _tasks: {}
    refresh: frozenset[str] = field(default_factory=frozenset)
    off: bool = False


def decide(plan: Plan, past: Past) -> Plan:
    """Return a plan in which each task that is to run is decided, or undecided and says what it waits for."""
    candidates = [task for task in plan.tasks if task.decision == "run"]
    known = past.known({task.static for task in candidates if may_be_taken(task, past)})
    unheard = [task for task in candidates if may_be_taken(task, past) and not known.get(task.static)]
    reasons = past.new(unheard)
    made: dict[str, Artifact] = {}
    decided: dict[str, Task] = {}
    for planned in plan.tasks:
        task = planned
        if planned.decision == "run":
            task = _decide(planned, known.get(planned.static, ()), made, decided, past, reasons)
        if task.decision == "reuse" and task.reused is not None:
            made.update(task.reused.outputs)
        decided[task.name] = task
    return replace(plan, tasks=tuple(decided.values()))


def may_be_taken(task: Task, past: Past) -> bool:
    """Say whether anything speaks against taking what a task made, whatever that is."""
    return bool(task.static) and not task.barrier and not past.off and task.step.name not in past.refresh


def _decide(
    task: Task,
    known: Sequence[Known],
    made: Mapping[str, Artifact],
    decided: Mapping[str, Task],
    past: Past,
    reasons: Mapping[str, str],
) -> Task:
    if not may_be_taken(task, past):
        return replace(task, why=_refusal(task, past))
    if not known:
        return replace(task, why=reasons.get(task.name, _NEVER))
    waits = [need for need in task.needs if (found := decided.get(need)) and _may_change(found, task)]
    if waits:
        return replace(task, decision="undecided", why=f"waits for {', '.join(waits)}")
    inputs = {dataset: made[dataset] for dataset in task.step.inputs.values() if dataset in made}
    return take(task, known, inputs, past)


def _may_change(need: Task, task: Task) -> bool:
    """Say whether a task that is not decided to be taken may make a difference to one that waits for it."""
    if need.decision in {"reuse", "skip"}:
        return False
    return need.step.effects == "external" or not set(need.step.made).isdisjoint(task.step.inputs.values())


def _refusal(task: Task, past: Past) -> str:
    if past.off:
        return "nothing is taken from earlier runs"
    if task.step.name in past.refresh:
        return "it is to be run anew"
    return task.barrier or "no key can be had"


def take(task: Task, known: Iterable[Known], inputs: Mapping[str, Artifact], past: Past) -> Task:
    """Return a task, all of whose inputs are known, taken from an earlier run or decided to be run."""
    key = key_with(task.static, inputs, task.step)
    why = ""
    for earlier in known:
        if earlier.key != key:
            why = why or _differing(earlier, inputs, task)
            continue
        changed = [seen for seen in earlier.outcome.seen if past.changed(task, seen)]
        if changed:
            why = f"{_names(changed)} changed"
            continue
        if not past.whole(earlier.outcome):
            why = f"what it made in {earlier.run} is not kept any more"
            continue
        said = f"unchanged since {earlier.run}"
        return replace(
            task, decision="reuse", key=key, why=said, reused=earlier.outcome, reused_from=earlier.run
        )
    return replace(task, decision="run", key=key, why=why or task.why)


def settling(past: Past, plan: Plan) -> Callable[[Task, Mapping[str, Artifact], Mapping[str, Outcome]], Task]:
    """Return the function that a run asks for each task when all that it waits for has passed."""
    open_ = {task.static for task in plan.tasks if task.decision == "undecided"}
    known = past.known(open_) if open_ else {}
    external = {task.name for task in plan.tasks if task.step.effects == "external"}

    def settle(task: Task, inputs: Mapping[str, Artifact], passed: Mapping[str, Outcome]) -> Task:
        if not task.static:
            return replace(task, decision="run") if task.decision == "undecided" else task
        if task.decision != "undecided":
            return replace(task, key=key_with(task.static, inputs, task.step))
        touched = [need for need in task.needs if need in external and need in passed]
        if touched:  # what they did to the world has no version
            why = f"{', '.join(touched)} ran before it"
            return replace(task, decision="run", key=key_with(task.static, inputs, task.step), why=why)
        return take(task, known.get(task.static, ()), inputs, past)

    return settle


def _differing(earlier: Known, inputs: Mapping[str, Artifact], task: Task) -> str:
    """Return which inputs are not those of an earlier run."""
    now = inputs_of(task, inputs)
    other = [task.step.inputs[local] for local in now if earlier.inputs.get(local) != now[local]]
    return f"{', '.join(dict.fromkeys(other))} changed" if other else "its inputs changed"


def inputs_of(task: Task, inputs: Mapping[str, Artifact]) -> Mapping[str, str]:
    """Return the digest of each input of a task: local name → digest."""
    return frozen(
        {local: inputs[dataset].digest for local, dataset in task.step.inputs.items() if dataset in inputs}
    )


def _names(seen: Sequence[Seen]) -> str:
    return ", ".join(f"the {item.what} {item.name}" for item in seen[:3])
