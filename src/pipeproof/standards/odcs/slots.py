"""The rules of a table that the standard can say in several places, each under a name of its own.

A slot is one such rule: that a column has no missing values, its categories, one statistic, one query. A
document says it by a key of a property, by a quality rule, by a relationship. Whatever does is read into
the slot; when the slot has changed, whatever did is removed and the new value is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeproof.model.contract import Column, Limit, Scalar, TableSchema

ABSENT = object()
OF_COLUMNS = ("nullable", "unique", "categories", "pattern")


@dataclass(frozen=True, slots=True)
class Slot:
    """The name of a rule.

    Attributes:
        kind: nullable, unique, categories, pattern, references, key, rows, statistic, query, condition,
            comparison, or implied for what others say already.
        name: The column, or the name of a rule of the table.
        measure: Of a statistic, its measure.
        of: Of a statistic, the level or category.
    """

    kind: str
    name: str = ""
    measure: str = ""
    of: Scalar = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """What stands in a slot: the rule and how far it may be broken."""

    rule: Any = None
    limit: Limit | None = None


IMPLIED = Slot("implied")


def slots_of(schema: TableSchema) -> dict[Slot, Ruled]:
    """Return the rules of a table by slot."""
    found: dict[Slot, Ruled] = {}
    for column in schema.columns:
        found.update(_of_column(column))
    if schema.key:
        found[Slot("key")] = Ruled(schema.key)
    if schema.min_rows or schema.max_rows is not None:
        found[Slot("rows")] = Ruled((schema.min_rows, schema.max_rows))
    found.update(_of_table(schema))
    return found


def other_limits(schema: TableSchema) -> tuple[Limit, ...]:
    """Return the limits of a table that stand in no slot."""
    named = {slot.name for slot in slots_of(schema) if slot.kind in {"query", "condition", "comparison"}}
    return tuple(limit for limit in schema.limits if limit.rule not in named and _means(limit))


def other_limits_of(column: Column, schema: TableSchema) -> tuple[Limit, ...]:
    """Return the limits of a column that stand in no slot."""
    named = {slot.kind for slot, _ in _of_column(column)}
    named |= {one.name for one in schema.statistics if one.column == column.name}
    return tuple(limit for limit in column.limits if limit.rule not in named and _means(limit))


def filled(schema: TableSchema, said: Mapping[Slot, Ruled]) -> TableSchema:
    """Return a table with the rules of further slots; those that it has already stay as they are."""
    columns = {column.name: column for column in schema.columns}
    has = slots_of(schema)
    for slot, ruled in said.items():
        if slot.name not in columns:
            continue
        if slot.kind in {*OF_COLUMNS, "references"} and slot not in has:
            columns[slot.name] = _with_rule(columns[slot.name], slot, ruled)
        if slot.kind == "statistic" and ruled.limit is not None:
            columns[slot.name] = _with_limit(columns[slot.name], ruled.rule.name, ruled.limit)
    rules = {kind: _rules(said, kind) for kind in ("statistic", "query", "condition", "comparison")}
    named = [ruled.limit for kind in ("query", "condition", "comparison") for ruled in rules[kind]]
    low, high = said.get(Slot("rows"), Ruled((0, None))).rule
    return replace(
        schema,
        columns=tuple(columns.values()),
        key=schema.key or said.get(Slot("key"), Ruled(())).rule,
        min_rows=low,
        max_rows=high,
        statistics=tuple(ruled.rule for ruled in rules["statistic"]),
        queries=tuple(ruled.rule for ruled in rules["query"]),
        conditions=tuple(ruled.rule for ruled in rules["condition"]),
        comparisons=tuple(ruled.rule for ruled in rules["comparison"]),
        limits=(*schema.limits, *(limit for limit in named if limit is not None)),
    )


def _of_column(column: Column) -> Iterator[tuple[Slot, Ruled]]:
    limits = {limit.rule: limit for limit in column.limits if _means(limit)}
    rules = {
        "nullable": None if column.nullable else True,
        "unique": True if column.unique else None,
        "categories": column.categories or None,
        "pattern": column.pattern,
    }
    for kind, rule in rules.items():
        if rule is not None:
            yield Slot(kind, column.name), Ruled(rule, limits.get(kind))
    if column.references is not None:
        yield Slot("references", column.name), Ruled(column.references)


def _of_table(schema: TableSchema) -> Iterator[tuple[Slot, Ruled]]:
    limits = {limit.rule: limit for limit in schema.limits if _means(limit)}
    of_columns = {
        (column.name, limit.rule): limit
        for column in schema.columns
        for limit in column.limits
        if _means(limit)
    }
    for one in schema.statistics:
        slot = Slot("statistic", one.column, one.measure, one.of)
        yield slot, Ruled(one, of_columns.get((one.column, one.name)))
    named = (("query", schema.queries), ("condition", schema.conditions), ("comparison", schema.comparisons))
    for kind, rules in named:
        for rule in rules:
            yield Slot(kind, rule.name), Ruled(rule, limits.get(rule.name))


def _rules(said: Mapping[Slot, Ruled], kind: str) -> list[Ruled]:
    return [ruled for slot, ruled in said.items() if slot.kind == kind]


def _with_rule(column: Column, slot: Slot, ruled: Ruled) -> Column:
    changes: dict[str, Any] = {slot.kind: not ruled.rule if slot.kind == "nullable" else ruled.rule}
    column = replace(column, **changes)
    return column if ruled.limit is None else _with_limit(column, slot.kind, ruled.limit)


def _with_limit(column: Column, rule: str, limit: Limit) -> Column:
    others = tuple(one for one in column.limits if one.rule != rule)
    return replace(column, limits=(*others, replace(limit, rule=rule)))


def _means(limit: Limit) -> bool:
    """Return whether a limit says more than that a rule holds."""
    return bool(limit.rows or limit.share or limit.severity != "error")
