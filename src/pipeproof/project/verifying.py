"""A past run done again, to see whether every output comes out the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeproof.errors import Finding, StoreError, UsageError
from pipeproof.loading.interpolate import SECRET
from pipeproof.loading.private import is_private
from pipeproof.model.contract import Variable
from pipeproof.model.pipeline import Pipeline, Target
from pipeproof.model.plan import Task
from pipeproof.model.record import StepRecord
from pipeproof.model.step import Step
from pipeproof.planning.changes import Change
from pipeproof.ports import Sink
from pipeproof.project.execute import run_plan
from pipeproof.project.looking_back import Past, look_back
from pipeproof.project.place import Project
from pipeproof.project.recorded import inputs_then, recorded_step, refuse_damaged
from pipeproof.project.replaying import Difference, differences_of, in_trial, said_of
from pipeproof.testing.variant import unsealable

_NO_CODE = frozenset({"source", "gather", "hook"})
"""Kinds of tasks that are none of the user's steps."""
_SHOWN = 3  # reasons in a message
Answer = Literal["same", "differs", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Again:
    """What came of one step when it was done again on what it had read.

    Attributes:
        step: Its name.
        answer: Whether its outputs came out the same.
        differences: What differs, by dataset.
        deterministic: Whether a third time gave what the second did; None where nobody had to ask.
        changes: What changed since in what decides the step.
        why: Why it failed or was skipped.
    """

    step: str
    answer: Answer
    differences: tuple[Difference, ...] = ()
    deterministic: bool | None = None
    changes: tuple[Change, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Redo:
    """What does a step again: tasks that bring what it read then and the step itself, and the targets of then."""

    tasks: tuple[Task, ...]
    targets: Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of a run that was done again; true when all of it that could be came out the same.

    Attributes:
        run: The run.
        steps: What came of each of its steps.
        notes: Why it is not known what changed since.
    """

    run: str
    steps: tuple[Again, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        answers = {step.answer for step in self.steps}
        return "same" in answers and answers <= {"same", "skipped"}


def verify(run: str, *, pipeline: Pipeline | None = None, sinks: Sequence[Sink] = ()) -> Verified:
    """Do a run of the project around the current folder again and compare every output.

    Each step gets what it read then, so that one that differs does not blame those behind it. Nothing touches the
    world: steps run sealed off, as in a test. A step that differs is done a third time, which tells whether it gives
    the same twice at all.

    Args:
        run: Name of the run, or ``last``.
        pipeline: The pipeline, for one that was made in memory.
        sinks: Called with every wave of events.

    Raises:
        UsageError: There is no such run, or nothing of it can be done again.
    """
    past = look_back(run, pipeline)
    record, project = past.record, past.project
    tasks, skipped, damaged = _tasks(past)
    if not tasks and not damaged:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:_SHOWN])
        what = f"no step of {record.run} can be done again{f' ({reasons})' if reasons else ''}"
        raise UsageError(Finding("PPF587", what, fix=f"pipeproof show {record.run} says what became of them"))
    second = _done_again(tasks, past, sinks)
    doubtful = {name for name in tasks if _differ(record.steps[name], second[name], project)}
    third = _done_again({name: tasks[name] for name in doubtful}, past, ()) if doubtful else {}
    return Verified(
        record.run,
        tuple(
            _judged(record.steps[name], second[name], third.get(name), past)
            if name in tasks
            else damaged.get(name) or Again(name, "skipped", why=skipped[name])
            for name in record.steps
            if name in tasks or name in skipped or name in damaged
        ),
        past.notes,
    )


def _tasks(past: Past) -> tuple[dict[str, Redo], dict[str, str], dict[str, Again]]:
    """Return for each step what does it again, why others cannot be, and those of which something kept is damaged."""
    damaged: dict[str, Again] = {}
    tasks: dict[str, Redo] = {}
    skipped: dict[str, str] = {}
    for name, step in past.record.steps.items():
        if step.kind in _NO_CODE:
            continue
        if step.status not in {"passed", "reused"}:
            skipped[name] = f"{said_of(step)} in {past.record.run}"
            continue
        try:
            tasks[name] = _redo(past, step)
        except UsageError as error:
            skipped[name] = error.findings[0].what
        except StoreError as error:
            finding = error.findings[0]
            damaged[name] = Again(name, "failed", why=f"{finding.what} ({finding.code})")
    return tasks, skipped, damaged


def _redo(past: Past, step: StepRecord) -> Redo:
    """Return what does a step again.

    Raises:
        UsageError: It cannot be done again.
        StoreError: What it read or made is damaged.
    """
    recorded = recorded_step(past.record, step.name, past.project)
    if why := unsealable(recorded.task.step, past.project.kinds[step.kind]):
        raise UsageError(Finding("PPF508", why, step=step.name))
    task = _sealed(recorded.task, step)
    tasks = tuple(
        in_trial(item, step.name) for item in (*inputs_then(past.record, step.name, past.project), task)
    )
    refuse_damaged(step.kept, past.project)
    return Redo(tasks, recorded.targets)


def _sealed(task: Task, then: StepRecord) -> Task:
    """Return a task that sees the variables which it was seen to ask for; a sealed one sees no others."""
    asked = [Variable(seen.name, required=False) for seen in then.seen if seen.what == "variable"]
    contract = replace(task.step.contract, environment=(*task.step.contract.environment, *asked))
    step = replace(task.step, contract=contract, retry=replace(task.step.retry, count=0))
    own = task.isolation in {"thread", "environment", "container"}
    return replace(task, step=step, isolation=task.isolation if own else "fresh")


def _done_again(redone: Mapping[str, Redo], past: Past, sinks: Sequence[Sink]) -> dict[str, StepRecord]:
    """Return what each step came to."""
    targets = {name: target for redo in redone.values() for name, target in redo.targets.items()}
    whole = past.plan_of([task for redo in redone.values() for task in redo.tasks], targets)
    record = run_plan(whole, past.project, keep_going=True, sinks=sinks, letter="v").record
    return {name: record.steps[f"{name}/{name}"] for name in redone}


def _differ(then: StepRecord, now: StepRecord, project: Project) -> bool:
    return now.status != "passed" or bool(differences_of(then, now, project))


def _judged(then: StepRecord, now: StepRecord, again: StepRecord | None, past: Past) -> Again:
    """Return what came of a step; `again` is the third time, for one that differs."""
    if again is None:
        return Again(then.name, "same")
    repeats = now.status == again.status and not differences_of(now, again, past.project)
    changes = past.changes(then.name)
    if secrets := _secrets_of(recorded_step(past.record, then.name, past.project).task.step):
        why = f"it reads {', '.join(secrets)}, and a secret is given to runs only; without it the step came out otherwise"
        return Again(then.name, "skipped", why=why)
    if now.status != "passed":
        why = now.failure.message if now.failure else now.why
        return Again(then.name, "failed", deterministic=repeats, changes=changes, why=why)
    return Again(then.name, "differs", differences_of(then, now, past.project), repeats, changes)


def _secrets_of(step: Step) -> list[str]:
    """Return the variables of a step that hold secrets, for which a trial gets something else."""
    given = [name for name, text in step.environment.items() if SECRET.search(text)]
    declared = [variable.name for variable in step.contract.environment if is_private(variable.name)]
    return list(dict.fromkeys([*given, *declared]))
