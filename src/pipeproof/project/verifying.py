"""A past run done again, to see whether every output comes out the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeproof.errors import Finding, UsageError
from pipeproof.model.contract import Variable, frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.planning.changes import Change
from pipeproof.ports import Sink
from pipeproof.project.execute import plan, run_plan
from pipeproof.project.place import Project
from pipeproof.project.recorded import inputs_then, recorded_task
from pipeproof.project.replaying import Difference, differences_of, in_trial
from pipeproof.project.resuming import loaded_again
from pipeproof.project.reusing import Reusing
from pipeproof.testing.variant import unsealable

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
class Verified:
    """What came of a run that was done again; true when all of it that could be came out the same."""

    run: str
    steps: tuple[Again, ...]

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
    project = Project.at(Path.cwd())
    record = project.record(run)
    today = plan(loaded_again(record, pipeline), record.parameters, reuse=False)
    tasks, skipped = _tasks(record, project)
    if not tasks:
        what = f"no step of {record.run} can be done again"
        raise UsageError(Finding("PPF508", what, fix=f"pipeproof show {record.run} says what became of them"))
    second = _done_again(tasks, today, project, sinks)
    doubtful = {name for name in tasks if _differ(record.steps[name], second[name], project)}
    third = _done_again({name: tasks[name] for name in doubtful}, today, project, ()) if doubtful else {}
    reusing = Reusing(project, today.pipeline)

    def changed(name: str) -> tuple[Change, ...]:
        task = next((task for task in today.tasks if task.name == name and task.static), None)
        return () if task is None else reusing.changes(record.steps[name].static, task, today)

    return Verified(
        record.run,
        tuple(
            _judged(record.steps[name], second[name], third.get(name), changed(name), project)
            if name in tasks
            else Again(name, "skipped", why=skipped[name])
            for name in record.steps
            if name in tasks or name in skipped
        ),
    )


def _tasks(record: RunRecord, project: Project) -> tuple[dict[str, Sequence[Task]], dict[str, str]]:
    """Return for each step the tasks that do it again, and why others cannot be."""
    tasks: dict[str, Sequence[Task]] = {}
    skipped: dict[str, str] = {}
    for name, step in record.steps.items():
        if step.kind == "source":
            continue
        if step.status not in {"passed", "reused"}:
            skipped[name] = f"it was {step.status} in {record.run}"
            continue
        try:
            task = _sealed(recorded_task(record, name, project), step)
            tasks[name] = [in_trial(item, name) for item in (*inputs_then(record, name, project), task)]
        except UsageError as error:
            skipped[name] = error.findings[0].what
            continue
        if why := unsealable(task.step, project.kinds[task.step.kind]):
            skipped[name] = why
            del tasks[name]
    return tasks, skipped


def _sealed(task: Task, then: StepRecord) -> Task:
    """Return a task that sees the variables which it was seen to ask for; a sealed one sees no others."""
    asked = [Variable(seen.name, required=False) for seen in then.seen if seen.what == "variable"]
    contract = replace(task.step.contract, environment=(*task.step.contract.environment, *asked))
    step = replace(task.step, contract=contract, retry=replace(task.step.retry, count=0))
    own = task.isolation in {"thread", "environment", "container"}
    return replace(task, step=step, isolation=task.isolation if own else "fresh")


def _done_again(
    tasks: Mapping[str, Sequence[Task]], today: Plan, project: Project, sinks: Sequence[Sink]
) -> dict[str, StepRecord]:
    """Return what each step came to."""
    every = [task for some in tasks.values() for task in some]
    known = {task.name for task in every}
    kept = tuple(replace(task, needs=tuple(need for need in task.needs if need in known)) for task in every)
    whole = replace(today, pipeline=replace(today.pipeline, timeout=None), tasks=kept, texts=frozen())
    record = run_plan(whole, project, keep_going=True, sinks=sinks, letter="v").record
    return {name: record.steps[f"{name}/{name}"] for name in tasks}


def _differ(then: StepRecord, now: StepRecord, project: Project) -> bool:
    return now.status != "passed" or bool(differences_of(then, now, project))


def _judged(
    then: StepRecord,
    now: StepRecord,
    again: StepRecord | None,
    changes: tuple[Change, ...],
    project: Project,
) -> Again:
    """Return what came of a step; `again` is the third time, for one that differs."""
    if again is None:
        return Again(then.name, "same")
    repeats = now.status == again.status and not differences_of(now, again, project)
    if now.status != "passed":
        why = now.failure.message if now.failure else now.why
        return Again(then.name, "failed", deterministic=repeats, changes=changes, why=why)
    return Again(then.name, "differs", differences_of(then, now, project), repeats, changes)
