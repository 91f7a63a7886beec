"""One step of a past run again, with exactly what it read, its configuration and its environment then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.planning.changes import Change
from pipeproof.ports import Sink
from pipeproof.project.execute import plan, run_plan
from pipeproof.project.place import Project
from pipeproof.project.recorded import inputs_then, recorded_task
from pipeproof.project.results import Run
from pipeproof.project.resuming import loaded_again
from pipeproof.project.reusing import Reusing

TRIAL = "replay"


@dataclass(frozen=True, slots=True)
class Difference:
    """A dataset that came out otherwise than in the run.

    Attributes:
        dataset: The dataset.
        says: How it differs: columns, rows; empty when only its bytes do.
    """

    dataset: str
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a step that was run again.

    Attributes:
        then_run: Name of the past run.
        run: The run that did it again, with its log.
        then: The step as it was in the past run.
        now: The step as it came out.
        differences: Datasets that came out otherwise; empty also when it failed.
        changes: What changed since in what decides the step: its code, packages, interpreter.
    """

    then_run: str
    run: Run
    then: StepRecord
    now: StepRecord
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return self.now.status == "passed"


def replay(run: str, step: str, *, pipeline: Pipeline | None = None, sinks: Sequence[Sink] = ()) -> Replayed:
    """Run one step of a past run again, on what it read then; nothing outside of the project is touched.

    Args:
        run: Name of the run, or ``last``.
        step: Name of the step.
        pipeline: The pipeline, for one that was made in memory.
        sinks: Called with every wave of events.

    Raises:
        UsageError: There is no such run or step, or what it read is not kept any more.
    """
    the_plan, project, record, changes = plan_to_replay(run, step, pipeline=pipeline)
    done = run_plan(the_plan, project, sinks=sinks, letter="p")
    now = next(found for name, found in done.record.steps.items() if name in {step, f"{TRIAL}/{step}"})
    then = record.steps[step]
    return Replayed(record.run, done, then, now, differences_of(then, now, project), changes)


def plan_to_replay(
    run: str, step: str, *, pipeline: Pipeline | None = None
) -> tuple[Plan, Project, RunRecord, tuple[Change, ...]]:
    """Return the plan that runs one step again, its project, the past run, and what changed since; see `replay`."""
    project = Project.at(Path.cwd())
    record = project.record(run)
    _refuse(record, step)
    today = plan(loaded_again(record, pipeline), record.parameters, reuse=False)
    task = recorded_task(record, step, project)
    changes = _changes(record.steps[step].static, step, today, project)
    trial = TRIAL if task.step.effects == "external" else ""
    tasks = [*inputs_then(record, step, project), _again(task)]
    if trial:
        tasks = [in_trial(item, trial) for item in tasks]
    known = {item.name for item in tasks}
    tasks = [replace(item, needs=tuple(need for need in item.needs if need in known)) for item in tasks]
    return replace(today, tasks=tuple(tasks), texts=frozen()), project, record, changes


def _again(task: Task) -> Task:
    """Return a task as it is run again: once, in a process of its own where it had one."""
    isolation = "fresh" if task.isolation == "worker" else task.isolation
    return replace(
        task, step=replace(task.step, retry=replace(task.step.retry, count=0)), isolation=isolation
    )


def in_trial(task: Task, trial: str) -> Task:
    """Return a task held off from the world: what would go out lands in a folder of the trial."""
    return replace(task, trial=trial, needs=tuple(f"{trial}/{need}" for need in task.needs))


def _refuse(record: RunRecord, step: str) -> None:
    """Make sure that there is something to run again."""
    if step not in record.steps:
        what = f"the run {record.run} has no step {step!r}"
        raise UsageError(Finding("PPF124", what, fix=suggest(step, record.steps)))
    found = record.steps[step]
    if found.kind == "source":
        what, fix = f"{step} is a source: what came in is kept", f"pipeproof show {record.run} {step}"
    elif found.status not in {"passed", "failed", "reused", "interrupted"}:
        what, fix = f"{step} did not run in {record.run}: it was {found.status}", "choose a step that ran"
    else:
        return
    raise UsageError(Finding("PPF508", what, step=step, fix=fix))


def _changes(static: str, step: str, today: Plan, project: Project) -> tuple[Change, ...]:
    task = next((task for task in today.tasks if task.name == step), None)
    if task is None or not task.static:
        return ()
    return Reusing(project, today.pipeline).changes(static, task, today)


def differences_of(then: StepRecord, now: StepRecord, project: Project) -> tuple[Difference, ...]:
    """Return the datasets that came out otherwise than they were; none where one of both did not pass."""
    if now.status != "passed" or then.status not in {"passed", "reused"}:
        return ()
    names = dict.fromkeys([*then.outputs, *now.outputs])
    return tuple(
        found
        for name in names
        if (found := _difference(name, then.outputs.get(name), now.outputs.get(name), project)) is not None
    )


def _difference(
    name: str, then: Artifact | None, now: Artifact | None, project: Project
) -> Difference | None:
    if then is None or now is None:
        return Difference(name, ("is new" if then is None else "is gone",))
    if (then.kind, then.digest) == (now.kind, now.digest):
        return None
    if then.kind != now.kind:
        return Difference(name, (f"{then.kind} → {now.kind}",))
    if now.kind == "table" and project.objects.has(then):
        from pipeproof.data.differing import table_differences

        says = table_differences(project.objects.path(then.digest), project.objects.path(now.digest))
        return Difference(name, says) if says else None  # other bytes, the same table
    if now.kind == "value":
        return Difference(name, (f"{_short(then)} → {_short(now)}",))
    return Difference(name, ("its bytes differ",))


def _short(artifact: Artifact) -> str:
    text = repr(artifact.value)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 a line of a terminal
