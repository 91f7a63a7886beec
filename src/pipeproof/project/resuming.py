"""A run that was interrupted, or had failed, goes on from the first thing that is not done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeproof.errors import Finding, UsageError
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan
from pipeproof.model.record import RunRecord
from pipeproof.ports import Sink
from pipeproof.project.examine import Examined, load
from pipeproof.project.execute import plan, run_plan
from pipeproof.project.place import Project, is_test
from pipeproof.project.results import Run
from pipeproof.project.reusing import done_in


def resume(
    run: str,
    *,
    pipeline: Pipeline | None = None,
    again: Sequence[str] = (),
    keep_going: bool = False,
    jobs: int | None = None,
    sinks: Sequence[Sink] = (),
    durable: bool = False,
) -> Run:
    """Let a run of the project around the current folder go on; steps that have passed stand.

    A step that has passed is run again when its code, configuration or inputs are others now.

    Args:
        run: Name of the run, or ``last``.
        pipeline: The pipeline, for one that was made in memory; otherwise it is loaded anew.
        again: Steps whose effect on the world had begun, and may be done twice.
        keep_going: Run what does not depend on a failed step.
        jobs: Steps at once; the number of processors unless given.
        sinks: Called with every wave of events.
        durable: Let every event survive a loss of power at once, not only the end of the run.

    Raises:
        UsageError: There is no such run, it has passed, it is under way, or a step had begun to touch the world.
        ConfigError: The pipeline is wrong now.
    """
    the_plan, project, record = plan_to_resume(run, pipeline=pipeline, again=again)
    return run_plan(
        the_plan, project, keep_going=keep_going, jobs=jobs, sinks=sinks, durable=durable, resumes=record
    )


def plan_to_resume(
    run: str, *, pipeline: Pipeline | None = None, again: Sequence[str] = ()
) -> tuple[Plan, Project, RunRecord]:
    """Return what is left to do of a run, its project and its record so far; see `resume`."""
    record = Project.at(Path.cwd()).own(run, "PPF506")
    _refuse(record)
    examined = loaded_again(record, pipeline)
    _refuse_renamed(record, examined.pipeline)
    _refuse_half_done(record, examined, again)
    choice = record.about.get("choice", {})
    the_plan = plan(
        examined,
        record.parameters,
        only=choice.get("only", ()),
        since=choice.get("since", ()),
        until=choice.get("until", ()),
        done=done_in(record),
    )
    return the_plan, examined.project, record


def _refuse(record: RunRecord) -> None:
    """Make sure that a run can go on."""
    if is_test(record.run):
        what, fix = f"{record.run} is a test, which has nothing to go on with", "pipeproof test PIPELINE"
    elif record.status == "passed":
        what, fix = (
            f"the run {record.run} has passed: there is nothing left to do",
            f"pipeproof show {record.run}",
        )
    elif record.status == "running":
        what, fix = f"the run {record.run} is under way", f"pipeproof show {record.run} says how far it is"
    else:
        return
    raise UsageError(Finding("PPF506", what, fix=fix))


def _refuse_renamed(record: RunRecord, pipeline: Pipeline) -> None:
    """Make sure that a run of one pipeline does not become one of another."""
    if pipeline.name != record.pipeline:
        what = f"{record.run} is a run of {record.pipeline}, and the pipeline is called {pipeline.name} now"
        fix = f"pipeproof run begins a run of {pipeline.name}; what is the same is taken from {record.run}"
        raise UsageError(Finding("PPF506", what, fix=fix))


def loaded_again(record: RunRecord, pipeline: Pipeline | None) -> Examined:
    """Return the pipeline of a run as it is now."""
    if pipeline is not None:
        return load(pipeline)
    origin = record.about.get("target", "")
    if not origin:
        what = f"the pipeline of {record.run} was made in memory"
        raise UsageError(Finding("PPF506", what, fix="call pipeproof.resume(run, pipeline=...)"))
    here = Project.at(Path.cwd()).root / origin
    return load(here if here.exists() else origin)


def _refuse_half_done(record: RunRecord, examined: Examined, again: Sequence[str]) -> None:
    """Make sure that nothing is done to the world twice that must not be."""
    findings = [
        Finding(
            "PPF507",
            f"step {name!r} had begun to touch the world when the run was interrupted; nobody knows whether it did",
            step=name,
            fix=f"see whether it did; to do it again: pipeproof resume {record.run} --again {name}",
        )
        for name in _half_done(record, examined.pipeline, examined)
        if name not in again
    ]
    if findings:
        raise UsageError(*findings)


def _half_done(record: RunRecord, pipeline: Pipeline, examined: Examined) -> Iterator[str]:
    for name, step in record.steps.items():
        now = pipeline.by_name.get(name)
        if step.status != "interrupted" or now is None or now.effects != "external" or now.idempotent:
            continue
        # What goes to targets is written whole or not at all, so it may be written again.
        if not examined.project.kinds[now.kind].redirects:
            yield name
