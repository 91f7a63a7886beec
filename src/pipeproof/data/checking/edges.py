"""Holding a dataset against the schema of an edge of a run, and what follows when it does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.data.artifacts import table_artifact
from pipeproof.data.checking.asking import Questions, Ways, conclude, questions_for, scan
from pipeproof.data.checking.result import CheckResult
from pipeproof.data.checking.shapes import row_counts
from pipeproof.data.checking.telling import finding_of
from pipeproof.data.privacy.masking import private_columns
from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import TableSchema
from pipeproof.model.outcome import Checked
from pipeproof.model.plan import Check
from pipeproof.ports import Objects

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Held:
    """What came of holding a dataset against the schema of an edge.

    Attributes:
        findings: What is wrong; an error among them ends the step.
        good: What goes on in the dataset's place, where rows were set aside.
        rejected: The rows that were set aside, none or some; only ``quarantine`` has them.
        checked: What was asked, None when nothing was.
    """

    findings: tuple[Finding, ...] = ()
    good: Artifact | None = None
    rejected: Artifact | None = None
    checked: Checked | None = None


def check_table(frame: pl.LazyFrame, schema: TableSchema) -> list[Finding]:
    """Return what in a table breaks its schema, with counts and example rows."""
    return list(_look(frame, schema)[1].findings)


def _look(
    frame: pl.LazyFrame, schema: TableSchema, known: Iterable[tuple[str, str]] = ()
) -> tuple[Questions, CheckResult]:
    def private(names: Sequence[str]) -> Mapping[str, str]:
        return {**private_columns(schema, names, frame), **dict(known)}

    ways = Ways(private=private)
    questions = questions_for(frame, schema, ways)
    return questions, conclude(frame, schema, questions, scan(frame, schema, questions, ways), ways)


def enforce(artifact: Artifact, check: Check, step: str, objects: Objects, scratch: Path) -> Held:
    """Hold a dataset against the schema of an edge; rows are set aside in a file below `scratch` first."""
    if check.enforce == "off":
        return Held()
    if artifact.kind != "table":
        return _no_table(artifact, check, step)
    import polars as pl

    frame = pl.scan_parquet(objects.path(artifact.digest), glob=False)
    questions, seen = _look(frame, check.schema, artifact.private)
    findings = tuple(_on_edge(finding, check, step) for finding in seen.findings)
    held = Held(findings, checked=Checked(check.dataset, check.side, seen.asked, seen.rows))
    if check.enforce == "warn":
        return replace(held, findings=_softened(findings))
    if check.enforce == "quarantine":
        bad = _bad_rows(questions, seen)
        return _quarantine(held, frame, bad, check, objects, scratch)
    return held


def _no_table(artifact: Artifact, check: Check, step: str) -> Held:
    what = f"the contract is for a table, this is a {artifact.kind}; nothing could be checked"
    fix = "name the format of the table, such as `format: csv`, or drop the columns from the contract"
    if artifact.kind == "value" and artifact.value is None:
        what = "the contract is for a table, and the code returned nothing (None)"
        fix = "return the table; is a `return` missing at the end of the function?"
    elif artifact.kind == "value":
        fix = "return a table, or drop the columns from the contract"
    finding = Finding("PPF307", what, fix=fix)
    placed = (_on_edge(finding, check, step),)
    findings = _softened(placed) if check.enforce == "warn" else placed
    return Held(findings, checked=Checked(check.dataset, check.side, 0))


def _on_edge(finding: Finding, check: Check, step: str) -> Finding:
    side = "read by" if check.side == "input" else "written by"
    return replace(
        finding,
        what=f"{check.dataset}, {side} {step}: {finding.what}",
        step=step,
        edge=(check.dataset, step) if check.side == "input" else (step, check.dataset),
        dataset=check.dataset,
    )


def _softened(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings of which none is an error."""
    return tuple(
        replace(finding, severity="warning") if finding.severity == "error" else finding
        for finding in findings
    )


def _bad_rows(questions: Questions, seen: CheckResult) -> list[pl.Expr]:
    """Return for each rule that is broken further than its limit allows where it is.

    A row breaks a rule only when that is certain: a comparison with null is no breach.
    """
    broken = {
        (result.column, result.rule)
        for result in seen.rules
        if result.status == "broken" and result.severity == "error"
    }
    return [
        rule.broken.fill_null(value=False)
        for rule in questions.rules
        if ("" if rule.name == "key" else rule.column, rule.name) in broken
    ]


def _quarantine(
    held: Held, frame: pl.LazyFrame, bad: list[pl.Expr], check: Check, objects: Objects, scratch: Path
) -> Held:
    """Set the bad rows aside, unless the table as a whole is wrong or too few rows are left."""
    import polars as pl

    errors = [finding for finding in held.findings if finding.severity == "error"]
    if not errors:  # who reads the rejected rows finds a table, of no rows
        return replace(held, rejected=table_artifact(frame.head(0), objects, scratch))
    if any(finding.code != "PPF303" for finding in errors):
        return held
    aside = pl.any_horizontal(*bad)
    good = table_artifact(frame.filter(~aside), objects, scratch)
    left = row_counts(check.schema, good.rows or 0)
    too_few = tuple(finding for result in left if (finding := finding_of(result, good.rows or 0)))
    if too_few:
        step = errors[0].step
        placed = tuple(_on_edge(finding, check, step) for finding in too_few)
        return replace(held, findings=(*held.findings, *placed))
    rejected = table_artifact(frame.filter(aside), objects, scratch)
    return replace(held, findings=_softened(held.findings), good=good, rejected=rejected)
