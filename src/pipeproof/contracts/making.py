"""Rows that a schema allows, made to show something: with values that are given, and ordinary ones beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeproof.contracts.constraints import Value, is_missing
from pipeproof.contracts.counter import samples
from pipeproof.contracts.implied import TURNED, bounded, strict_comparisons
from pipeproof.contracts.limits import is_lenient, loosened
from pipeproof.contracts.rows import Row, compare
from pipeproof.model.contract import Column, Comparison, TableSchema

_MOST_TRIES = 2_000
_OPTIONS = 3


def row_of(
    schema: TableSchema, pinned: Mapping[str, Value], read: TableSchema, *, unlike: Row | None = None
) -> dict[str, Value] | None:
    """Return a row whose values keep their columns and comparisons; None when none is found.

    Columns of which no value is known are left out.

    Args:
        schema: The schema.
        pinned: Values by column that are taken as they are.
        read: Who reads the row: where the type of a column is not said, a value of its type is taken.
        unlike: A row to differ from in all other columns that can.
    """
    rules = strict_comparisons(schema)
    compared = {name for rule in rules for name in (rule.left, rule.right)}
    row: dict[str, Value] = dict(pinned)
    for column in schema.columns:
        if column.name not in row and column.name not in compared:
            values = _ordinary(column, read, unlike)
            if values:
                row[column.name] = values[0]
    waiting = [column for column in schema.columns if column.name in compared and column.name not in row]
    tries = iter(range(_MOST_TRIES))
    found = next(_filled(row, waiting, rules, tries, unlike), None)
    return None if found is None else {name: found[name] for name in schema.names if name in found}


def row_with(
    schema: TableSchema, row: Row | None, pinned: Mapping[str, Value], read: TableSchema
) -> dict[str, Value] | None:
    """Return an ordinary row with some values in place of its own; None when no such row is found.

    Args:
        schema: The schema.
        row: What `row_of` returned for no values.
        pinned: Values by column.
        read: Who reads the row.
    """
    compared = {name for rule in strict_comparisons(schema) for name in (rule.left, rule.right)}
    if row is None or not compared.isdisjoint(pinned):
        return row_of(schema, pinned, read)
    return {name: pinned.get(name, row.get(name)) for name in schema.names if name in pinned or name in row}


def many_rows(schema: TableSchema, row: Row, number: int) -> list[dict[str, Value]]:
    """Return so many rows like one, which differ where the schema says that rows must, as far as can be."""
    return differing(schema, [row] * number)


def differing(schema: TableSchema, rows: Sequence[Row], besides: str = "") -> list[dict[str, Value]]:
    """Return rows that differ where the schema says that rows must, as far as can be, except in one column."""
    names = {column.name for column in schema.columns if column.unique} | set(schema.key[-1:])
    names -= {besides}
    values = {name: _distinct(schema[name], rows[0], len(rows)) for name in sorted(names) if name in rows[0]}
    return [{**row, **{name: found[at] for name, found in values.items()}} for at, row in enumerate(rows)]


def _distinct(column: Column, row: Row, number: int) -> list[Value]:
    if number == 1:
        return [row[column.name]]
    values = [
        row[column.name],
        *(value for value in samples(column, number + 1) if value != row[column.name]),
    ]
    return (values * number)[:number]


def _ordinary(column: Column, read: TableSchema, unlike: Row | None) -> list[Value]:
    kind = read[column.name].type if column.name in read.names else None
    known = column if column.type or column.categories else replace(column, type=kind)
    # Where nothing keeps all rules, what breaks one that may be broken is ordinary.
    loosest = loosened(known, [limit.rule for limit in known.limits if is_lenient(limit)])
    values = samples(known, _OPTIONS) or samples(loosest, _OPTIONS)
    if unlike is None or column.name not in unlike:
        return values
    others = [value for value in values if value != unlike[column.name]]
    return others or ([None] if column.nullable else values)


def _filled(
    row: dict[str, Value],
    waiting: Sequence[Column],
    rules: Sequence[Comparison],
    tries: Iterator[int],
    unlike: Row | None,
) -> Iterator[dict[str, Value]]:
    """Yield the row with values for the columns that wait, each held against those that have values."""
    if not _is_kept(row, rules):
        return
    if not waiting:
        yield row
        return
    column, rest = waiting[0], waiting[1:]
    for value in _options(column, row, rules, unlike):
        if next(tries, None) is None:
            return
        yield from _filled({**row, column.name: value}, rest, rules, tries, unlike)


def _options(column: Column, row: Row, rules: Sequence[Comparison], unlike: Row | None) -> list[Value]:
    """Return values of a column that may stand beside those of a row, and null where that is allowed."""
    tight = column
    for rule in rules:
        if rule.left == column.name and rule.right in row:
            tight = bounded(tight, rule.operator, row[rule.right])
        elif rule.right == column.name and rule.left in row:
            tight = bounded(tight, TURNED[rule.operator], row[rule.left])
    values: list[Value] = [value for value in samples(tight, _OPTIONS) if value is not None]
    values += [None] if column.nullable else []
    if unlike is not None and column.name in unlike:
        values.sort(key=lambda value: bool(value == unlike[column.name]))
    return values


def _is_kept(row: Mapping[str, Any], rules: Sequence[Comparison]) -> bool:
    for rule in rules:
        left, right = row.get(rule.left), row.get(rule.right)
        if not is_missing(left) and not is_missing(right) and not compare(left, rule.operator, right):
            return False
    return True
