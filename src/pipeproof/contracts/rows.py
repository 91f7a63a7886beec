"""Whether rows given as dicts keep a schema: the reference that faster checks are held against.

Names of rules besides those of values: `missing_column`, `extra_columns`, `min_rows`, `max_rows`, `unique`,
`order`, `key`, and the names of comparisons and statistics. Conditions, queries, references, ages
and distances to a profile are not decided here: they need an engine, other tables, a clock or a file.
"""

from __future__ import annotations

import datetime as dt
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pipeproof.contracts.constraints import NUMERIC, Broken, Value, broken_by, is_missing, logical
from pipeproof.contracts.limits import allowed_rows, limit_of
from pipeproof.contracts.statistics import bounds_say, holds
from pipeproof.model.contract import Column, Operator, TableSchema

Row = Mapping[str, Value]
OPERATORS: Mapping[Operator, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        "==": operator.eq,
        "!=": operator.ne,
        ">=": operator.ge,
        ">": operator.gt,
    }
)


def breaks(row: Row, schema: TableSchema) -> Iterator[Broken]:
    """Yield what one row breaks: columns that are missing or too many, rules of its values, comparisons."""
    for column in schema.columns:
        if column.name in row:
            yield from broken_by(row[column.name], column)
        elif column.required:
            yield Broken(column.name, "missing_column", "is there")
    if schema.extra_columns == "refuse":
        for name in row:
            if name not in schema.names:
                yield Broken(name, "extra_columns", "is not in the contract")
    yield from _not_compared(row, schema)


def breaks_together(rows: Sequence[Row], schema: TableSchema) -> Iterator[Broken]:
    """Yield each rule that rows break as a table, in more rows than its limit allows, once."""
    found: dict[tuple[str, str], list[Broken]] = {}
    of_rows = (broken for row in rows for broken in breaks(row, schema))
    for broken in itertools.chain(of_rows, repeated(rows, schema), out_of_order(rows, schema)):
        found.setdefault((broken.column, broken.rule), []).append(broken)
    for (column, rule), times in found.items():
        if len(times) > allowed_rows(limit_of(column, rule, schema), rule, len(rows)):
            yield times[0]
    yield from _of_all_rows(rows, schema)


def repeated(rows: Sequence[Row], schema: TableSchema) -> Iterator[Broken]:
    """Yield the unique columns and the key for each row that repeats an earlier one in them.

    A missing value may stand in a unique column more than once; in a key it is a value like another.
    """
    for column in schema.columns:
        if column.unique:
            values = (row[column.name] for row in rows if column.name in row)
            again = _again(comparable(value) for value in values if not is_missing(value))
            yield from [Broken(column.name, "unique", "is unique")] * again
    if schema.key and all(name in row for row in rows for name in schema.key):
        keys = (
            tuple(None if is_missing(row[name]) else comparable(row[name]) for name in schema.key)
            for row in rows
        )
        yield from [Broken(schema.key[0], "key", f"({', '.join(schema.key)}) is unique")] * _again(keys)


def out_of_order(rows: Sequence[Row], schema: TableSchema) -> Iterator[Broken]:
    """Yield the ordered columns for each row whose value stands before the last one that is there."""
    for column in schema.columns:
        if column.order:
            yield from [Broken(column.name, "order", f"is {column.order}")] * _steps_back(rows, column)


def compare(left: Value, operator: Operator, right: Value) -> bool | None:
    """Return whether two values stand in an order; None when they are unlike and have none.

    Numbers of all types compare with each other, and dates with timestamps as the midnight that begins them.
    """
    one, two = comparable(left), comparable(right)
    kinds = {"number" if kind in NUMERIC else kind for kind in (logical(one), logical(two))}
    if kinds == {"date", "timestamp"}:
        one, two = _as_moment(one), _as_moment(two)
    elif len(kinds) == 2 or kinds & {"list", "struct"}:  # noqa: PLR2004 two kinds are unlike
        return None
    try:
        return bool(OPERATORS[operator](one, two))
    except TypeError:
        return None


def comparable(value: Any) -> Any:
    """Return a value as it is compared: timestamps in UTC without a zone, lists and structs as tuples."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(value, list | tuple):
        return tuple(comparable(item) for item in value)
    if isinstance(value, dict):
        return tuple((name, comparable(item)) for name, item in sorted(value.items()))
    return value


def _not_compared(row: Row, schema: TableSchema) -> Iterator[Broken]:
    for rule in schema.comparisons:
        left, right = row.get(rule.left), row.get(rule.right)
        if is_missing(left) or is_missing(right):
            continue
        holds = compare(left, rule.operator, right)
        if holds is None:
            yield Broken(
                rule.left, rule.name, f"{rule.name}; {logical(left)} and {logical(right)} are unlike"
            )
        elif not holds:
            yield Broken(rule.left, rule.name, rule.name)


def _of_all_rows(rows: Sequence[Row], schema: TableSchema) -> Iterator[Broken]:
    if len(rows) < schema.min_rows:
        yield Broken("", "min_rows", f"has at least {schema.min_rows:,} rows")
    if schema.max_rows is not None and len(rows) > schema.max_rows:
        yield Broken("", "max_rows", f"has at most {schema.max_rows:,} rows")
    for rule in schema.statistics:
        values = [row[rule.column] for row in rows if rule.column in row]
        if not holds(rule, values):
            yield Broken(rule.column, rule.name, bounds_say(rule))


def _as_moment(value: dt.date) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def _again(values: Iterable[Hashable]) -> int:
    """Return how many values came before."""
    seen = Counter(values)
    return seen.total() - len(seen)


def _steps_back(rows: Sequence[Row], column: Column) -> int:
    values = [value for row in rows if not is_missing(value := row.get(column.name))]
    onward: Operator = "<=" if column.order == "ascending" else ">="
    return sum(not compare(before, onward, after) for before, after in itertools.pairwise(values))
