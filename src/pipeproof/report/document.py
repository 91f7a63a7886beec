"""A run as a JSON document, ``pipeproof.run/1``; `run.schema.json` beside this file describes it.

Every key is always there, so that a reader needs no defaults: what is not known is null.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from pipeproof.codes.classes import class_of
from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import to_plain
from pipeproof.model.outcome import Failure
from pipeproof.running.summary import StepSummary, Summary

RUN = "pipeproof.run/1"
FINDINGS = "pipeproof.findings/1"


def run_document(summary: Summary) -> dict[str, Any]:
    """Return a run as plain data."""
    return {
        "schema": RUN,
        "run": summary.run,
        "pipeline": summary.pipeline,
        "status": summary.status,
        "started_at": instant(summary.started_at),
        "seconds": summary.seconds,
        "parameters": finite(to_plain(summary.parameters)),
        "about": finite(to_plain(summary.about)),
        "notes": list(summary.notes),
        "steps": [step_document(step) for step in summary.steps],
    }


def step_document(step: StepSummary) -> dict[str, Any]:
    """Return one step of a run as plain data."""
    return {
        "name": step.name,
        "kind": step.kind,
        "status": step.status,
        "why": step.why,
        "excuse": step.excuse,
        "key": step.key,
        "attempts": step.attempts,
        "iterations": step.iterations,
        "started_at": instant(step.started_at),
        "seconds": step.seconds,
        "cpu_seconds": step.cpu_seconds,
        "memory_bytes": step.memory,
        "rows_in": step.rows_in,
        "rows_out": step.rows_out,
        "needs": list(step.needs),
        "reads": list(step.reads),
        "outputs": {name: artifact_document(artifact) for name, artifact in step.outputs.items()},
        "metrics": finite(dict(step.metrics)),
        "metric_history": [
            {"name": metric.name, "value": finite(metric.value), "step": metric.step}
            for metric in step.history
        ],
        "params": finite(to_plain(step.params)),
        "artifacts": {name: artifact_document(artifact) for name, artifact in step.artifacts.items()},
        "asked": list(step.asked),
        "checked": [
            {"dataset": one.dataset, "side": one.side, "rules": one.rules, "rows": one.rows}
            for one in step.checked
        ],
        "findings": [finding_document(finding) for finding in step.findings],
        "failure": None if step.failure is None else failure_document(step.failure),
        "cause": None if step.cause is None else finding_document(step.cause),
        "notes": list(step.notes),
        "logs": list(step.logs),
    }


def artifact_document(artifact: Artifact) -> dict[str, Any]:
    """Return a dataset as plain data."""
    return {
        "kind": artifact.kind,
        "digest": artifact.digest,
        "size_bytes": artifact.size,
        "name": artifact.name,
        "rows": artifact.rows,
        "columns": [{"name": name, "type": kind} for name, kind in artifact.columns],
        "value": finite(to_plain(artifact.value)),
        "metadata": finite(to_plain(artifact.metadata)),
    }


def failure_document(failure: Failure) -> dict[str, Any]:
    """Return a failure as plain data."""
    return {
        "kind": failure.kind,
        "code": failure.code,
        "type": failure.type,
        "message": failure.message,
        "permanent": failure.permanent,
        "fix": failure.fix,
        "frames": [
            {"file": frame.file, "line": frame.line, "function": frame.function, "text": frame.text}
            for frame in failure.frames
        ],
        "traceback": failure.traceback,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data."""
    where = finding.where
    return {
        "code": finding.code,
        "class": class_of(finding.code),
        "severity": finding.severity,
        "what": finding.what,
        "where": None if where is None else {"file": where.file, "line": where.line, "column": where.column},
        "path": list(finding.path),
        "step": finding.step,
        "edge": None if finding.edge is None else list(finding.edge),
        "dataset": finding.dataset,
        "column": finding.column,
        "rule": finding.rule,
        "evidence": finding.evidence,
        "fix": finding.fix,
    }


def findings_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return findings as plain data."""
    return {"schema": FINDINGS, "findings": [finding_document(finding) for finding in findings]}


def run_schema() -> dict[str, Any]:
    """Return the JSON Schema of `run_document`."""
    text = files("pipeproof.report").joinpath("run.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def instant(at: float | None) -> str | None:
    """Return a time in seconds since 1970 as ISO 8601 in UTC."""
    return None if at is None else dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds")


def finite(value: Any) -> Any:
    """Return plain data in which numbers that JSON does not have (NaN, infinity) are null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return value
