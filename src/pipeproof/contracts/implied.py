"""What rules of a table say of single columns, and which comparisons follow from others.

Bounds walk along comparisons: where each row has ``a <= b``, `a` is nowhere larger than the maximum of `b`. They
walk only from columns whose values are always there, because a row that misses a value keeps the comparison.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

from pipeproof.contracts.constraints import NUMERIC, Value, is_missing, typed
from pipeproof.contracts.limits import is_lenient, limit_of
from pipeproof.model.contract import Column, Comparison, Operator, Statistic, TableSchema

NEGATED: dict[Operator, Operator] = {"<": ">=", "<=": ">", "==": "!=", "!=": "==", ">=": "<", ">": "<="}
TURNED: dict[Operator, Operator] = {"<": ">", "<=": ">=", "==": "==", "!=": "!=", ">=": "<=", ">": "<"}
Side = Literal["minimum", "maximum"]


def strict_comparisons(schema: TableSchema) -> tuple[Comparison, ...]:
    """Return the comparisons that every row keeps, without those that may be broken in some."""
    return tuple(
        rule
        for rule in schema.comparisons
        if {rule.left, rule.right} <= set(schema.names)
        and not is_lenient(limit_of(rule.left, rule.name, schema))
    )


def tightened(schema: TableSchema) -> TableSchema:
    """Return a schema of the same tables whose columns say themselves what other rules say of them."""
    columns = {column.name: column for column in schema.columns}
    for statistic in schema.statistics:
        if statistic.column in columns:
            columns[statistic.column] = _with_statistic(columns[statistic.column], statistic)
    rules = strict_comparisons(schema)
    for _ in columns:  # a bound walks along each comparison once at most, unless they go in a circle
        before = dict(columns)
        for rule in rules:
            _walk(columns, rule.left, rule.operator, rule.right)
            _walk(columns, rule.right, TURNED[rule.operator], rule.left)
        if columns == before:
            break
    return replace(schema, columns=tuple(columns.values()))


def bounded(column: Column, operator: Operator, value: Value) -> Column:
    """Return a column whose values besides stand in an order to a value; the same one where that says nothing."""
    if is_missing(value) or operator == "!=":
        return column
    if operator in {"<", "<=", "=="}:
        column = _bounded(column, "maximum", value, is_open=operator == "<")
    if operator in {">", ">=", "=="}:
        column = _bounded(column, "minimum", value, is_open=operator == ">")
    return column


def follows(rule: Comparison, schema: TableSchema) -> bool:
    """Return whether a comparison follows from others of the schema, one after the other."""
    if rule.left == rule.right:
        return rule.operator in {"<=", "==", ">="}
    onward, back = _path(rule.left, rule.right, schema), _path(rule.right, rule.left, schema)
    if rule.operator == "==":
        return onward is not None and back is not None
    if rule.operator == "!=":
        said = any(
            other.operator == "!=" and {other.left, other.right} == {rule.left, rule.right}
            for other in strict_comparisons(schema)
        )
        return said or bool(onward) or bool(back)
    path = onward if rule.operator in {"<", "<="} else back
    return bool(path) if rule.operator in {"<", ">"} else path is not None


def _path(start: str, end: str, schema: TableSchema) -> bool | None:
    """Return whether `start` is smaller than `end` (True), smaller or equal (False), or nothing follows (None)."""
    steps = list(_steps(strict_comparisons(schema)))
    found: bool | None = None
    seen = {(start, False)}
    waiting = deque(seen)
    while waiting:
        at, smaller = waiting.popleft()
        for left, right, strictly in steps:
            reached = (right, smaller or strictly)
            if left != at or reached in seen:
                continue
            seen.add(reached)
            if right == end:
                found = bool(found) or reached[1]
            if _always_there(schema[right]):
                waiting.append(reached)
    return found


def _steps(rules: Iterable[Comparison]) -> Iterator[tuple[str, str, bool]]:
    for rule in rules:
        if rule.operator in {"<", "<=", "=="}:
            yield rule.left, rule.right, rule.operator == "<"
        if rule.operator in {">", ">=", "=="}:
            yield rule.right, rule.left, rule.operator == ">"


def _always_there(column: Column) -> bool:
    lenient = any(limit.rule == "nullable" and is_lenient(limit) for limit in column.limits)
    return column.required and not column.nullable and not lenient


def _walk(columns: dict[str, Column], name: str, operator: Operator, other: str) -> None:
    """Let the bounds of one column hold for the other that is compared with it."""
    column, beside = columns[name], columns[other]
    if not _always_there(beside):
        return
    ends: tuple[tuple[Side, bool], ...] = (
        ("maximum", operator in {"<", "<=", "=="}),
        ("minimum", operator in {">", ">=", "=="}),
    )
    for side, holds in ends:
        end = _end(beside, side) if holds else None
        if end is not None:
            value, is_open = end
            column = _bounded(column, side, value, is_open=is_open or operator in {"<", ">"})
    columns[name] = column


def _end(column: Column, side: Side) -> tuple[Value, bool] | None:
    """Return the largest or smallest value of a column, and whether it is itself refused."""
    if any(limit.rule in {side, "categories"} and is_lenient(limit) for limit in column.limits):
        return None
    ends: list[tuple[Any, bool]] = []
    try:
        if getattr(column, side) is not None:
            ends.append((typed(getattr(column, side), str(column.type)), getattr(column, f"{side}_open")))
        items = [typed(item, str(column.type)) for item in column.categories if not is_missing(item)]
        if items:
            ends.append(((max if side == "maximum" else min)(items), False))
    except ValueError:
        return None
    if not ends:
        return None
    values = [value for value, _ in ends]
    tightest = min(values) if side == "maximum" else max(values)
    return tightest, all(is_open for value, is_open in ends if value == tightest)


def _bounded(column: Column, side: Side, value: Value, *, is_open: bool) -> Column:
    kind = str(column.type)
    if column.type is None or kind in {"boolean", "list", "struct"}:
        return column
    try:
        new: Any = typed(value, kind)
        old: Any = None if getattr(column, side) is None else typed(getattr(column, side), kind)
    except ValueError:
        return column
    if old is not None:
        looser = new > old if side == "maximum" else new < old
        if looser or (new == old and (getattr(column, f"{side}_open") or not is_open)):
            return column
    if side == "maximum":
        return replace(column, maximum=value, maximum_open=is_open)  # type: ignore[arg-type]  # also of decimals and dates, which bounds are read as
    return replace(column, minimum=value, minimum_open=is_open)  # type: ignore[arg-type]  # the same


def _with_statistic(column: Column, rule: Statistic) -> Column:
    if rule.measure == "missing" and rule.maximum == 0:
        return replace(column, nullable=False)
    if (rule.measure == "duplicates" and rule.maximum == 0) or (
        rule.measure == "distinct" and rule.minimum == 1
    ):
        return replace(column, unique=True)
    if column.type in NUMERIC and rule.measure == "minimum" and rule.minimum is not None:
        return _bounded(column, "minimum", rule.minimum, is_open=False)
    if column.type in NUMERIC and rule.measure == "maximum" and rule.maximum is not None:
        return _bounded(column, "maximum", rule.maximum, is_open=False)
    return column
