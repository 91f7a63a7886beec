"""What makes rows of a sample different from each other: unique columns, and keys of several."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeproof.data.inferring.columns import Seen
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_ENOUGH = 20  # rows from which values that all differ are no accident
_ENOUGH_FIRST = 5  # the same for the first column, where identifiers usually stand
_MOST_COLUMNS = 4
_MOST_TRIED = 200  # sets of columns that are looked at
_SAMPLE = 5_000  # rows on which a set is tried before the whole table is asked
_ID = re.compile(r"(^|_)(id|key|code|uuid|nr|no|number|num)$|Id$|ID$")
_KEYABLE = frozenset({"string", "integer", "date", "timestamp", "time"})


def is_unique(column: Column, seen: Seen, *, first: bool) -> bool:
    """Return whether the values of a column differ and are of a type that identifies things.

    Args:
        column: The column.
        seen: What the scan told of it.
        first: Whether it is the first of its table.
    """
    if column.type not in _KEYABLE or seen.values < 2 or seen.distinct < seen.values:  # noqa: PLR2004 one alone differs from nothing
        return False
    named = _ID.search(column.name) is not None or (first and seen.values >= _ENOUGH_FIRST)
    if column.type in {"date", "timestamp", "time"}:
        # Moments that happen to differ identify nothing; a series in time begins with them.
        return first and seen.values >= _ENOUGH and not seen.missing
    named = _ID.search(column.name) is not None or (first and seen.values >= _ENOUGH_FIRST)
    if column.type in {"date", "timestamp", "time"}:
        return seen.values >= _ENOUGH and not seen.missing
    coded = (
        column.pattern is not None
        or column.format == "uuid"
        or (column.type == "integer" and _is_dense(seen))
    )
    return named or (seen.values >= _ENOUGH and coded)


def _is_dense(seen: Seen) -> bool:
    """Return whether whole numbers are numbered through, or nearly: measurements that differ are not."""
    return bool(seen.high - seen.low < 2 * seen.values)


def find_key(frame: pl.LazyFrame, columns: Sequence[Column], seen: Mapping[str, Seen]) -> tuple[str, ...]:
    """Return the fewest columns that together tell all rows apart; none when one does so alone, or nothing does.

    Measured numbers and columns with gaps are no parts of keys.
    """
    import polars as pl

    usable = [column for column in columns if _may_be_part(column, seen[column.name])]
    rows = max((one.rows for one in seen.values()), default=0)
    if rows < _ENOUGH or any(column.unique and not column.nullable for column in columns):
        return ()
    names = sorted((column.name for column in usable), key=lambda name: -seen[name].distinct)
    sample = frame.select(names).head(_SAMPLE).collect(engine="streaming") if names else pl.DataFrame()
    for chosen in itertools.islice(_sets(names, seen, rows), _MOST_TRIED):
        if sample.select(chosen).is_duplicated().any():
            continue
        if frame.select(pl.struct(chosen).n_unique()).collect(engine="streaming").item() == rows:
            return tuple(name for name in frame.collect_schema().names() if name in chosen)
    return ()


def _may_be_part(column: Column, seen: Seen) -> bool:
    return column.type in _KEYABLE and not column.nullable and seen.distinct > 1


def _sets(names: Sequence[str], seen: Mapping[str, Seen], rows: int) -> Iterator[list[str]]:
    """Yield sets of columns that have enough combinations of values, small ones first.

    Among sets of one size those with the fewest combinations come first: they tell rows apart with nothing to
    spare, as keys that somebody designed do.
    """
    for size in range(2, _MOST_COLUMNS + 1):
        sets = []
        for chosen in itertools.combinations(names, size):
            combinations = math.prod(seen[name].distinct for name in chosen)
            if combinations >= rows:
                sets.append((combinations, list(chosen)))
        yield from (chosen for _, chosen in sorted(sets))
