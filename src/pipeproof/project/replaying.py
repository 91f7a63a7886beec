"""One step of a past run again, with exactly what it read, its configuration and its environment then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import Step
from pipeproof.planning.changes import Change
from pipeproof.ports import Sink, StepKind
from pipeproof.project.execute import run_plan
from pipeproof.project.jobs import REPLAY
from pipeproof.project.looking_back import Past, look_back
from pipeproof.project.place import Project
from pipeproof.project.recorded import inputs_then, recorded_step
from pipeproof.project.results import Run
from pipeproof.running.worker import UNSEALED
from pipeproof.testing.variant import unsealable

_TRIAL = "replay"
NOT_HELD_OFF = "the function lives in this process alone, which cannot be held off from the world"


@dataclass(frozen=True, slots=True)
class Difference:
    """A dataset that came out otherwise than in the run.

    Attributes:
        dataset: The dataset.
        says: How it differs: columns, rows, values; that its bytes do, where no more can be said.
    """

    dataset: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a step that was run again; true when it passed.

    Attributes:
        then_run: Name of the past run.
        run: The run that did it again, with its log.
        then: The step as it was in the past run.
        now: The step as it came out.
        differences: Datasets that came out otherwise; empty also when it failed.
        changes: What changed since in what decides the step: its code, configuration, packages, files that it read.
            The configuration of then was used.
        notes: Why something of that is not known.
    """

    then_run: str
    run: Run
    then: StepRecord
    now: StepRecord
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.now.status == "passed"


def replay(run: str, step: str, *, pipeline: Pipeline | None = None, sinks: Sequence[Sink] = ()) -> Replayed:
    """Run one step of a past run again, on what it read then, as it was configured then.

    It runs today's code in today's environment, with its variables and secrets. Its process is held off from the world: it
    writes below its own folder and reaches no network. What would go out to a target is written to a folder of the replay.

    Args:
        run: Name of the run, or ``last``.
        step: Name of the step.
        pipeline: The pipeline, for one that was made in memory; only to say what changed since.
        sinks: Called with every wave of events.

    Raises:
        UsageError: There is no such run or step, it touches the world, or what it read is not kept any more.
    """
    past = look_back(run, pipeline)
    the_plan = plan_to_replay(past, step)
    done = run_plan(the_plan, past.project, sinks=sinks, letter=REPLAY)
    now = next(found for name, found in done.record.steps.items() if name in {step, f"{_TRIAL}/{step}"})
    then = past.record.steps[step]
    differences = differences_of(then, now, past.project)
    held_off = all(task.trial for task in the_plan.tasks)
    notes = (
        *past.notes,
        *(() if held_off else (NOT_HELD_OFF,)),
        *(note for note in now.notes if UNSEALED in note),
    )
    return Replayed(past.record.run, done, then, now, differences, past.changes(step), notes)


def plan_to_replay(past: Past, step: str, *, held_off: bool = True) -> Plan:
    """Return the plan that runs one step of a run again; see `replay`.

    Args:
        past: The run.
        step: Name of the step.
        held_off: Whether its process is held off from the world, where it has one of its own.
    """
    record, project = past.record, past.project
    _refuse(record, step)
    recorded = recorded_step(record, step, project)
    kind = project.kinds[recorded.task.step.kind]
    _refuse_external(recorded.task.step, kind, record.run)
    tasks = [*inputs_then(record, step, project), _again(recorded.task)]
    touches = recorded.task.step.effects == "external"
    if touches or (held_off and not unsealable(recorded.task.step, kind)):
        tasks = [in_trial(item, _TRIAL) for item in tasks]
    return past.plan_of(tasks, recorded.targets)


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
    elif found.kind == "hook":
        what, fix = f"{step} is a hook, which only runs call", f"pipeproof logs {record.run} {step}"
    elif found.kind == "gather":
        what = f"{step} gathers what its items made, and runs no code"
        fix = f"replay one of them: pipeproof replay {record.run} '{found.needs[0]}'" if found.needs else ""
    elif found.status not in {"passed", "failed", "reused", "interrupted"}:
        what, fix = f"{step} did not run in {record.run}: {said_of(found)}", "choose a step that ran"
    else:
        return
    raise UsageError(Finding("PPF508", what, step=step, fix=fix))


def said_of(step: StepRecord) -> str:
    """Return what became of a step that did not pass, as a part of a sentence."""
    return {"failed": "it failed", "skipped": "it was left out"}.get(step.status, f"it was {step.status}")


def _refuse_external(step: Step, kind: StepKind, run: str) -> None:
    if step.effects == "external" and not kind.redirects:
        what = f"{step.name} touches the world (effects: external), which cannot be redirected"
        fix = f"run it for real: pipeproof run PIPELINE --only {step.name}; what it read: pipeproof show {run} {step.name}"
        raise UsageError(Finding("PPF585", what, step=step.name, fix=fix))


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
    if then.is_inline and now.is_inline:
        return Difference(name, (f"{_short(then)} → {_short(now)}",))
    return Difference(name, ("its bytes differ",))


def _short(artifact: Artifact) -> str:
    text = repr(artifact.value)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 a line of a terminal
