"""The record of a run: the fold of its events."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.event import (
    AttemptFailed,
    Blocked,
    Event,
    Expanded,
    Finished,
    Iterated,
    Reused,
    RolledBack,
    RunFinished,
    RunResumed,
    RunStarted,
    Skipped,
    Started,
)
from pipeproof.model.outcome import Asked, Checked, Failure, Measures, Metric, Published, Seen, Status
from pipeproof.model.trial import Trial

_SHOWN = 4  # files in a note
GONE = "not in the pipeline any more"
"""What is said of a step that a run did, or failed to do, before it went on without it."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """All that is known of one task of a run."""

    name: str
    kind: str
    status: Status = "waiting"
    attempts: int = 0
    key: str = ""
    static: str = ""
    why: str = ""
    outputs: Mapping[str, Artifact] = field(default_factory=frozen)
    metrics: tuple[Metric, ...] = ()
    params: Mapping[str, Scalar] = field(default_factory=frozen)
    measures: Measures = field(default_factory=Measures)
    findings: tuple[Finding, ...] = ()
    failure: Failure | None = None
    logs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    started_at: float | None = None
    checked: tuple[Checked, ...] = ()
    asked: tuple[Asked, ...] = ()
    reused_from: str = ""
    artifacts: Mapping[str, Artifact] = field(default_factory=frozen)
    seen: tuple[Seen, ...] = ()
    excuse: str = ""
    published: tuple[Published, ...] = ()
    iterations: int = 0
    trail: tuple[Metric, ...] = ()

    @property
    def kept(self) -> tuple[Artifact, ...]:
        """All content that the store must hold for this step: what it made, and what it logged."""
        return (*self.outputs.values(), *self.artifacts.values())


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as far as it went: the fold of its events.

    `rolled_back` says that what it had published was taken back since.
    """

    run: str
    pipeline: str
    status: Literal["running", "passed", "failed", "interrupted"] = "running"
    steps: Mapping[str, StepRecord] = field(default_factory=frozen)
    parameters: Mapping[str, Scalar] = field(default_factory=frozen)
    started_at: float = 0.0
    seconds: float = 0.0
    about: Mapping[str, Any] = field(default_factory=frozen)
    notes: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
    rolled_back: bool = False

    def __getitem__(self, step: str) -> StepRecord:
        return self.steps[step]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all steps, in order."""
        return tuple(finding for step in self.steps.values() for finding in step.findings)


def by_trial(record: RunRecord, trials: Iterable[Trial]) -> dict[str, RunRecord]:
    """Return the part of a test's record that is about each trial, its steps under their own names."""
    parts: dict[str, dict[str, StepRecord]] = {trial.name: {} for trial in trials}
    for name, step in record.steps.items():
        trial = _trial_of(name, parts)
        if trial:
            front = f"{trial}/"
            short = name.removeprefix(front)
            needs = tuple(need.removeprefix(front) for need in step.needs)
            parts[trial][short] = replace(step, name=short, needs=needs, why=step.why.replace(front, ""))
    return {name: replace(record, steps=frozen(steps), trials=()) for name, steps in parts.items()}


def _trial_of(task: str, trials: Container[str]) -> str:
    """Return the trial that a task belongs to, or '': the longest name that fits, as both may hold slashes."""
    name, slash, _ = task.rpartition("/")
    while slash and name not in trials:
        name, slash, _ = name.rpartition("/")
    return name if slash else ""


def fold(events: Iterable[tuple[float, Event]]) -> RunRecord:
    """Build the record of a run from its events, each with the time (seconds since 1970) it was written."""
    folding = Folding()
    for time, event in events:
        folding.add(time, event)
    return folding.record()


