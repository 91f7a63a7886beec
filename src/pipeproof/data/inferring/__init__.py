"""Contracts from samples: types, ranges, categories, patterns, keys, and references between tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeproof.data.inferring.columns import Seen, column_of, look_at
from pipeproof.data.inferring.keys import find_key, is_unique
from pipeproof.data.inferring.references import Table, with_references
from pipeproof.data.inputs import Opened, open_table, reading, settle
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Column, Comparison, TableSchema

if TYPE_CHECKING:
    import polars as pl

_PAIRS = (
    ("min", "max"),
    ("start", "end"),
    ("begin", "end"),
    ("low", "high"),
    ("lower", "upper"),
    ("from", "to"),
)
_TIMELY = frozenset({"date", "timestamp", "time"})
_COMPARABLE = frozenset({"integer", "number", "decimal"})


def infer(table: Any, *, exact: bool = False) -> TableSchema:
    """Return the contract that a sample suggests.

    Args:
        table: Whatever `open_table` opens.
        exact: Whether ranges are just what was seen, instead of a round number beyond it.

    Raises:
        ContractError: It cannot be read as a table.
    """
    opened, _ = settle(open_table(table))
    return _schema(opened, opened.name if opened.path else "", exact=exact)


def infer_all(tables: Mapping[str, Any] | Sequence[Any], *, exact: bool = False) -> dict[str, TableSchema]:
    """Return the contracts that samples suggest, with references between them.

    Args:
        tables: Tables by name, or paths, whose names are those of their files.
        exact: Whether ranges are just what was seen.

    Raises:
        ContractError: Some cannot be read as tables, or two have one name.
    """
    named = list(tables.items()) if isinstance(tables, Mapping) else [("", table) for table in tables]
    opened = [(name, settle(open_table(table))[0]) for name, table in named]
    found: dict[str, Table] = {}
    for given, table in opened:
        name = given or table.name
        if name in found:
            fix = "give them other names, or put files of one table into a folder"
            raise ContractError(Finding("PPF360", f"two tables are called {name!r}", fix=fix))
        found[name] = Table(name, table.frame, _schema(table, name, exact=exact))
    return with_references(list(found.values()))


def _schema(opened: Opened, name: str, *, exact: bool) -> TableSchema:
    with reading(opened):
        return _schema_of(opened.frame, name, exact=exact)


def _schema_of(frame: pl.LazyFrame, name: str, *, exact: bool) -> TableSchema:
    seen = look_at(frame)
    if not seen:
        what = f"{name or 'the table'} has no columns to infer a contract from"
        raise ContractError(Finding("PPF361", what))
    columns = [column_of(frame, column, seen[column], exact=exact) for column in seen]
    columns = [
        replace(column, unique=is_unique(column, seen[column.name], first=number == 0))
        for number, column in enumerate(columns)
    ]
    columns = [
        replace(column, maximum=None) if _goes_on(column, exact=exact) else column for column in columns
    ]
    key = find_key(frame, columns, seen)
    comparisons = tuple(_comparisons(frame, columns, seen))
    return TableSchema(tuple(columns), key, name=name, comparisons=comparisons)


def _goes_on(column: Column, *, exact: bool) -> bool:
    """Say whether larger values are to come: identifiers are numbered on."""
    return column.unique and column.type == "integer" and not exact


def _comparisons(
    frame: pl.LazyFrame, columns: Sequence[Column], seen: Mapping[str, Seen]
) -> Iterator[Comparison]:
    """Yield pairs of columns that keep an order in every row, where their types or names say that this is meant."""
    import polars as pl

    pairs = [(a, b) for a in columns for b in columns if _may_be_ordered(a, b, seen)]
    if not pairs:
        return
    asked = [(pl.col(a.name) <= pl.col(b.name)).all().alias(str(n)) for n, (a, b) in enumerate(pairs)]
    held = frame.select(asked).collect(engine="streaming").row(0)
    kept = [(a.name, b.name) for (a, b), holds in zip(pairs, held, strict=True) if holds]
    yield from (Comparison(a, "<=", b) for a, b in kept if (b, a) not in kept)


def _may_be_ordered(a: Column, b: Column, seen: Mapping[str, Seen]) -> bool:
    if a is b or a.type != b.type or not (seen[a.name].values and seen[b.name].values):
        return False
    if a.type in _TIMELY:
        return seen[a.name].distinct > 1 and seen[b.name].distinct > 1
    return a.type in _COMPARABLE and any(_differ_by(a.name, b.name, *pair) for pair in _PAIRS)


def _differ_by(a: str, b: str, low: str, high: str) -> bool:
    """Return whether two names are alike but for one word: `start_price` and `end_price`."""
    words = [re.split(r"[_\W]+", name.lower()) for name in (a, b)]
    return low in words[0] and [high if word == low else word for word in words[0]] == words[1]
