"""What a project keeps of earlier runs, compared with how things are today: see `pipeproof.planning.reuse`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

from pipeproof.model.codec import to_plain
from pipeproof.model.contract import Scalar
from pipeproof.model.outcome import Outcome, Seen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.reuse import Keyed, Known, barrier_of
from pipeproof.planning.changes import Change, changes_between, in_words
from pipeproof.planning.keys import Ground, key_of
from pipeproof.planning.reuse import Done, Past
from pipeproof.project.code import code_of
from pipeproof.project.content import Digests, content_digest
from pipeproof.project.place import Project, is_test
from pipeproof.project.sharing import Shared, merged
from pipeproof.running.publishing import still_holds
from pipeproof.running.seen import digest_seen


class Reusing:
    """The earlier runs of a project, as planning and running ask for them.

    Args:
        project: The project.
        pipeline: The pipeline that is to run.
    """

    def __init__(self, project: Project, pipeline: Pipeline) -> None:
        self.project, self.pipeline = project, pipeline
        self.digests = Digests(project.state)

    @cached_property
    def ground(self) -> Ground:
        """What the keys of the pipeline's steps stand on."""
        self.digests.load()
        return Ground(
            self.project.root,
            self.project.kinds,
            code_of(self.project.root),
            content_digest,
            os.environ,
            self.project.salt,
            self.pipeline.seed,
            to_plain(dict(self.pipeline.targets)),
        )

    def key(self, task: Task, parameters: Mapping[str, Scalar]) -> Keyed:
        """Return the static key of a task."""
        return key_of(task, parameters, self.ground)

    def past(
        self,
        plan: Plan,
        *,
        refresh: Collection[str] = (),
        off: bool = False,
        done: Mapping[str, Done] | None = None,
    ) -> Past:
        """Return what is kept of earlier runs, as a plan compares it with today.

        Args:
            plan: The plan, its tasks with their static keys.
            refresh: Steps that are run whatever is kept.
            off: Take nothing.
            done: What the run itself has done already, by task.
        """
        if not self.project.has_runs and not self.project.shares:
            return Past(new=_not_yet, refresh=frozenset(refresh), off=off)
        return Past(
            self._known,
            lambda task, seen: self._changed(task, seen, plan),
            self._is_kept,
            self._holds,
            lambda tasks: self.reasons(tasks, plan),
            frozenset(refresh),
            off,
            done or {},
        )

    def _changed(self, task: Task, seen: Seen, plan: Plan) -> bool:
        """Say whether something that an earlier attempt used is another today."""
        if seen.what == "parameter" and seen.name == "iteration" and task.step.repeat is not None:
            return False  # it counts anew each time
        if seen.what in {"module", "loaded"} and seen.name in self._followed(task.static, plan):
            return False  # what of it is reached is in the key
        if seen.what == "loaded" and self._followed(task.static, plan):
            return False  # some other step of the same worker imported it
        parameters = {**plan.parameters, **task.step.given}
        today = digest_seen(seen, self.project.root, os.environ, parameters, salt=self.project.salt)
        return today != seen.digest

    def _followed(self, static: str, plan: Plan) -> Collection[str]:
        """Return the files whose reached parts are all in a key: those of code that parsing can follow to its end."""
        behind = self.ground.behind.get(static) or plan.behind.get(static)
        return behind.modules if behind is not None and behind.followed else ()

    def _text(self, digest: str, plan: Plan) -> str:
        """Return a text that keys are made of, of today or kept; empty when it is not."""
        today = self.ground.texts.get(digest) or plan.texts.get(digest)
        return today or self.project.ledger.texts([digest]).get(digest, "")

    def _known(self, statics: Collection[str]) -> Mapping[str, Sequence[Known]]:
        """Return what steps with these static keys came to here, and on other machines that share their results."""
        here = self.project.ledger.known(statics)
        if not self.project.shares or not statics:
            return here
        return merged(here, Shared(self.project.keyvalue).known(statics))

    def _is_kept(self, outcome: Outcome) -> bool:
        """Say whether all that an attempt made is still kept."""
        kept = (*outcome.outputs.values(), *outcome.artifacts.values())
        return all(self.project.objects.has(artifact) for artifact in kept)

    def _holds(self, outcome: Outcome) -> bool:
        """Say whether what an attempt published stands in the targets as it wrote it."""
        return still_holds(outcome.published, self.project.root)

    def reasons(self, tasks: Sequence[Task], plan: Plan) -> Mapping[str, str]:
        """Return why nothing is kept under the keys of these tasks, in words, by name."""
        last = last_steps(self.project, self.pipeline.name) if tasks else {}
        return {
            task.name: self._reason(last[task.name], task, plan)
            if task.name in last
            else "it has not passed yet"
            for task in tasks
        }

    def _reason(self, last: StepRecord, task: Task, plan: Plan) -> str:
        if last.static == task.static:
            return barrier_of(last.seen) or "files that it depends on were changed while it ran"
        if not self._text(last.static, plan):
            return "what decided it when it last passed is not kept any more"
        return in_words(self.changes(last.static, task, plan)) or "its key changed"

    def changes(self, before: str, task: Task, plan: Plan) -> tuple[Change, ...]:
        """Return what differs between an earlier static key and that of a task today."""
        old, new = self._text(before, plan), self._text(task.static, plan)
        return changes_between(old, new, lambda digest: self._text(digest, plan)) if old and new else ()


def _not_yet(tasks: Iterable[Task]) -> Mapping[str, str]:
    return {task.name: "it has not run yet" for task in tasks}


def last_steps(project: Project, pipeline: str) -> Mapping[str, StepRecord]:
    """Return each step of a pipeline as it last passed or was taken with a key, by name."""
    found: dict[str, StepRecord] = {}
    for run in project.ledger.runs():
        if is_test(run) or project.pipeline_of(run) != pipeline or not project.owns(run):
            continue
        steps = project.record(run).steps
        for name, step in steps.items():
            if step.static and step.status in {"passed", "reused"}:
                found.setdefault(name, step)
        if steps.keys() <= found.keys():
            break
    return found


def done_in(record: RunRecord) -> Mapping[str, Done]:
    """Return what a run has done, by step: what it is not asked to do again when it goes on."""
    return dict(_done(record))


def _done(record: RunRecord) -> Iterable[tuple[str, Done]]:
    made = {name: artifact for step in record.steps.values() for name, artifact in step.outputs.items()}
    for name, step in record.steps.items():
        if step.published and record.rolled_back:
            continue  # what it did was undone
        if step.status in {"passed", "reused"} and step.static:
            digests = {dataset: made[dataset].digest for dataset in step.reads if dataset in made}
            yield name, Done(step.static, Known(step.key, record.run, _outcome(step), digests))


def _outcome(step: StepRecord) -> Outcome:
    return Outcome(
        step.name,
        step.attempts,
        step.outputs,
        step.metrics,
        step.params,
        step.measures,
        step.findings,
        checked=step.checked,
        seen=step.seen,
        published=step.published,
        artifacts=step.artifacts,
    )
