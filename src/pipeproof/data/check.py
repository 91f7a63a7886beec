"""Checking a table against its schema in one pass, and what follows when it does not hold."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.data.rules import Rule, Unasked, row_rules
from pipeproof.errors import Finding, closest
from pipeproof.formats.tables import describe, logical_type, write
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import TableSchema
from pipeproof.model.plan import Check
from pipeproof.model.record import Checked
from pipeproof.ports import Objects

if TYPE_CHECKING:
    import polars as pl

_EXAMPLES = 3
_TYPELESS = frozenset({"Null", "string"})
_ROW = "pipeproof row"
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a table found: its breaches, how many rules were asked, of how many rows."""

    findings: tuple[Finding, ...]
    rules: int
    rows: int


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
    return list(look(frame, schema).findings)


def look(frame: pl.LazyFrame, schema: TableSchema) -> Look:
    """Ask a table all that its schema says.

    The table is scanned once however many rules there are, and once more, up to the third example,
    for each rule that is broken.
    """
    present = frame.collect_schema()
    findings: list[Finding] = []
    rules = []
    for rule in row_rules(schema, present):
        if isinstance(rule, Unasked):
            findings.append(_cannot_ask(rule))
        else:
            rules.append(rule)
    counts = _count(frame, rules)
    findings = [*_shape(present, schema, counts["rows"]), *findings, *_rows(counts["rows"], schema)]
    for index, rule in enumerate(rules):
        if broken := counts[str(index)]:
            findings.append(_broken(frame, rule, broken, counts["rows"]))
    return Look(tuple(findings), len(rules) + _shape_rules(present, schema), counts["rows"])


def _shape_rules(present: Mapping[str, pl.DataType], schema: TableSchema) -> int:
    """Count what a schema asks of a table besides its rows: columns, their types, how many rows."""
    columns = sum(column.required + bool(column.type and column.name in present) for column in schema.columns)
    return (
        columns + (schema.extra_columns == "refuse") + bool(schema.min_rows) + (schema.max_rows is not None)
    )


def enforce(artifact: Artifact, check: Check, step: str, objects: Objects, scratch: Path) -> Held:
    """Hold a dataset against the schema of an edge; rows are set aside in a file below `scratch` first."""
    if check.enforce == "off":
        return Held()
    if artifact.kind != "table":
        return _no_table(artifact, check, step)
    import polars as pl

    frame = pl.scan_parquet(objects.path(artifact.digest), glob=False)
    seen = look(frame, check.schema)
    findings = tuple(_on_edge(finding, check, step) for finding in seen.findings)
    held = Held(findings, checked=Checked(check.dataset, check.side, seen.rules, seen.rows))
    if check.enforce == "warn":
        return replace(held, findings=_softened(findings))
    if check.enforce == "quarantine":
        return _quarantine(held, frame, check, step, objects, scratch)
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


def _cannot_ask(rule: Unasked) -> Finding:
    return Finding(
        "PPF306",
        f"column {rule.column!r} cannot be checked: {rule.why}",
        column=rule.column,
        fix="correct the contract",
    )


def _shape(present: Mapping[str, pl.DataType], schema: TableSchema, rows: int) -> Iterable[Finding]:
    for column in schema.columns:
        if column.name not in present:
            if column.required:
                yield _missing(column.name, present)
            continue
        kind = logical_type(present[column.name])
        if kind in _TYPELESS and not rows:  # what pandas calls the columns of a table without rows
            continue
        if column.type and kind not in ACCEPTED[column.type] and not (kind == "Null" and column.nullable):
            yield Finding(
                "PPF302",
                f"column {column.name!r} is {kind}, the contract says {column.type}",
                column=column.name,
                fix="cast it where it is made, or change the contract",
            )
    if schema.extra_columns == "refuse":
        for name in present:
            if name not in schema.names:
                yield Finding(
                    "PPF304",
                    f"column {name!r} is not in the contract",
                    column=name,
                    fix="drop it, add it to the contract, or set extra_columns: allow",
                )


