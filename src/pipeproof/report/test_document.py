"""A test as a JSON document, ``pipeproof.test/1``; `test.schema.json` beside this file describes it.

Every key is always there, so that a reader needs no defaults: what is not known is null. The HTML page
and the JUnit file are written from this document alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from pipeproof.errors import Finding, Severity
from pipeproof.model.record import RunRecord, StepRecord, by_trial
from pipeproof.model.trial import Edge, Trial, TrialResult, TrialStatus, Verdict
from pipeproof.report.document import failure_document, finding_document, finite, instant
from pipeproof.running.cause import find_cause
from pipeproof.running.summary import StepSummary, Summary, summarise

TEST = "pipeproof.test/1"
LOG_BYTES = 20_000
"""What is kept of one log, in bytes: its first 6,000 and its last 14,000."""
_FIRST_BYTES = 6_000
_STATUSES: tuple[TrialStatus, ...] = get_args(TrialStatus)
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def read_log(path: str) -> bytes:
    """Return what a log file holds; nothing when it is gone."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def test_document(
    verdict: Verdict,
    record: RunRecord,
    log_of: Callable[[str], bytes] = read_log,  # noqa: PT028 a document of a test, no test of pytest
) -> dict[str, Any]:
    """Return a test as plain data.

    Args:
        verdict: What was judged.
        record: The record of the run that the verdict is about; its tasks are named ``TRIAL/STEP``.
        log_of: Name of a log in the record → what it holds, redacted.
    """
    records = by_trial(record, (result.trial for result in verdict.results))
    told = {
        result.trial.name
        for result in verdict.results
        if result.status == "failed" or result.trial.mode == "pipeline"
    }
    summaries = {name: summarise(one) for name, one in records.items() if name in told}
    whole = whole_trial(verdict.results)
    return {
        "schema": TEST,
        "pipeline": verdict.pipeline,
        "test": verdict.test,
        "passed": bool(verdict),
        "started_at": instant(record.started_at),
        "seconds": finite(verdict.seconds),
        "seed": verdict.seed,
        "parameters": dict(record.parameters),
        "counts": _counts(verdict),
        "findings": [finding_document(finding) for finding in verdict.findings],
        "trials": [_trial(result, verdict.findings, records) for result in verdict.results],
        "edges": [_edge(edge) for edge in verdict.edges],
        "steps": list(_steps(summaries[whole.name], verdict.edges)) if whole else [],
        "failures": list(_failures(verdict.results, summaries, log_of)),
        "notes": [*verdict.notes, *(note for note in record.notes if note not in verdict.notes)],
    }


