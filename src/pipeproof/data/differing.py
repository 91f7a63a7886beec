"""What differs between two tables that should be the same, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_MOST = 5  # columns that are named


def table_differences(before: Path, after: Path) -> tuple[str, ...]:
    """Return how a Parquet table differs from another one; empty when their content is the same.

    Two files may differ in their bytes and hold the same table. Values are compared exactly, two missing ones
    are the same, and so are two that are not a number.
    """
    import polars as pl

    one, other = (pl.read_parquet(path, glob=False) for path in (before, after))
    found = list(_columns(one, other))
    if one.height != other.height:
        return (*found, f"{one.height:,} → {other.height:,} rows")
    common = [
        name for name in one.columns if name in other.columns and one.schema[name] == other.schema[name]
    ]
    differing = {name: count for name in common if (count := _unequal(one[name], other[name]))}
    if differing and not found and _is_same_set(one, other):
        return ("the same rows in another order",)
    shown = [f"column {name}: {count:,} of {one.height:,} rows" for name, count in differing.items()]
    rest = len(shown) - _MOST
    return (*found, *shown[:_MOST], *([f"{rest} more columns"] if rest > 0 else []))


def _columns(one: pl.DataFrame, other: pl.DataFrame) -> Iterator[str]:
    yield from (f"column {name} is gone" for name in one.columns if name not in other.columns)
    yield from (f"column {name} is new" for name in other.columns if name not in one.columns)
    for name, kind in one.schema.items():
        if name in other.columns and other.schema[name] != kind:
            yield f"column {name}: {kind} → {other.schema[name]}"


def _unequal(one: pl.Series, other: pl.Series) -> int:
    return int(one.ne_missing(other).sum())


def _is_same_set(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Say whether two tables hold the same rows, however often and in whatever order each."""
    import polars as pl

    try:
        hashes = [frame.hash_rows(seed=0).sort() for frame in (one, other)]
    except pl.exceptions.PolarsError:  # nested columns that cannot be hashed
        return False
    return bool((hashes[0] == hashes[1]).all())