def _missing(name: str, present: Mapping[str, Any]) -> Finding:
    like = closest(name, present)
    hint = f"the table has {like!r}: rename it" if like else f"the table has: {', '.join(list(present)[:12])}"
    return Finding("PPF301", f"column {name!r} is missing", column=name, fix=hint)


def _count(frame: pl.LazyFrame, rules: list[Rule]) -> dict[str, int]:
    import polars as pl

    sums = {str(index): rule.broken.sum() for index, rule in enumerate(rules)}
    row: dict[str, Any] = frame.select(rows=pl.len(), **sums).collect(engine="streaming").row(0, named=True)
    return {name: int(value or 0) for name, value in row.items()}


def _rows(rows: int, schema: TableSchema) -> Iterable[Finding]:
    if rows < schema.min_rows:
        yield Finding("PPF305", f"{rows:,} rows, the contract says at least {schema.min_rows:,}")
    if schema.max_rows is not None and rows > schema.max_rows:
        yield Finding("PPF305", f"{rows:,} rows, the contract says at most {schema.max_rows:,}")


def _broken(frame: pl.LazyFrame, rule: Rule, broken: int, rows: int) -> Finding:
    examples = frame.with_row_index(_ROW).filter(rule.broken).select(_ROW, *rule.columns).head(_EXAMPLES)
    found = examples.collect(engine="streaming").iter_rows()
    shown = ", ".join(f"row {row + 1}: {', '.join(map(_show, values))}" for row, *values in found)
    whose = "the key" if rule.name == "key" else f"column {rule.column!r}"
    return Finding(
        "PPF303",
        f"{whose} breaks '{rule.says}' in {broken:,} of {rows:,} rows",
        column=rule.column,
        evidence=shown,
        rule=rule.name,
    )


def _show(value: Any) -> str:
    text = "missing" if value is None else str(value) if _is_timely(value) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _is_timely(value: Any) -> bool:
    return hasattr(value, "isoformat")


def _on_edge(finding: Finding, check: Check, step: str) -> Finding:
    side = "read by" if check.side == "input" else "written by"
    return Finding(
        finding.code,
        f"{check.dataset}, {side} {step}: {finding.what}",
        step=step,
        column=finding.column,
        evidence=finding.evidence,
        fix=finding.fix,
        edge=(check.dataset, step) if check.side == "input" else (step, check.dataset),
        dataset=check.dataset,
        rule=finding.rule,
    )


def _softened(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(finding, severity="warning") for finding in findings)


def _quarantine(
    held: Held, frame: pl.LazyFrame, check: Check, step: str, objects: Objects, scratch: Path
) -> Held:
    """Set the bad rows aside, unless the shape of the table is wrong or too few rows are left."""
    import polars as pl

    if not held.findings:  # who reads the rejected rows finds a table, of no rows
        return replace(held, rejected=table_artifact(frame.head(0), objects, scratch))
    if any(finding.code != "PPF303" for finding in held.findings):
        return held
    rules = row_rules(check.schema, frame.collect_schema())
    # A row breaks a rule only when that is certain: a comparison with null is no breach.
    bad = pl.any_horizontal(*(rule.broken.fill_null(value=False) for rule in rules if isinstance(rule, Rule)))
    good = table_artifact(frame.filter(~bad), objects, scratch)
    too_few = tuple(_on_edge(finding, check, step) for finding in _rows(good.rows or 0, check.schema))
    if too_few:
        return replace(held, findings=(*held.findings, *too_few))
    rejected = table_artifact(frame.filter(bad), objects, scratch)
    return replace(held, findings=_softened(held.findings), good=good, rejected=rejected)


def table_artifact(frame: pl.LazyFrame, objects: Objects, scratch: Path) -> Artifact:
    """Write a frame into the object store, by way of a file in `scratch`, and return the artifact."""
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"{uuid.uuid4().hex}.parquet"
    write(frame, path, "parquet")
    return take_table(path, objects)


def take_table(path: Path, objects: Objects, name: str = "") -> Artifact:
    """Move a Parquet file into the object store and return the artifact."""
    rows, columns = describe(path)
    digest, size = objects.add(path, move=True)
    return Artifact("table", digest, size, name=name, rows=rows, columns=columns)
