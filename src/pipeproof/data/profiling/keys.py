"""Columns that no two rows have alike, alone or in pairs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import polars as pl

from pipeproof.data.profiling.column import ColumnPart
from pipeproof.data.profiling.table import TablePart

_MOST_TRIED = 12
_MOST_COLUMNS = 24


def single_keys(part: TablePart) -> tuple[tuple[str, ...], ...]:
    """Return the columns that are a key alone: every row has a value, and no two have the same one."""
    return tuple((column.name,) for column in part.columns if _may_key(column) and column.unique)


def pair_keys(frame: pl.DataFrame, part: TablePart) -> tuple[tuple[str, ...], ...]:
    """Return the pairs of columns that are a key together, of a table in one chunk without a single key.

    Pairs that repeat in the sample are not tried on the whole table.
    """
    return tuple(pair for pair in _likely(part) if frame.select(pair).is_unique().all())


def _likely(part: TablePart) -> Iterator[tuple[str, str]]:
    if part.distinct.count < part.rows:  # rows repeat as a whole
        return
    columns = [one for one in part.columns if _may_key(one) and one.name in part.sample.columns][
        :_MOST_COLUMNS
    ]
    amounts = {column.name: column.distinct.count for column in columns if column.distinct}
    enough = [(a, b) for a, b in combinations(amounts, 2) if amounts[a] * amounts[b] >= part.rows]
    # The fewer values the two have between them, the less a key is chance.
    enough.sort(key=lambda pair: amounts[pair[0]] * amounts[pair[1]])
    tried = 0
    for pair in enough:
        if part.sample.select(pair).is_unique().all():
            yield pair
            tried += 1
        if tried == _MOST_TRIED:
            return


def _may_key(column: ColumnPart) -> bool:
    """Say whether a column may be part of a key: floats are measured, and who misses a value has no key."""
    if column.distinct is None or not column.rows or column.physical.is_float():
        return False
    return column.present == column.rows and column.distinct.count > 1
