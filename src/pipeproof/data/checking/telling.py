"""Counts and numbers as results, and results as findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.limits import limit_of
from pipeproof.contracts.statistics import is_within, number_says
from pipeproof.data.checking.measures import Measured
from pipeproof.data.checking.result import Example, RuleResult, Status
from pipeproof.data.checking.rules import Rule, Unasked
from pipeproof.errors import Finding, Severity
from pipeproof.model.contract import Limit, TableSchema

if TYPE_CHECKING:
    from pipeproof.data.checking.scanning import Rows


def found_rows(
    rule: Rule, broken: int, rows: Rows, limit: Limit | None, allowed: int, private: Mapping[str, str]
) -> RuleResult:
    """Return what came of a rule of rows.

    Args:
        rule: The rule.
        broken: How many rows break it.
        rows: The first of them.
        limit: The limit that the contract sets, if it does.
        allowed: How many rows that is.
        private: Columns whose values are masked.
    """
    status: Status = "kept" if not broken else "tolerated" if broken <= allowed else "broken"
    return RuleResult(
        rule.column if rule.name != "key" else "",
        rule.name,
        rule.says,
        status,
        rows=broken,
        allowed=allowed,
        severity=limit.severity if limit else "error",
        examples=tuple(_example(row, values, private) for row, values in rows),
        code="PPF302" if rule.name == "type" else "PPF303",
        fix="write them as the contract says, or change the type" if rule.name == "type" else "",
    )


def _example(row: int, values: Mapping[str, Any], private: Mapping[str, str]) -> Example:
    from pipeproof.data.privacy.masking import shown

    return Example(row + 1, {name: shown(value, private.get(name)) for name, value in values.items()})


def found_number(measured: Measured, number: float | None, limit: Limit | None) -> RuleResult:
    """Return what came of a statistic."""
    rule = measured.statistic
    why = ""
    if number is not None and not is_within(rule, number):
        why = f"column {rule.column!r}: {measured.says}, it is {number_says(rule, number)}"
    return RuleResult(
        rule.column,
        rule.name,
        measured.says,
        "broken" if why else "kept",
        value=number,
        severity=limit.severity if limit else "error",
        why=why,
        code="PPF317",
    )


def not_asked(unasked: Unasked, schema: TableSchema) -> RuleResult:
    """Return the result of a rule that cannot be asked."""
    limit = limit_of(unasked.column, unasked.rule, schema)
    what = f"column {unasked.column!r} cannot be checked: {unasked.why}" if unasked.column else unasked.why
    severity: Severity = "note" if unasked.absent else limit.severity if limit else "error"
    return RuleResult(
        unasked.column,
        unasked.rule,
        unasked.says or unasked.rule,
        "unasked",
        severity=severity,
        why=what,
        fix=unasked.fix,
        code="PPF318" if unasked.absent else "PPF306",
    )


def finding_of(result: RuleResult, rows: int) -> Finding | None:
    """Return the finding for a result, None where there is nothing to say.

    Args:
        result: The result.
        rows: How many rows the table has.
    """
    if result.status == "kept":
        return None
    tolerated = result.status == "tolerated"
    return Finding(
        result.code,
        result.why or _of_rows(result, rows),
        severity="note" if tolerated else result.severity,
        column=result.column,
        evidence=", ".join(map(str, result.examples)),
        fix=result.fix,
        rule=""
        if result.code in {"PPF301", "PPF302", "PPF304", "PPF305", "PPF306", "PPF318"}
        else result.rule,
    )


def _of_rows(result: RuleResult, rows: int) -> str:
    broken = result.rows or 0
    if result.code == "PPF302":
        values = "value that is" if broken == 1 else "values that are"
        what = f"column {result.column!r} has {broken:,} {values} not of its type"
    else:
        what = f"{_whose(result)} breaks '{result.says}' in {broken:,} of {rows:,} rows"
    if result.status == "tolerated":
        return f"{what}, as far as the contract allows ({result.allowed:,})"
    return f"{what}; the contract allows {result.allowed:,}" if result.allowed else what


def _whose(result: RuleResult) -> str:
    if result.rule == "key":
        return "the key"
    return f"column {result.column!r}" if result.column else "the table"
