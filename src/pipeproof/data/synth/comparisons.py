"""Columns of which each row keeps an order (`departure <= arrival`), made so and not tried until it is so.

Values are drawn for each column alone. Then, along the order, those that are too small or too large are
drawn again between the values that they are compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from pipeproof.contracts.constraints import NUMERIC
from pipeproof.contracts.implied import TURNED, tightened
from pipeproof.data.extremes import with_kind
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.domain import Domain, first_at_least, sorted_domain
from pipeproof.data.synth.seeds import Block, Whole
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Column, Comparison, TableSchema

_ORDERS = frozenset({"<=", "<", "=="})
_TOP = "largest of "  # before the name of a column: what it may be at most


def _rules(schema: TableSchema) -> Iterator[Comparison]:
    """Yield the comparisons of columns that are there, the smaller one first."""
    for rule in schema.comparisons:
        if {rule.left, rule.right} <= set(schema.names):
            is_turned = rule.operator in {">", ">="}
            yield Comparison(rule.right, TURNED[rule.operator], rule.left) if is_turned else rule


# What follows for the columns


def with_room(schema: TableSchema) -> TableSchema:
    """Return a schema whose columns have the bounds that follow from comparisons with others, and room above these.

    What is made keeps all comparisons, also those that may be broken in some rows, and where values are missing.
    """
    rules = [rule for rule in _rules(schema) if rule.operator in _ORDERS]
    if not rules:
        return schema
    kinds = {column.name: with_kind(column) for column in schema.columns}
    there = (replace(column, nullable=False, required=True, limits=()) for column in kinds.values())
    tight = tightened(replace(schema, columns=tuple(there), statistics=()))
    columns = {column.name: _bounded(kinds[column.name], column) for column in tight.columns}
    for rule in rules:
        columns[rule.right] = _with_room(columns[rule.right], columns[rule.left])
    return replace(schema, columns=tuple(columns.values()))


def _bounded(column: Column, tight: Column) -> Column:
    """Return a column with the bounds of another one; categories are all there is to draw from."""
    if column.categories:
        return column
    low, high = (tight.minimum, tight.minimum_open), (tight.maximum, tight.maximum_open)
    return replace(column, minimum=low[0], minimum_open=low[1], maximum=high[0], maximum_open=high[1])


def _with_room(column: Column, smaller: Column) -> Column:
    """Return a column without a bound above that reaches as far as the smaller one does."""
    numeric = column.type in NUMERIC and smaller.type in NUMERIC and not column.categories
    if not numeric or column.maximum is not None or smaller.maximum is None:
        return column
    low = smaller.minimum if smaller.minimum is not None else smaller.maximum
    high: Any = smaller.maximum
    return replace(column, maximum=high + max(1, high - low))


def fixed_columns(design: Design) -> frozenset[str]:
    """Return columns whose values follow from numbers of rows or from parents, so that others follow them."""
    keyed = {column.name for column in design.keyed}
    drawn = {name for group in design.drawn for name in group.names}
    own = {
        column.name
        for column in design.schema.columns
        if design.is_single(column) or column.order is not None
    }
    return frozenset(keyed | drawn | own)


# What follows for the rows


@dataclass(frozen=True, slots=True)
class _Between:
    """What one column is compared with: the other column, and whether that is below, above or another."""

    other: str
    side: str
    strict: bool

    @property
    def key(self) -> str:
        """The name that the other column goes by: what it may be at most, where it is not there yet."""
        return _TOP + self.other if self.side == "top" else self.other


def with_comparisons(
    design: Design, made: dict[str, pl.Series], block: Block, fixed: frozenset[str], *attempt: object
) -> dict[str, pl.Series]:
    """Return columns of some rows of which each keeps the comparisons.

    Raises:
        ContractError: There is a row that cannot.
    """
    rules = [rule for rule in _rules(design.schema) if {rule.left, rule.right} <= set(made)]
    if not rules or not block.rows:
        return made
    settled = {name for name in _named(rules) if name in fixed}
    order = _ordered(rules)
    tops = _tops(design, made, order, rules, settled)
    for name in order:
        if name not in settled:
            made[name] = _moved(design, {**made, **tops}, name, _about(name, rules, settled), block, *attempt)
            tops[_TOP + name] = made[name]
            settled.add(name)
    broken = [rule for rule in rules if _breaks(made, rule).any()]
    if broken:
        raise ContractError(*(_impossible(design, rule) for rule in broken))
    return made


def _named(rules: Iterable[Comparison]) -> list[str]:
    return list(dict.fromkeys(name for rule in rules for name in (rule.left, rule.right)))


def _ordered(rules: list[Comparison]) -> list[str]:
    """Return the columns so that the smaller ones stand first, as far as there is such an order."""
    left, found = _named(rules), list[str]()
    while left:
        waits = {rule.right for rule in rules if rule.operator in {"<", "<="} and rule.left in left}
        ready = [name for name in left if name not in waits] or left[:1]
        found += ready
        left = [name for name in left if name not in ready]
    return found


def _tops(
    design: Design,
    made: Mapping[str, pl.Series],
    order: list[str],
    rules: list[Comparison],
    settled: set[str],
) -> dict[str, pl.Series]:
    """Return for each column the largest value that leaves room for those above it, in each row or in all."""
    tops: dict[str, pl.Series] = {}
    for name in reversed(order):
        if name in settled:
            tops[_TOP + name] = made[name]
            continue
        domain = sorted_domain(design.domain(design.schema[name], 0))
        high = np.array([domain.size])
        for rule in rules:
            above = tops.get(_TOP + rule.right) if rule.left == name and rule.operator in _ORDERS else None
            if above is not None and domain.size:
                found = first_at_least(domain, above, above=rule.operator != "<")
                high = np.minimum(high, np.where(above.is_null().to_numpy(), domain.size, found))
        tops[_TOP + name] = (
            domain.take(np.clip(high - 1, 0, domain.size - 1)) if domain.size else domain.take(high[:0])
        )
    return tops


def _about(name: str, rules: list[Comparison], settled: set[str]) -> list[_Between]:
    """Return what a column is compared with; of those that are not settled, only what is above matters."""
    found = []
    for rule in rules:
        strict = rule.operator in {"<", "!="}
        if rule.right == name and rule.left in settled:
            sides = {"==": ("below", "above"), "!=": ("not",)}.get(rule.operator, ("below",))
            found += [_Between(rule.left, side, strict) for side in sides]
        elif rule.left == name and rule.right in settled:
            sides = {"==": ("below", "above"), "!=": ("not",)}.get(rule.operator, ("above",))
            found += [_Between(rule.right, side, strict) for side in sides]
        elif rule.left == name and rule.operator in {"<", "<="}:
            found.append(_Between(rule.right, "top", strict))
    return found


def _moved(
    design: Design,
    made: Mapping[str, pl.Series],
    name: str,
    about: list[_Between],
    block: Block,
    *attempt: object,
) -> pl.Series:
    """Return a column whose values lie between those that it is compared with."""
    values = made[name]
    domain = sorted_domain(design.domain(design.schema[name], 0))
    wrong = np.zeros(block.rows, dtype=bool)
    for each in about:
        wrong |= _is_wrong(made, values, each)
    rows = np.flatnonzero(wrong)
    if not len(rows) or not domain.size:
        return values
    others = {each: _of_rows(made[each.key], rows) for each in about}
    low, high = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), domain.size, dtype=np.int64)
    for each in about:
        low, high = _narrowed(others[each], domain, each, low, high)
    room = np.maximum(high - low, 1)
    random = design.random(name, "between", block.number, *attempt).random(block.rows)[rows]
    at = np.clip(low + (random * room).astype(np.int64), 0, domain.size - 1)
    for each in about:
        if each.side == "not":
            same = (domain.take(at) == others[each]).fill_null(value=False).to_numpy()
            at = np.clip(np.where(same, low + (at - low + 1) % room, at), 0, domain.size - 1)
    return values.clone().scatter(pl.Series(rows), domain.take(at).cast(values.dtype)).alias(name)


def _of_rows(values: pl.Series, rows: Whole) -> pl.Series:
    """Return values of some rows; a single one is of all."""
    return values.gather(rows) if len(values) > 1 else values


def _is_wrong(made: Mapping[str, pl.Series], values: pl.Series, each: _Between) -> Whole:
    """Return which values do not stand to another column as they should."""
    other = made[each.key]
    if other.is_empty():
        return np.zeros(len(values), dtype=bool)
    if each.side == "not":
        found = values == other
    elif each.side == "below":
        found = values <= other if each.strict else values < other
    else:
        found = values >= other if each.strict else values > other
    return found.fill_null(value=False).to_numpy()


def _narrowed(
    others: pl.Series, domain: Domain, each: _Between, low: Whole, high: Whole
) -> tuple[Whole, Whole]:
    if each.side == "not" or others.is_empty():
        return low, high
    missing = others.is_null().to_numpy()
    if each.side == "below":
        found = first_at_least(domain, others, above=each.strict)
        return np.where(missing, low, np.maximum(low, found)), high
    found = first_at_least(domain, others, above=not each.strict)
    return low, np.where(missing, high, np.minimum(high, found))


def _breaks(made: Mapping[str, pl.Series], rule: Comparison) -> pl.Series:
    left, right = made[rule.left], made[rule.right]
    kept: dict[str, pl.Series] = {
        "<=": left <= right,
        "<": left < right,
        "==": left == right,
        "!=": left != right,
    }
    return (~kept[rule.operator]).fill_null(value=False)


def _impossible(design: Design, rule: Comparison) -> Finding:
    what = f"no row of {design.name} can be made that keeps {rule.name}: {_because(design, rule)}"
    return Finding(
        "PPF351", what, column=rule.left, fix="correct the bounds, keys or references of the two columns"
    )


def _because(design: Design, rule: Comparison) -> str:
    fixed = fixed_columns(design)
    if {rule.left, rule.right} <= fixed:
        return "both columns are keys, sorted or taken from other tables"
    return "their bounds leave no room"
