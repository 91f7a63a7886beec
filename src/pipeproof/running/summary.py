"""What there is to say about a run, once, for every way of saying it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.errors import Finding
from pipeproof.model.contract import frozen
from pipeproof.model.record import Failure, RunRecord, StepRecord


@dataclass(frozen=True, slots=True)
class StepSummary:
    """One line of a summary: a step, how it ended, what it took and made.

    Attributes:
        rows_in: Rows of the largest table that it read, None when it read none.
        rows_out: Rows of the largest table that it made, None when it made none.
        columns_out: Columns of that table.
        size: Bytes of what it made that is no table.
        files: Names of what it made that is no table.
    """

    name: str
    kind: str
    status: str
    seconds: float | None = None
    memory: int | None = None
    attempts: int = 0
    rows_in: int | None = None
    rows_out: int | None = None
    columns_out: int | None = None
    size: int | None = None
    files: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=frozen)
    failure: Failure | None = None
    cause: Finding | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""
    log: str = ""


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
    steps = tuple(summarise_step(step, record) for step in record.steps.values())
    return Summary(
        record.run,
        record.pipeline,
        record.status,
        record.seconds,
        record.started_at,
        steps,
        record.parameters,
        record.notes,
        record.about,
    )


def summarise_step(step: StepRecord, record: RunRecord) -> StepSummary:
    """Return the summary of one step of a run."""
    tables = [artifact for artifact in step.outputs.values() if artifact.kind == "table"]
    others = [artifact for artifact in step.outputs.values() if artifact.kind in {"file", "folder"}]
    largest = max(tables, key=lambda artifact: artifact.rows or 0, default=None)
    ran = step.status in {"passed", "failed"}
    return StepSummary(
        step.name,
        step.kind,
        step.status,
        seconds=step.measures.seconds if ran else None,
        memory=step.measures.memory if ran else None,
        attempts=step.attempts,
        rows_in=_rows_read(step, record),
        rows_out=largest.rows if largest else None,
        columns_out=len(largest.columns) if largest else None,
        size=sum(artifact.size for artifact in others) if others else None,
        files=tuple(artifact.name for artifact in others if artifact.name),
        metrics=frozen({metric.name: metric.value for metric in step.metrics}),
        failure=step.failure if step.status != "passed" else None,
        findings=step.findings,
        notes=step.notes,
        why=step.why,
        log=step.logs[-1] if step.logs else "",
    )


def _rows_read(step: StepRecord, record: RunRecord) -> int | None:
    rows = [
        artifact.rows
        for dataset in step.reads
        for artifact in [_made(dataset, record)]
        if artifact is not None and artifact.rows is not None
    ]
    return max(rows, default=None)


def _made(dataset: str, record: RunRecord) -> Any:
    return next((s.outputs[dataset] for s in record.steps.values() if dataset in s.outputs), None)
