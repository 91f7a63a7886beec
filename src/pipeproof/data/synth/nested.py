"""Lists and structs by position: what is in them follows from the position by a mixture of its bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from pipeproof.data.synth.domain import Domain, dtype_of
from pipeproof.data.synth.seeds import Whole, mixed
from pipeproof.model.contract import Column

_MANY = 2**40
_USUAL_ITEMS = 4  # more than the fewest, where the contract says no most
_GAP = 10  # of so many values in a list or struct one is missing, where they may be

_Inner = Callable[[Column], Domain]


def nested(column: Column, inner: _Inner) -> Domain:
    """Return the values of a column of lists or structs.

    Args:
        column: The column.
        inner: The values of a column that is inside.
    """
    take = _lists if column.type == "list" else _structs
    size = _MANY if _can_be(column, inner) else 0
    return Domain(size, lambda at: take(column, at, inner))


def _can_be(column: Column, inner: _Inner) -> bool:
    if column.type == "struct":
        return all(field.nullable or inner(field).size for field in column.fields)
    items = column.items or Column("items", "string")
    longest = column.max_items if column.max_items is not None else (column.min_items or 0) + _USUAL_ITEMS
    possible = items.nullable or inner(items).size > 0 or not column.min_items
    return possible and longest >= (column.min_items or 0)


def _structs(column: Column, at: Whole, inner: _Inner) -> pl.Series:
    fields = [_within(field, at, number, inner) for number, field in enumerate(column.fields)]
    if not fields:
        return pl.Series(column.name, [{}] * len(at), dtype=dtype_of(column))
    return pl.DataFrame(fields).to_struct(column.name)


def _lists(column: Column, at: Whole, inner: _Inner) -> pl.Series:
    items = column.items or Column("items", "string")
    least = column.min_items or 0
    most = column.max_items if column.max_items is not None else least + _USUAL_ITEMS
    if not inner(items).size and not items.nullable:
        most = 0
    lengths = least + (mixed(at, 1) % np.uint64(most - least + 1)).astype(np.int64)
    owner = np.repeat(np.arange(len(at)), lengths)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    each = mixed(at[owner], 2).astype(np.int64) + place if len(owner) else owner
    values = _within(replace(items, name="items"), each, 3, inner)
    found = pl.DataFrame({"owner": pl.Series(owner, dtype=pl.Int64), "items": values})
    grouped = found.group_by("owner", maintain_order=True).agg("items")
    rows = pl.DataFrame({"owner": pl.Series(np.arange(len(at)), dtype=pl.Int64)})
    joined = rows.join(grouped, on="owner", how="left", maintain_order="left")["items"]
    empty = pl.Series([[]], dtype=joined.dtype)
    return (
        joined.fill_null(empty.first()).rename(column.name)
        if joined.null_count()
        else joined.rename(column.name)
    )


def _within(column: Column, at: Whole, number: int, inner: _Inner) -> pl.Series:
    """Return values inside of others, which follow from the positions of those."""
    domain = inner(column)
    drawn = mixed(at, 1000 + number)
    if not domain.size:
        return pl.Series(column.name, [None] * len(at), dtype=dtype_of(column))
    usual = min(domain.usual or domain.size, domain.size)
    values = domain.take((drawn % np.uint64(usual)).astype(np.int64)).rename(column.name)
    if not column.nullable:
        return values
    return values.set(pl.Series(mixed(at, 2000 + number) % np.uint64(_GAP) == 0), None)
