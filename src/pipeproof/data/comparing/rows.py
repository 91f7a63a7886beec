"""Which rows differ: matched by key, or counted where there is none.

Everything is a lazy query that Polars streams; what must be in memory are the keys (with a key) or one number a row
(without).
"""

from __future__ import annotations

from dataclasses import replace

from pipeproof.data.comparing.keyed_rows import Joined, find_unclear, summed
from pipeproof.data.comparing.matching import Matching, comparable, go_together
from pipeproof.data.comparing.result import RowDifference
from pipeproof.data.comparing.sides import Table
from pipeproof.data.comparing.whole_rows import balance, times, whole_rows

_GUESSED = 10_000  # rows from which a key is guessed first


def find_rows(before: Table, after: Table, by: Matching) -> RowDifference:
    """Return how the rows of two tables differ."""
    types = {name: (before.types[name], after.types[name]) for name in (*by.key, *by.columns)}
    cells = [comparable(name, *both) for name, both in types.items()]
    a, b = before.frame.select(cells), after.frame.select(cells)
    if by.key:
        found, a, b = find_unclear(a, b, by)
        return summed(found, Joined.of(a, b, types, by), by)
    total, more, less = balance(a, b, by.columns)
    added, removed = times(more), times(less)
    return RowDifference(
        columns=by.columns,
        added=added,
        removed=removed,
        same=total - removed,
        examples=(*whole_rows("added", b, more, by), *whole_rows("removed", a, less, by)),
        hint=_likely_key(before, after, by.columns) if added and removed else "",
    )


def matchable(before: Table, after: Table, by: Matching) -> Matching:
    """Return by what rows can be compared: columns whose types do not go together are left out."""
    others = (name for name in by.columns if name not in by.key)
    return replace(
        by, columns=tuple(name for name in others if go_together(before.types[name], after.types[name]))
    )


def _likely_key(before: Table, after: Table, columns: tuple[str, ...]) -> str:
    """Return a column of which every value is there and different in both tables; empty where there is none."""
    import polars as pl

    left = [
        name
        for name in columns
        if before.types[name] == after.types[name]
        and (before.types[name].is_integer() or before.types[name] == pl.String)
    ]
    for first in (_GUESSED, None):  # a look at the first rows leaves few columns for the whole
        for table in (before, after):
            frame = table.frame.select(left) if first is None else table.frame.select(left).head(first)
            unique = frame.select(
                (pl.col(name).n_unique() == pl.len()) & (pl.col(name).null_count() == 0) for name in left
            )
            row = unique.collect(engine="streaming").row(0, named=True) if left else {}
            left = [name for name in left if row[name]]
    return left[0] if left else ""