class Folding:
    """A record in the making: events go in one by one, and the record so far can be had at any time."""

    def __init__(self) -> None:
        self._run: dict[str, Any] = {"run": "", "pipeline": ""}
        self._steps: dict[str, dict[str, Any]] = {}
        self._gone: dict[str, dict[str, Any]] = {}  # steps of earlier parts that this one has not
        self._awaited: dict[str, str] = {}  # those that may come back: item → the task that tells its items

    def add(self, time: float, event: Event) -> None:
        """Take the next event."""
        if isinstance(event, RunResumed):
            run, steps = self._run, self._steps | self._gone
            self._begin(time, event)
            self._go_on(run, steps)
        elif isinstance(event, RunStarted):
            self._begin(time, event)
        elif isinstance(event, RunFinished):
            notes = (*self._run.get("notes", ()), *event.notes)
            self._run |= {"status": event.status, "seconds": event.seconds, "notes": notes}
        elif isinstance(event, RolledBack):
            undone = self._run.get("rolled_back", False) or bool(event.files)
            self._run |= {
                "rolled_back": undone,
                "notes": (*self._run.get("notes", ()), _taken_back(event)),
            }
        elif isinstance(event, AttemptFailed | Finished):
            self._end(event)
        elif isinstance(event, Expanded):
            self._expand(event)
        elif isinstance(event, Iterated):
            self._iterate(event)
        else:
            step = self._steps[event.task]
            stands = isinstance(event, Reused) and event.run == self._run["run"] and "outputs" in step
            step |= {"why": event.why} if stands else _change(time, event, step)

    def step(self, name: str) -> StepRecord:
        """Return the record of one step so far."""
        return StepRecord(**self._steps[name])

    def record(self) -> RunRecord:
        """Return the record of what has happened so far."""
        steps = {name: StepRecord(**fields) for name, fields in self._steps.items()}
        gone = {name: StepRecord(**self._noted(name, fields)) for name, fields in self._gone.items()}
        return RunRecord(**self._run, steps=frozen(steps | gone))

    def _noted(self, name: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        notes = () if name in self._awaited else (GONE,)
        return {**fields, "notes": (*fields.get("notes", ()), *notes)}

    def _begin(self, time: float, event: RunStarted) -> None:
        self._run = {
            "run": event.run,
            "pipeline": event.pipeline,
            "started_at": time,
            "parameters": frozen(event.parameters),
            "about": frozen(event.about),
            "notes": event.notes,
            "trials": event.trials,
        }
        self._steps = {
            name: {
                "name": name,
                "kind": event.kinds.get(name, ""),
                "needs": tuple(event.needs.get(name, ())),
                "reads": tuple(event.reads.get(name, ())),
            }
            for name in event.tasks
        }

    def _go_on(self, run: Mapping[str, Any], steps: Mapping[str, dict[str, Any]]) -> None:
        """Let what was done before a run was interrupted stand; the rest waits again."""
        self._run["started_at"] = run.get("started_at", self._run["started_at"])
        for name, fields in self._steps.items():
            self._steps[name] = _anew(steps.get(name, {})) | fields
        self._gone = {
            name: fields | ({"status": "interrupted"} if fields["status"] == "running" else {})
            for name, fields in steps.items()
            if name not in self._steps and fields.get("status", "waiting") != "waiting"
        }
        self._awaited = {
            item: name
            for name, fields in steps.items()
            if fields["kind"] == "gather" and name in self._steps
            for item in fields["needs"]
        }

    def _iterate(self, event: Iterated) -> None:
        outcome, step = event.outcome, self._steps[event.outcome.task]
        step["iterations"] = event.number
        before = step.get("trail", ()) if event.number > 1 else ()  # a run that goes on begins anew
        step["trail"] = (*before, *outcome.metrics)
        if outcome.log:
            step["logs"] = (*step.get("logs", ()), outcome.log)

    def _expand(self, event: Expanded) -> None:
        """Put the tasks of the items before the one that gathers what they make."""
        known, self._steps = self._steps, {}
        self._awaited = {item: owner for item, owner in self._awaited.items() if owner != event.task}
        for name, step in known.items():
            if name == event.task:
                for item in event.tasks:
                    about = {"name": item, "kind": event.kind, "needs": event.needs}
                    before = known.get(item) or _anew(self._gone.pop(item, {}))
                    self._steps[item] = {**before, **about, "reads": event.reads.get(item, ())}
                step |= {"kind": "gather", "needs": event.tasks, "reads": ()}
            if name not in event.tasks:
                self._steps[name] = step

    def _end(self, event: AttemptFailed | Finished) -> None:
        outcome = event.outcome
        step = self._steps[outcome.task]
        if outcome.log:
            step["logs"] = (*step.get("logs", ()), outcome.log)
        step["failure"] = outcome.failure
        if isinstance(event, Finished):
            step |= {
                "status": _status(outcome.failure),
                "attempts": outcome.attempt,
                "outputs": frozen(outcome.outputs),
                "metrics": (*(step.get("trail", ()) if event.iterations > 1 else ()), *outcome.metrics),
                "iterations": event.iterations,
                "params": outcome.params,
                "measures": outcome.measures,
                "findings": outcome.findings,
                "notes": outcome.notes,
                "checked": outcome.checked,
                "asked": outcome.asked,
                "artifacts": frozen(outcome.artifacts),
                "seen": outcome.seen,
                "excuse": event.excuse,
            }
        if outcome.published:
            step["published"] = outcome.published


def _anew(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands of a step when its run goes on: all of one that has passed; the others wait again."""
    stands = before.get("status") in {"passed", "reused"}
    return dict(before) if stands else {**before, "status": "waiting", "failure": None}


def _change(
    time: float, event: Reused | Started | Blocked | Skipped, step: Mapping[str, Any]
) -> dict[str, Any]:
    if isinstance(event, Reused):
        return {
            "status": "reused",
            "key": event.key,
            "static": event.static,
            "why": event.why,
            "outputs": frozen(event.outputs),
            "metrics": event.metrics,
            "params": event.params,
            "findings": event.findings,
            "checked": event.checked,
            "artifacts": frozen(event.artifacts),
            "reused_from": event.run,
            "published": event.published,
        }
    if isinstance(event, Started):
        return {
            "status": "running",
            "attempts": event.attempt,
            "key": event.key,
            "static": event.static,
            "why": event.why,
            "started_at": step.get("started_at") or time,
        }
    return {"status": "blocked" if isinstance(event, Blocked) else "skipped", "why": event.why}


def _status(failure: Failure | None) -> Status:
    if failure is None:
        return "passed"
    return "interrupted" if failure.kind == "interrupted" else "failed"


def _taken_back(event: RolledBack) -> str:
    whose = f"what {event.to} had published" if event.to else "what was there before"
    put = [file.path for file in event.files if file.after]
    removed = [file.path for file in event.files if not file.after]
    said = [f"{_several(put)} put back to {whose}"] if put else []
    said += [f"{_several(removed)} removed"] if removed else []
    said += [f"{path} left: {why}" for path, why in event.left.items()]
    return "rolled back: " + "; ".join(said)


def _several(paths: list[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if paths[_SHOWN:] else "")
