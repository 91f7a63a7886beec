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
from pipeproof.model.outcome import Outcome, Seen
from pipeproof.model.plan import Plan, Task
from pipeproof.model.reuse import Known, is_knowable
from pipeproof.planning.conditions import is_open
from pipeproof.planning.hooks import HOOK
from pipeproof.planning.keys import key_with
from pipeproof.planning.upstream import ASKED, Upstream, digest_asked

_NEVER = "nothing of it is kept"
DONE = "done before the run was interrupted"
"""Why a run that goes on takes what it has done itself."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did before it was interrupted: the static key of a step then, and what it came to."""

    static: str
    known: Known


@dataclass(frozen=True, slots=True)
class Past:
    """What is kept of earlier runs, and how it compares with today.

    Attributes:
        known: Static keys → what steps with these keys came to, newest first.
        changed: (task, what an earlier attempt was seen to use) → whether it is another today.
        whole: Whether the content of all outputs is still kept.
        holds: Whether all that went out to targets stands there as it was written.
        new: Tasks of whose static keys nothing is kept → why that is, in words, by name.
        refresh: Steps that are run whatever is kept.
        off: Whether nothing is taken.
        done: What the run itself did before it was interrupted, by task. It stands whatever else is said here,
            as long as the step and what it reads are the same.
    """

    known: Callable[[Collection[str]], Mapping[str, Sequence[Known]]] = lambda _keys: {}
    changed: Callable[[Task, Seen], bool] = lambda _task, _seen: False
    whole: Callable[[Outcome], bool] = lambda _outcome: True
    holds: Callable[[Outcome], bool] = lambda _outcome: True
    new: Callable[[Sequence[Task]], Mapping[str, str]] = lambda _tasks: {}
    refresh: frozenset[str] = field(default_factory=frozenset)
    off: bool = False
    done: Mapping[str, Done] = field(default_factory=frozen)


def decide(plan: Plan, past: Past) -> Plan:
    """Return a plan in which each task that is to run is decided, or undecided and says what it waits for."""
    candidates = [task for task in plan.tasks if task.decision == "run" and may_be_taken(task, past)]
    known = past.known({task.static for task in candidates})
    reasons = past.new([task for task in candidates if not _known(task, known, past)])
    made: dict[str, Artifact] = {}
    passed: dict[str, Outcome] = {}
    decided: dict[str, Task] = {}
    for planned in plan.tasks:
        task = planned
        if planned.step.each is not None and planned.decision == "run":
            taken = may_be_taken(planned, past)
            why = f"one for each item of {planned.step.each.dataset}"
            task = replace(planned, decision="undecided" if taken else "run", why=planned.why or why)
        elif planned.decision == "run" and planned.step.kind != HOOK:
            earlier = _known(planned, known, past)
            task = _decide(planned, earlier, made, decided, passed, past=past, reasons=reasons)
            if is_open(task):  # whether it runs at all is not known; what it would take is asked then
                task = replace(task, decision="undecided" if task.decision == "reuse" else task.decision)
                task = replace(
                    task, key="", reused=None, reused_from="", why=planned.why or f"if {task.asks}"
                )
        if task.reused is not None:
            passed[task.name] = task.reused
            if task.decision == "reuse":
                made.update(task.reused.outputs)
        decided[task.name] = task
    return replace(plan, tasks=tuple(decided.values()))


def _known(task: Task, known: Mapping[str, Sequence[Known]], past: Past) -> Sequence[Known]:
    """Return what a task came to earlier: in this run itself, if it did, else in others."""
    if _is_done(task, past):
        return [past.done[task.name].known]
    return known.get(task.static, ())


def _is_done(task: Task, past: Past) -> bool:
    done = past.done.get(task.name)
    return done is not None and bool(task.static) and done.static == task.static


def may_be_taken(task: Task, past: Past) -> bool:
    """Say whether nothing speaks against taking what a task made, whatever that is."""
    return _is_done(task, past) or (
        bool(task.static) and not task.barrier and not past.off and task.step.base not in past.refresh
    )


def _decide(
    task: Task,
    known: Sequence[Known],
    made: Mapping[str, Artifact],
    decided: Mapping[str, Task],
    passed: Mapping[str, Outcome],
    *,
    past: Past,
    reasons: Mapping[str, str],
) -> Task:
    if not may_be_taken(task, past):
        return replace(task, why=_refusal(task, past))
    if not known:
        return replace(task, why=reasons.get(task.name, _NEVER))
    waits = [need for need in task.needs if (found := decided.get(need)) and _may_change(found, task)]
    if not waits and any(seen.what in ASKED for earlier in known for seen in earlier.outcome.seen):
        waits = _not_taken(task, decided)
    if waits:
        return replace(task, decision="undecided", why=f"waits for {', '.join(waits)}")
    inputs = {dataset: made[dataset] for dataset in task.step.inputs.values() if dataset in made}
    return take(task, known, inputs, past, Upstream(task, decided, passed))