def test_schema() -> dict[str, Any]:
    """Return the JSON Schema of `test_document`."""
    text = files("pipeproof.report").joinpath("test.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def whole_trial(results: Sequence[TrialResult]) -> Trial | None:
    """Return the trial of the whole pipeline that a report draws: the standard one, else the first."""
    whole = [result.trial for result in results if result.trial.mode == "pipeline"]
    return next((trial for trial in whole if trial.case.scenario == "standard"), whole[0] if whole else None)


def _counts(verdict: Verdict) -> dict[str, Any]:
    trials = Counter(result.status for result in verdict.results)
    severities = Counter(finding.severity for finding in verdict.findings)
    return {
        "trials": {status: trials[status] for status in _STATUSES},
        "findings": {severity: severities[severity] for severity in _SEVERITIES},
        "checks": verdict.checks,
        "skipped": len(verdict.skipped),
    }


def _trial(
    result: TrialResult, findings: Sequence[Finding], records: Mapping[str, RunRecord]
) -> dict[str, Any]:
    trial = result.trial
    about = _findings_of(result, findings, records[trial.name]) if result.status == "failed" else []
    return {
        "name": trial.name,
        "mode": trial.mode,
        "step": trial.step,
        "scenario": trial.case.scenario,
        "case": trial.case.name,
        "says": trial.case.says,
        "dataset": trial.dataset,
        "column": trial.case.column,
        "expect": trial.expect,
        "status": result.status,
        "why": result.why,
        "seconds": finite(result.seconds),
        "checks": result.checks,
        "findings": about,
    }


def _findings_of(result: TrialResult, findings: Sequence[Finding], record: RunRecord) -> list[int]:
    """Return which findings a failed trial shows, by their place among all.

    A verdict says each fault once, though many trials met it, so this is the way back from trial to fault:
    errors of the steps that failed, narrowed to those at the failing line, about the column that was asked
    for, with the same code, about the column of the case, as long as that leaves any.
    """
    trial = result.trial
    faulty = [step for step in record.steps.values() if step.failure is not None or step.findings]
    steps = {trial.step} if trial.step else {step.name for step in faulty}
    near = [
        at
        for at, finding in enumerate(findings)
        if finding.severity == "error" and not steps.isdisjoint({finding.step, *(finding.edge or ())})
    ]
    for same in _likeness(trial, faulty, record):
        near = [at for at in near if same(findings[at])] or near
    return near


def _likeness(
    trial: Trial, faulty: Sequence[StepRecord], record: RunRecord
) -> Iterator[Callable[[Finding], bool]]:
    """Yield what makes a finding likely to be what a trial failed of, the surest first."""
    failures = [step.failure for step in faulty if step.failure is not None]
    lines = {(frame.file, frame.line) for failure in failures for frame in failure.frames}
    yield lambda finding: finding.where is not None and (finding.where.file, finding.where.line) in lines
    causes = [cause for cause in (find_cause(step, record) for step in faulty) if cause is not None]
    columns = {cause.column for cause in causes} - {""}
    yield lambda finding: finding.column in columns
    if trial.mode == "isolation":  # in the whole, the code of what failed is seldom that of the fault
        codes = {failure.code for failure in failures}
        codes |= {finding.code for step in faulty for finding in step.findings}
        yield lambda finding: finding.code in codes
    if trial.case.column:
        yield lambda finding: finding.column == trial.case.column


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "maker": edge.maker,
        "reader": edge.reader,
        "dataset": edge.dataset,
        "fit": edge.fit,
        "seen": edge.seen,
        "rows": edge.rows,
        "quality": finite(edge.quality),
    }


def _steps(summary: Summary, edges: Sequence[Edge]) -> Iterator[dict[str, Any]]:
    made = {name: one for step in summary.steps for name, one in step.outputs.items()}
    begun = [step.started_at for step in summary.steps if step.started_at is not None]
    for step in summary.steps:
        read = [made[name].size for name in step.reads if name in made]
        qualities = [one.quality for one in edges if one.maker == step.name and one.quality is not None]
        yield {
            "name": step.name,
            "kind": step.kind,
            "status": step.status,
            "why": step.why,
            "needs": list(step.needs),
            "reads": list(step.reads),
            "makes": list(step.outputs),
            "offset_seconds": None if step.started_at is None else finite(step.started_at - min(begun)),
            "seconds": step.seconds,
            "cpu_seconds": step.cpu_seconds,
            "memory_bytes": step.memory,
            "rows_in": step.rows_in,
            "rows_out": step.rows_out,
            "bytes_in": sum(read) if read else None,
            "bytes_out": sum(one.size for one in step.outputs.values()) if step.outputs else None,
            "quality": finite(min(qualities)) if qualities else None,
        }


def _failures(
    results: Sequence[TrialResult], summaries: Mapping[str, Summary], log_of: Callable[[str], bytes]
) -> Iterator[dict[str, Any]]:
    for result in results:
        if result.status == "failed":
            for step in summaries[result.trial.name].having("failed", "interrupted"):
                yield _failure(result.trial, step, log_of)


def _failure(trial: Trial, step: StepSummary, log_of: Callable[[str], bytes]) -> dict[str, Any]:
    text, dropped = cut_log(log_of(step.log)) if step.log else ("", 0)
    return {
        "trial": trial.name,
        "step": step.name,
        "failure": None if step.failure is None else failure_document(step.failure),
        "cause": None if step.cause is None else finding_document(step.cause),
        "log": text,
        "log_bytes_dropped": dropped,
    }


def cut_log(log: bytes) -> tuple[str, int]:
    """Return the first and last part of a log as text, and how many bytes between them were dropped."""
    dropped = max(0, len(log) - LOG_BYTES)
    if not dropped:
        return log.decode("utf-8", "replace"), 0
    first, last = log[:_FIRST_BYTES], log[_FIRST_BYTES - LOG_BYTES :]
    parts = (first.decode("utf-8", "replace"), last.decode("utf-8", "replace"))
    return f"\n... {dropped:,} bytes dropped ...\n".join(parts), dropped
