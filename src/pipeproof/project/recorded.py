"""Steps as they were when they ran: kept beside their keys, and made again from that."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import Finding, UsageError
from pipeproof.loading.private import fetch, put_away
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.contract import Contract, frozen
from pipeproof.model.outcome import Outcome
from pipeproof.model.pipeline import Pipeline, Target
from pipeproof.model.plan import Check, Task
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import Step
from pipeproof.plugins import Kinds
from pipeproof.project.place import Project

_PREFIX = "step:"


def keep_steps(tasks: Iterable[Task], texts: Mapping[str, str], project: Project, pipeline: Pipeline) -> None:
    """Keep what the keys of tasks are made of, and the steps themselves, where they are new.

    Args:
        tasks: The tasks.
        texts: Digest → text of what their keys are made of.
        project: Where they are kept.
        pipeline: What the tasks belong to.
    """
    new = project.ledger.missing(texts)
    if new:
        steps = {
            _PREFIX + task.static: _text(task, project, pipeline) for task in tasks if task.static in new
        }
        project.ledger.keep_texts({digest: texts[digest] for digest in new} | steps)


def _text(task: Task, project: Project, pipeline: Pipeline) -> str:
    """Return a step as text; its environment holds the names of secrets, never their values."""
    bare = dataclasses.replace(task.step, config=None, contract=Contract())
    whole = {
        "step": to_plain(bare),
        "config": _whole(task.step.config),
        "contract": to_plain(task.step.contract),
        "checks": to_plain(task.checks),
        "isolation": task.isolation,
        "targets": to_plain(pipeline.targets) if project.kinds[task.step.kind].redirects else {},
    }
    return put_away(json.dumps(whole, separators=(",", ":")), os.environ)


def _whole(value: Any) -> Any:
    """Return a config as plain data with all its fields, so that unions can be told apart again."""
    if dataclasses.is_dataclass(value):
        return {field.name: _whole(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return to_plain(value)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step as it was in a past run: the task that runs it again, and the targets that it knew."""

    task: Task
    targets: Mapping[str, Target]


def recorded_step(record: RunRecord, name: str, project: Project) -> Recorded:
    """Return a step of a run as it was then, ready to be run again.

    Raises:
        UsageError: It is not kept: an older version ran it, or it had no key.
    """
    found = record.steps[name]
    kept = (
        project.ledger.texts([_PREFIX + found.static]).get(_PREFIX + found.static) if found.static else None
    )
    if kept is None:
        what = f"the configuration that {name} had in {record.run} is not kept"
        fix = "only steps that have a key can be run again; pipeproof cache explain says why one has none"
        raise UsageError(Finding("PPF508", what, step=name, fix=fix))
    whole = json.loads(_with_secrets(kept, name))
    step = dataclasses.replace(
        from_plain(Step, whole["step"]),
        config=_config(found.kind, whole["config"], project.kinds),
        contract=from_plain(Contract, whole["contract"]),
    )
    task = Task(
        step,
        found.static,
        "run",
        "",
        needs=found.needs,
        checks=tuple(from_plain(Check, check) for check in whole.get("checks", ())),
        isolation=whole["isolation"],
    )
    targets = {name: from_plain(Target, target) for name, target in whole.get("targets", {}).items()}
    return Recorded(task, frozen(targets))


def _with_secrets(kept: str, step: str) -> str:
    """Return a step that was kept with today's values of private variables.

    Raises:
        UsageError: One has no value.
    """
    try:
        return fetch(kept, os.environ)
    except KeyError as missing:
        what = f"the configuration of {step} uses {missing.args[0]}, which has no value"
        raise UsageError(Finding("PPF131", what, step=step, fix=f"export {missing.args[0]}")) from None


def _config(kind: str, plain: Any, kinds: Kinds) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kinds[kind].config).validate_python(plain)


def inputs_then(record: RunRecord, name: str, project: Project) -> tuple[Task, ...]:
    """Return tasks that bring what a step of a run could read then, from what is kept.

    Raises:
        UsageError: Something of it is not kept any more.
        StoreError: Something of it is damaged.
    """
    read = set(record.steps[name].reads)
    upstream = [record.steps[other] for other in _upstream(record, name)]
    refuse_damaged(
        (made for step in upstream for name, made in step.outputs.items() if name in read), project
    )
    missing = [
        dataset
        for step in upstream
        for dataset, artifact in step.outputs.items()
        if dataset in read and not project.objects.has(artifact)
    ]
    if missing:
        what = f"{', '.join(missing)}, which {name} read in {record.run}, is not kept any more"
        raise UsageError(
            Finding("PPF508", what, step=name, fix=f"run it again: pipeproof run --until {name}")
        )
    return tuple(_bringing(step, record) for step in upstream)


def refuse_damaged(artifacts: Iterable[Artifact], project: Project) -> None:
    """Make sure that what is kept of artifacts is what their digests say.

    Raises:
        StoreError: It is not.
    """
    for artifact in artifacts:
        project.objects.refuse_damaged(artifact, thorough=True)


def _upstream(record: RunRecord, name: str) -> list[str]:
    """Return the steps that a step waited for, directly or not, in the order of the run."""
    found: set[str] = set()
    waiting = list(record.steps[name].needs)
    while waiting:
        need = waiting.pop()
        if need not in found and need in record.steps:
            found.add(need)
            waiting += record.steps[need].needs
    return [other for other in record.steps if other in found]


def _bringing(step: StepRecord, record: RunRecord) -> Task:
    outcome = Outcome(step.name, 0, step.outputs, step.metrics, step.params)
    made: Mapping[str, Artifact] = step.outputs
    bare = Step(step.name, step.kind, outputs=frozen({name: name for name in made}))
    return Task(
        bare, "", "reuse", f"made in {record.run}", step.needs, reused=outcome, reused_from=record.run
    )
