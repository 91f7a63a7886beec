"""What there is to say about a run, once, for every way of saying it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.outcome import Checked, Failure, Metric
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import REJECTED
from pipeproof.planning.hooks import HOOK
from pipeproof.planning.items import GATHER, SPLIT
from pipeproof.planning.upstream import ASKED
from pipeproof.running.cause import find_cause

SOURCE = "source"  # the hidden kind of the steps that bring data in
_UNCOUNTED = frozenset({SOURCE, HOOK, GATHER, SPLIT})


@dataclass(frozen=True, slots=True)
class StepSummary:
    """One line of a summary: a step, how it ended, what it took and made.

    Attributes:
        seconds: Wall time of the last attempt, None when it did not run.
        memory: Peak memory in bytes above the baseline, None where it cannot be measured.
        rows_in: Rows of the largest table that it read, None when it read none.
        tables_in: How many tables it read.
        rows_out: Rows of the largest table that it made, without those set aside; None when it made none.
        columns_out: Columns of that table.
        size: Bytes of what it made that is no table.
        files: Names of what it made that is no table.
        metrics: The last value of each metric.
        history: Every metric as it was logged.
        checked: Which datasets were held against a contract, and how many rules that were.
        cause: What upstream made it fail, where the record shows it.
        excuse: Why the run went on although the step failed.
        iterations: How often it was done; 0 where it is not done again.
        artifacts: Files and folders that the code logged.
        asked: What the code asked its context for, besides its inputs.
        log: Log of the last attempt that printed anything.
    """

    name: str
    kind: str
    status: str
    seconds: float | None = None
    cpu_seconds: float | None = None
    memory: int | None = None
    attempts: int = 0
    rows_in: int | None = None
    rows_out: int | None = None
    columns_out: int | None = None
    size: int | None = None
    files: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=frozen)
    history: tuple[Metric, ...] = ()
    params: Mapping[str, Scalar] = field(default_factory=frozen)
    outputs: Mapping[str, Artifact] = field(default_factory=frozen)
    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    failure: Failure | None = None
    cause: Finding | None = None
    findings: tuple[Finding, ...] = ()
    checked: tuple[Checked, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""
    key: str = ""
    started_at: float | None = None
    logs: tuple[str, ...] = ()
    excuse: str = ""
    iterations: int = 0
    artifacts: Mapping[str, Artifact] = field(default_factory=frozen)
    asked: tuple[str, ...] = ()
    tables_in: int = 1

    @property
    def counts(self) -> bool:
        """Whether it is one of the steps that a person counts: one of the file's that was not left out by choice."""
        left_out = self.status == "reused" and not self.key
        return is_counted(self.kind) and not left_out

    @property
    def log(self) -> str:
        """The log of the last attempt that printed anything, or nothing."""
        return self.logs[-1] if self.logs else ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A run, ready to be said."""

    run: str
    pipeline: str
    status: str
    seconds: float
    started_at: float
    steps: tuple[StepSummary, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=frozen)
    notes: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=frozen)

    def having(self, *statuses: str) -> tuple[StepSummary, ...]:
        """Return the steps that ended in one of these ways."""
        return tuple(step for step in self.steps if step.status in statuses)


def summarise(record: RunRecord) -> Summary:
    """Return the summary of a run, finished or under way."""
    made = made_in(record.steps.values())
    return Summary(
        record.run,
        record.pipeline,
        record.status,
        record.seconds,
        record.started_at,
        tuple(
            summarise_step(step, made, find_cause(step, record) if step.failure else None)
            for step in record.steps.values()
        ),
        record.parameters,
        record.notes,
        record.about,
    )


def made_in(steps: Any) -> dict[str, Artifact]:
    """Return all that steps made: dataset → artifact."""
    return {name: artifact for step in steps for name, artifact in step.outputs.items()}


def summarise_step(
    step: StepRecord, made: Mapping[str, Artifact], cause: Finding | None = None
) -> StepSummary:
    """Return the summary of one step of a run.

    Args:
        step: Its record.
        made: What was made before it: dataset → artifact.
        checked: Which datasets were held against a contract, and how many rules that were.
        cause: What upstream made it fail.
    """
    tables = [
        artifact
        for name, artifact in step.outputs.items()
        if artifact.kind == "table" and not name.endswith(REJECTED)
    ]
    others = [artifact for artifact in step.outputs.values() if artifact.kind in {"file", "folder"}]
    largest = max(tables, key=lambda artifact: artifact.rows or 0, default=None)
    ran = step.status in {"passed", "failed", "interrupted"} and step.attempts > 0
    read = _rows_read(step, made)
    return StepSummary(
        step.name,
        step.kind,
        step.status,
        seconds=step.measures.seconds if ran else None,
        cpu_seconds=step.measures.cpu_seconds if ran else None,
        memory=step.measures.memory if ran else None,
        attempts=step.attempts,
        rows_in=max(read, default=None),
        tables_in=len(read),
        rows_out=largest.rows if largest else None,
        columns_out=len(largest.columns) if largest else None,
        size=sum(artifact.size for artifact in others) if others else None,
        files=tuple(artifact.name for artifact in others if artifact.name),
        metrics=frozen({metric.name: metric.value for metric in step.metrics}),
        history=step.metrics,
        params=step.params,
        outputs=step.outputs,
        reads=step.reads,
        needs=step.needs,
        failure=step.failure if step.status != "passed" else None,
        cause=cause,
        findings=step.findings,
        checked=step.checked,
        notes=step.notes,
        why=step.why,
        key=step.key,
        started_at=step.started_at,
        logs=step.logs,
        excuse=step.excuse,
        iterations=step.iterations,
        artifacts=step.artifacts,
        asked=tuple(f"{seen.what} {seen.name}" for seen in step.seen if seen.what in ASKED),
    )


def is_counted(kind: str) -> bool:
    """Say whether steps of a kind are those that a person wrote, and not what the plan puts around them."""
    return kind not in _UNCOUNTED


def _rows_read(step: StepRecord, made: Mapping[str, Artifact]) -> list[int]:
    """Return the rows of each table that a step read."""
    rows = [made[dataset].rows for dataset in dict.fromkeys(step.reads) if dataset in made]
    return [count for count in rows if count is not None]
