"""A past run beside its pipeline as it is today: what of it is run again, and what changed since."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeproof.errors import ConfigError, PipeproofError, UsageError
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Seen
from pipeproof.model.pipeline import Pipeline, Target
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.planning.changes import Change
from pipeproof.project.execute import plan
from pipeproof.project.place import Project
from pipeproof.project.resuming import loaded_again
from pipeproof.project.reusing import Reusing
from pipeproof.running.seen import digest_seen

_COMPARED = frozenset({"file", "folder", "missing", "presence", "program", "variable"})
"""What code was seen to use that is compared with today; modules are code, and compared by their parts."""


@dataclass(frozen=True, slots=True)
class Past:
    """A run of a project, and its pipeline as it is planned today.

    Attributes:
        record: The run.
        project: The project.
        today: What the pipeline would do now; None when that cannot be said.
        notes: Why it cannot.
    """

    record: RunRecord
    project: Project
    today: Plan | None
    notes: tuple[str, ...] = ()

    def plan_of(self, tasks: Iterable[Task], targets: Mapping[str, Target]) -> Plan:
        """Return the plan of tasks that are run again, with the seed and parameters of then."""
        record = self.record
        kept = list(tasks)
        known = {task.name for task in kept}
        log_level = self.today.pipeline.log_level if self.today else "INFO"
        seed = int(record.about.get("seed", 0))
        return Plan(
            Pipeline(record.pipeline, targets=targets, log_level=log_level, seed=seed),
            tuple(replace(task, needs=tuple(need for need in task.needs if need in known)) for task in kept),
            frozen(record.parameters),
            origin=record.about.get("target", ""),
        )

    def changes(self, name: str) -> tuple[Change, ...]:
        """Return what changed since then in what decides a step: code, config, packages, files that it read."""
        then = self.record.steps[name]
        return (*self._of_key(then), *self._of_surroundings(then))

    def _of_key(self, then: StepRecord) -> tuple[Change, ...]:
        if self.today is None:
            return ()
        task = next((task for task in self.today.tasks if task.name == then.name), None)
        if task is None or not task.static or not then.static:
            return ()
        return Reusing(self.project, self.today.pipeline).changes(then.static, task, self.today)

    def _of_surroundings(self, then: StepRecord) -> Iterator[Change]:
        """Yield what the code was seen to use that is another now."""
        for seen in self._seen(then):
            if seen.what in _COMPARED and self._digest(seen) != seen.digest:
                part = "environment" if seen.what == "variable" else "files"
                yield Change(part, seen.name)

    def _digest(self, seen: Seen) -> str:
        parameters, salt = self.record.parameters, self.project.salt
        return digest_seen(seen, self.project.root, os.environ, parameters, salt=salt)

    def _seen(self, then: StepRecord) -> tuple[Seen, ...]:
        """Return what a step was seen to use, by the run that made what it was taken from."""
        if not then.reused_from or then.reused_from == self.record.run:
            return then.seen
        try:
            made = self.project.record(then.reused_from).steps.get(then.name)
        except UsageError:  # it is cleared away, or on another machine
            return ()
        return made.seen if made is not None else ()


def look_back(run: str, pipeline: Pipeline | None = None) -> Past:
    """Return a run of the project around the current folder, and its pipeline as it is today if it can be had.

    Args:
        run: Name of the run, or ``last``.
        pipeline: The pipeline, for one that was made in memory.

    Raises:
        UsageError: There is no such run.
    """
    project = Project.at(Path.cwd())
    record = project.own(run)
    if pipeline is None and not record.about.get("target"):
        return Past(
            record, project, None, ("the pipeline was made in memory: what changed since is not known",)
        )
    try:
        today = plan(loaded_again(record, pipeline), record.parameters, reuse=False)
    except (ConfigError, UsageError) as error:
        return Past(record, project, None, (_unloadable(error),))
    return Past(record, project, today)


def _unloadable(error: PipeproofError) -> str:
    what = error.findings[0].what if error.findings else str(error)
    return f"the pipeline cannot be planned as it is now, so its configuration is not compared: {what}"
