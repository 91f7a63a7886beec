"""Checking a table against its schema in one pass, and what follows when it does not hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.data.rules import Rule, Unasked, row_rules
from pipeproof.errors import ContractError, Finding, Severity, closest
from pipeproof.formats.tables import describe, logical_type, write
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import TableSchema
from pipeproof.model.plan import Check
from pipeproof.ports import Objects

if TYPE_CHECKING:
    import polars as pl

_EXAMPLES = 3
_ROW = "pipeproof row"
_LONGEST_VALUE = 60


def check_table(frame: pl.LazyFrame, schema: TableSchema) -> list[Finding]:
    """Return what in a table breaks its schema, with counts and example rows.

    The table is scanned once however many rules there are, and once more, up to the third example,
    for each rule that is broken.
    """
    present = frame.collect_schema()
    findings = list(_shape(present, schema))
    rules = []
    for rule in row_rules(schema, present):
        if isinstance(rule, Unasked):
            findings.append(_cannot_ask(rule))
        else:
            rules.append(rule)
    counts = _count(frame, rules)
    findings += _rows(counts["rows"], schema)
    for index, rule in enumerate(rules):
        if broken := counts[str(index)]:
            findings.append(_broken(frame, rule, broken, counts["rows"]))
    return findings


def enforce(
    artifact: Artifact,
    check: Check,
    step: str,
    objects: Objects,
) -> tuple[dict[str, Artifact], list[Finding]]:
    """Hold a dataset against the schema of an edge.

    Returns:
        The datasets to keep (changed only by ``quarantine``: the good rows under the dataset's
        name, the others under ``NAME.rejected``) and the findings that do not end the step.

    Raises:
        ContractError: The schema is broken and the edge says ``fail``, or ``quarantine`` cannot
            mend it because the shape of the table is wrong.
    """
    if check.enforce == "off":
        return {}, []
    if artifact.kind != "table":
        return _no_table(artifact, check, step)
    import polars as pl

    frame = pl.scan_parquet(objects.path(artifact.digest), glob=False)
    findings = [_on_edge(finding, check, step) for finding in check_table(frame, check.schema)]
    if not findings:
        return {}, []
    if check.enforce == "warn":
        return {}, [_softened(finding, "warning") for finding in findings]
    if check.enforce == "quarantine" and all(finding.code == "PPF303" for finding in findings):
        kept = _quarantine(frame, check, objects)
        left = kept[check.dataset].rows or 0
        too_few = [_on_edge(finding, check, step) for finding in _rows(left, check.schema)]
        if too_few:
            raise ContractError(*findings, *too_few)
        return kept, [_softened(finding, "warning") for finding in findings]
    raise ContractError(*findings)


def _no_table(artifact: Artifact, check: Check, step: str) -> tuple[dict[str, Artifact], list[Finding]]:
    finding = Finding(
        "PPF307",
        f"the contract is for a table, this is a {artifact.kind}; nothing could be checked",
        fix="name the format of the table, such as `format: csv`, or drop the columns from the contract",
    )
    placed = _on_edge(finding, check, step)
    if check.enforce != "warn":
        raise ContractError(placed)
    return {}, [_softened(placed, "warning")]


def _cannot_ask(rule: Unasked) -> Finding:
    return Finding(
        "PPF306",
        f"column {rule.column!r} cannot be checked: {rule.why}",
        column=rule.column,
        fix="correct the contract",
    )


def _shape(present: Mapping[str, pl.DataType], schema: TableSchema) -> Iterable[Finding]:
    for column in schema.columns:
        if column.name not in present:
            if column.required:
                yield _missing(column.name, present)
            continue
        kind = logical_type(present[column.name])
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
    )


def _softened(finding: Finding, severity: Severity) -> Finding:
    return replace(finding, severity=severity)


def _quarantine(frame: pl.LazyFrame, check: Check, objects: Objects) -> dict[str, Artifact]:
    import polars as pl

    rules = row_rules(check.schema, frame.collect_schema())
    # A row breaks a rule only when that is certain: a comparison with null is no breach.
    broken = (rule.broken.fill_null(value=False) for rule in rules if isinstance(rule, Rule))
    bad = pl.any_horizontal(*broken)
    return {
        check.dataset: table_artifact(frame.filter(~bad), objects),
        f"{check.dataset}.rejected": table_artifact(frame.filter(bad), objects),
    }


def table_artifact(frame: pl.LazyFrame, objects: Objects) -> Artifact:
    """Write a frame into the object store and return the artifact."""
    with tempfile.TemporaryDirectory(prefix="pipeproof-") as folder:
        path = Path(folder) / "table.parquet"
        write(frame, path, "parquet")
        return take_table(path, objects)


def take_table(path: Path, objects: Objects, name: str = "") -> Artifact:
    """Move a Parquet file into the object store and return the artifact."""
    rows, columns = describe(path)
    digest, size = objects.add(path, move=True)
    return Artifact("table", digest, size, name=name, rows=rows, columns=columns)