def _not_taken(task: Task, decided: Mapping[str, Task]) -> list[str]:
    """Return the tasks upstream, near and far, whose results may be others today than those the code asked for."""
    found: dict[str, None] = {}
    waiting = list(task.needs)
    while waiting:
        need = waiting.pop()
        if need in decided and need not in found:
            found[need] = None
            waiting += decided[need].needs
    return [need for need in found if decided[need].decision not in {"reuse", "skip"}]


def _may_change(need: Task, task: Task) -> bool:
    """Say whether a task that is not decided to be taken may make a difference to one that waits for it."""
    if need.decision in {"reuse", "skip"} or need.step.kind == HOOK:
        return False
    return need.step.effects == "external" or not set(need.step.made).isdisjoint(task.step.inputs.values())


def _refusal(task: Task, past: Past) -> str:
    if past.off:
        return "nothing is taken from earlier runs"
    if task.step.base in past.refresh:
        return "it is to be run anew"
    return task.barrier or "no key can be had"


def take(
    task: Task,
    known: Iterable[Known],
    inputs: Mapping[str, Artifact],
    past: Past,
    upstream: Mapping[str, Outcome],
) -> Task:
    """Return a task, all of whose inputs are known, taken from an earlier run or decided to be run.

    `upstream` is what its code may ask its context for: step → what it came to today.
    """
    key = key_with(task.static, inputs, task.step)
    why = ""
    for earlier in known:
        if earlier.key != key:
            why = why or _differing(earlier, inputs, task)
            continue
        # What nobody can compare keeps other runs from taking a result, not the run itself that has it.
        used = [seen for seen in earlier.outcome.seen if is_knowable(seen) or not _is_done(task, past)]
        changed = [seen for seen in used if _is_other(seen, task, past, upstream)]
        if changed:
            why = _said(changed)
            continue
        if not past.whole(earlier.outcome):
            why = f"what it made in {earlier.run} is not kept any more"
            continue
        if not _is_done(task, past) and task.step.effects == "external" and not past.holds(earlier.outcome):
            why = f"its target is not as {earlier.run} wrote it"
            continue
        said = DONE if _is_done(task, past) else f"unchanged since {earlier.run}"
        return replace(
            task, decision="reuse", key=key, why=said, reused=earlier.outcome, reused_from=earlier.run
        )
    return replace(task, decision="run", key=key, why=why or task.why)


def _is_other(seen: Seen, task: Task, past: Past, upstream: Mapping[str, Outcome]) -> bool:
    """Say whether something that an earlier attempt used is another today."""
    if seen.what in ASKED:
        return digest_asked(seen, upstream) != seen.digest
    return past.changed(task, seen)


def settling(past: Past, plan: Plan) -> Callable[[Task, Mapping[str, Artifact], Mapping[str, Outcome]], Task]:
    """Return the function that a run asks for each task when all that it waits for has passed."""
    open_ = {task.static for task in plan.tasks if task.decision == "undecided"}
    known = past.known(open_) if open_ else {}
    tasks = {task.name: task for task in plan.tasks}
    external = {
        task.name
        for task in plan.tasks
        if task.step.effects == "external" and task.step.kind != HOOK and task.decision != "reuse"
    }

    def settle(task: Task, inputs: Mapping[str, Artifact], passed: Mapping[str, Outcome]) -> Task:
        if not task.static:
            return replace(task, decision="run") if task.decision == "undecided" else task
        if task.decision != "undecided":
            return replace(task, key=key_with(task.static, inputs, task.step))
        touched = [need for need in task.needs if need in external and need in passed]
        if touched:  # what they did to the world has no version
            why = f"{', '.join(touched)} ran before it"
            return replace(task, decision="run", key=key_with(task.static, inputs, task.step), why=why)
        # What the run itself has added is looked for when it comes.
        kept = known if task.static in open_ else past.known({task.static})
        return take(task, _known(task, kept, past), inputs, past, Upstream(task, tasks, passed))

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


_SAYS = {"folder": "listing of {}", "loaded": "module {}"}
_APPEARED = frozenset({"missing", "presence"})
_MOST_SAID = 3


def _said(changed: Sequence[Seen]) -> str:
    """Return what is another than when it was used, in words."""
    said = [_says(item) for item in changed[:_MOST_SAID]]
    rest = len(changed) - _MOST_SAID
    return ", ".join(said) + (f" and {rest} more" if rest > 0 else "")


def _says(item: Seen) -> str:
    if (item.what, item.name) == ("variable", "*"):
        return "variables changed"
    if item.what not in _APPEARED:
        return f"{_SAYS.get(item.what, f'{item.what} {{}}').format(item.name)} changed"
    return f"{item.name} has appeared" if item.digest == "missing" else f"{item.name} is gone or another"
