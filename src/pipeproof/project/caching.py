"""Why a step would be run or taken from an earlier run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.outcome import Seen
from pipeproof.model.plan import Plan, Task
from pipeproof.planning.changes import Change
from pipeproof.project.examine import Target, load
from pipeproof.project.execute import plan
from pipeproof.project.reusing import Reusing, last_steps


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a step would be run or taken from an earlier run.

    Attributes:
        task: The step as it is planned: its decision, and why.
        changes: What differs from the key that it had when it last passed; empty when it never did, or is reused.
        depends_on: Part of the key (code, packages, config, ...) → name → digest or value.
        seen: What it was seen to use besides when it last passed with today's key.
    """

    task: Task
    changes: tuple[Change, ...]
    depends_on: Mapping[str, Mapping[str, str]]
    seen: tuple[Seen, ...]


def explain_reuse(target: Target, step: str, parameters: Mapping[str, object] | None = None) -> Explained:
    """Say why a step would be run or taken from an earlier run; nothing is executed.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        step: Name of the step, or of a source.
        parameters: Values of the pipeline's parameters.

    Raises:
        ConfigError: The pipeline is wrong.
        UsageError: There is no such step.
    """
    examined = load(target)
    the_plan = plan(examined, parameters)
    task = _task(the_plan, step)
    reusing = Reusing(examined.project, the_plan.pipeline)
    before = last_steps(examined.project, the_plan.pipeline.name) if examined.project.has_runs else {}
    changes = _changes(before[step].static, task, the_plan, reusing) if step in before else ()
    known = examined.project.ledger.known([task.static]) if examined.project.has_runs and task.static else {}
    kept = known.get(task.static, [])
    return Explained(task, changes, _parts(task.static, the_plan.texts), kept[0].outcome.seen if kept else ())


def _changes(before: str, task: Task, the_plan: Plan, reusing: Reusing) -> tuple[Change, ...]:
    """Return what differs from a key of then; what is taken from another run than the last one has no changes."""
    return reusing.changes(before, task, the_plan) if task.static and task.decision != "reuse" else ()


def _task(the_plan: Plan, step: str) -> Task:
    for task in the_plan.tasks:
        if task.name == step:
            return task
    names = [task.name for task in the_plan.tasks]
    what = f"no step {step!r} in {the_plan.pipeline.name}"
    raise UsageError(Finding("PPF124", what, fix=suggest(step, names)))


_GROUPS = ("code", "packages", "config", "environment", "parameters", "files", "interpreter")


def _parts(static: str, texts: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """Return what a key is made of, as far as it has names that people know."""
    if static not in texts:
        return {}
    key: dict[str, Any] = json.loads(texts[static])
    for part in ("code", "packages"):
        key[part] = json.loads(texts[key[part]]) if key[part] else {}
    key["interpreter"] = {"python": key["python"], "pipeproof": key["pipeproof"]}
    return {part: {name: str(value) for name, value in key[part].items()} for part in _GROUPS if key[part]}
