"""From a pipeline to a plan: parameters bound, templates filled, sources as steps, decisions made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pipeproof.errors import Finding, UsageError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.outcome import Outcome
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.plan import Check, Plan, Task
from pipeproof.model.reuse import Keyed
from pipeproof.model.step import Step
from pipeproof.planning.conditions import read_by, with_conditions
from pipeproof.planning.hooks import with_hooks
from pipeproof.planning.isolation import in_pipeline
from pipeproof.planning.items import spread_all
from pipeproof.planning.lint import output_port, placeholders, promised
from pipeproof.planning.parameters import bind
from pipeproof.planning.templates import fill_path
from pipeproof.ports import StepKind

Earlier = Callable[[str], tuple[str, Artifact] | None]
"""Dataset → the latest run that made it and what it made, or None."""
KeyOf = Callable[[Task, Mapping[str, Scalar]], Keyed]
"""(task, parameters) → its static key."""


def make_plan(  # noqa: PLR0913 all but the first three are named at every call
    pipeline: Pipeline,
    kinds: Mapping[str, StepKind],
    given: Mapping[str, object] | None = None,
    *,
    only: Iterable[str] = (),
    since: Iterable[str] = (),
    until: Iterable[str] = (),
    earlier: Earlier = lambda _dataset: None,
    source_step: Callable[[Source], Step],
    key_of: KeyOf | None = None,
) -> Plan:
    """Decide what a run of a pipeline would do.

    Args:
        pipeline: The pipeline.
        kinds: Step kinds by name.
        given: Values of parameters.
        only: Steps or groups to run alone.
        since: Steps or groups to run with all that follows them.
        until: Steps or groups to run with all that they need.
        earlier: Finds what earlier runs made, for steps that are left out.
        source_step: Makes the step that brings a source in.
        key_of: Gives tasks their keys; without it they have none, and nothing of them is used again.

    Raises:
        UsageError: A wrong parameter or step name, or a dataset that no earlier run made.
    """
    parameters = bind(pipeline, given or {}, placeholders(pipeline, kinds))
    only, since, until = tuple(only), tuple(since), tuple(until)
    chosen = _choose(pipeline, only, since, until)
    pipeline = replace(
        pipeline,
        steps=tuple(spread_all(pipeline.steps, kinds, parameters)),
        sources=frozen({name: fill_path(source, parameters) for name, source in pipeline.sources.items()}),
        targets=frozen({name: fill_path(target, parameters) for name, target in pipeline.targets.items()}),
    )
    chosen = {step.name for step in pipeline.steps if step.base in chosen}
    why = "chosen" if only or since or until else ""
    sources = _used_sources(pipeline, chosen)
    task = partial(task_of, pipeline=pipeline, kinds=kinds)
    planned = [task(source_step(source), "a source") for source in sources]
    problems: list[Finding] = []
    needed = {dataset for step in pipeline.steps if step.name in chosen for dataset in read_by(step)}
    for step in pipeline.steps:
        if step.name in chosen:
            planned.append(task(step, why))
        elif any(pipeline.makers[dataset] == step.name for dataset in step.made if dataset in needed):
            planned += _reused(step, needed, pipeline, task, earlier, problems)
    if problems:
        raise UsageError(*problems)
    names = {task.name for task in planned}
    reused = {dataset for task in planned if task.reused is not None for dataset in task.reused.outputs}
    kept = tuple(_among(task, names, reused, pipeline) for task in planned)
    tasks = with_hooks(with_conditions(kept, pipeline, parameters), pipeline, parameters)
    plan = Plan(pipeline, tasks, parameters)
    return plan if key_of is None else _with_keys(plan, key_of)


def _among(task: Task, names: set[str], reused: set[str], pipeline: Pipeline) -> Task:
    """Return a task as it is among those of its plan: it waits for these alone, and holds what is taken to its contract."""
    needs = (
        task.needs if names.issuperset(task.needs) else tuple(need for need in task.needs if need in names)
    )
    more = tuple(_checks_of_reused(task, reused, pipeline)) if reused else ()
    if needs is task.needs and not more:
        return task
    return replace(task, needs=needs, checks=(*task.checks, *more))


def _with_keys(plan: Plan, key_of: KeyOf) -> Plan:
    """Return a plan whose tasks have their static keys."""
    keys = [key_of(task, {**plan.parameters, **task.step.given}) for task in plan.tasks]
    tasks = tuple(
        replace(task, static=key.static, barrier=key.barrier)
        for task, key in zip(plan.tasks, keys, strict=True)
    )
    return replace(plan, tasks=tasks, texts=frozen({key.static: key.text for key in keys if key.static}))


def _checks_of_reused(task: Task, reused: set[str], pipeline: Pipeline) -> Iterable[Check]:
    """Yield what reused inputs must keep today; they were held against the contract of their own day."""
    if task.decision == "reuse":
        return
    held = {check.dataset for check in task.checks if check.side == "input"}
    for local, dataset in task.step.inputs.items():
        schema = promised(dataset, pipeline)
        if dataset in reused and dataset not in held and schema is not None:
            yield Check(dataset, local, schema, task.step.contract.enforce, "input")


def _choose(pipeline: Pipeline, only: Sequence[str], since: Sequence[str], until: Sequence[str]) -> set[str]:
    """Return the names of the steps that every given option allows."""
    chosen = set(pipeline.by_name)
    for names, choose in ((only, pipeline.only), (since, pipeline.since)):
        if names:
            chosen &= set(choose(*names).by_name)
    if until:
        needed = set(pipeline.upto(*until).by_name)
        # Who stands in for a step that is needed may be needed too.
        spare = {pipeline.by_name[name].on_failure for name in needed} & set(pipeline.by_name)
        chosen &= needed | (set(pipeline.upto(*spare).by_name) if spare else set())
    if not chosen and pipeline.steps:
        what = "this choice of steps leaves nothing to run"
        raise UsageError(
            Finding("PPF124", what, fix="name steps that follow each other; see `pipeproof plan`")
        )
    return chosen


def _used_sources(pipeline: Pipeline, chosen: set[str]) -> list[Source]:
    read = {dataset for step in pipeline.steps if step.name in chosen for dataset in read_by(step)}
    return [source for source in pipeline.sources.values() if not read.isdisjoint(source.made)]


def task_of(
    step: Step,
    why: str,
    *,
    pipeline: Pipeline,
    kinds: Mapping[str, StepKind],
) -> Task:
    """Return the task of a step that is to run, with what it waits for and what is held against contracts."""
    kind = kinds[step.kind]
    needs = pipeline.upstream.get(step.name, ())
    sources = tuple(pipeline.brought[dataset] for dataset in read_by(step) if dataset in pipeline.brought)
    return Task(
        step,
        "",
        "run",
        why,
        needs=tuple(dict.fromkeys([*needs, *sources])),
        checks=tuple(_checks(step, pipeline)),
        isolation=in_pipeline(step, pipeline, kind),
    )


def _checks(step: Step, pipeline: Pipeline) -> Iterable[Check]:
    if step.kind == "source":
        source: Source = step.config  # type: ignore[assignment]  # a source step's config is its source
        if source.schema is not None:
            yield Check(source.name, source.name, source.schema, source.enforce, "output")
        return
    for local, dataset in step.inputs.items():
        port = step.contract.inputs.get(local)
        # What the maker promises word for word was checked when it was made.
        if port is not None and port.schema is not None and port.schema != promised(dataset, pipeline):
            yield Check(dataset, local, port.schema, port.enforce or step.contract.enforce, "input")
    for dataset in step.outputs.values():
        port = output_port(step, dataset)
        if port is not None and port.schema is not None:
            yield Check(dataset, port.name, port.schema, port.enforce or step.contract.enforce, "output")


def _reused(
    step: Step,
    needed: set[str],
    pipeline: Pipeline,
    task: Callable[[Step, str], Task],
    earlier: Earlier,
    problems: list[Finding],
) -> list[Task]:
    found = {dataset: earlier(dataset) for dataset in step.made if dataset in needed}
    spared = {dataset for reader in pipeline.steps for dataset in reader.spared}
    missing = [dataset for dataset, made in found.items() if made is None and dataset not in spared]
    if missing:
        problems += [
            Finding(
                "PPF125",
                f"{dataset!r} is needed, and no passed run with these parameters made it",
                step=step.name,
                fix=f"run it first: pipeproof run {pipeline.name} --until {step.name}",
            )
            for dataset in missing
        ]
        return []
    if not any(found.values()):
        return []
    artifacts = {dataset: made[1] for dataset, made in found.items() if made is not None}
    run = next(made[0] for made in found.values() if made is not None)
    left_out = task(step, f"left out; taken from {run}")
    outcome = Outcome(step.name, 0, outputs=frozen(artifacts))
    return [replace(left_out, decision="reuse", needs=(), reused=outcome, reused_from=run)]
