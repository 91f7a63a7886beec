"""What differs between two tables that should be the same, in words; both are read in parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_MOST = 5  # columns that are named
_PART = 2**17  # rows of a part
_WIDE = 2**21  # cells of a part, for tables of many columns
_SEEDS = (0, 1)
_MOD = 2**64


def table_differences(before: Path, after: Path) -> tuple[str, ...]:
    """Return how a Parquet table differs from another one; empty when their content is the same.

    Two files may differ in their bytes and hold the same table. Values are compared exactly, two missing ones
    are the same, and so are two that are not a number. Both are read in parts: memory does not grow with them.
    """
    import polars as pl

    one, other = (pl.scan_parquet(path, glob=False) for path in (before, after))
    schema, schema_after = one.collect_schema(), other.collect_schema()
    found = list(_columns(schema, schema_after))
    rows, rows_after = _height(one), _height(other)
    if rows != rows_after:
        return (*found, f"{rows:,} → {rows_after:,} rows")
    common = [name for name, kind in schema.items() if schema_after.get(name) == kind]
    differing = _unequal(one.select(common), other.select(common), rows) if common else Counter[str]()
    if differing and not found and _is_same_set(one, other, rows):
        return ("the same rows in another order",)
    shown = [f"column {name}: {differing[name]:,} of {rows:,} rows" for name in common if differing[name]]
    rest = len(shown) - _MOST
    return (*found, *shown[:_MOST], *([f"{rest} more columns"] if rest > 0 else []))


def _columns(before: pl.Schema, after: pl.Schema) -> Iterator[str]:
    yield from (f"column {name} is gone" for name in before if name not in after)
    yield from (f"column {name} is new" for name in after if name not in before)
    for name, kind in before.items():
        if name in after and after[name] != kind:
            yield f"column {name}: {kind} → {after[name]}"
    if before.keys() == after.keys() and list(before) != list(after):
        yield "the columns stand in another order"


def _height(table: pl.LazyFrame) -> int:
    import polars as pl

    return int(table.select(pl.len()).collect().item())


def _parts(table: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Yield a table in parts; a part of a wide table has fewer rows."""
    size = max(min(_PART, _WIDE // max(len(table.collect_schema()), 1)), 1)
    for start in range(0, rows, size):
        yield table.slice(start, size).collect()


def _unequal(one: pl.LazyFrame, other: pl.LazyFrame, rows: int) -> Counter[str]:
    """Return in how many rows each column differs."""
    found: Counter[str] = Counter()
    for before, after in zip(_parts(one, rows), _parts(other, rows), strict=True):
        for name in before.columns:
            found[name] += int(before[name].ne_missing(after[name]).sum())
    return +found  # without the columns that do not differ


def _is_same_set(one: pl.LazyFrame, other: pl.LazyFrame, rows: int) -> bool:
    """Say whether two tables hold the same rows, each as often, in whatever order.

    The hashes of all rows are summed: that two different sets have the same two sums is a matter of 1 in 2^64.
    """
    import polars as pl

    names = one.collect_schema().names()
    try:
        return _sums(one, rows) == _sums(other.select(names), rows)
    except pl.exceptions.PolarsError:  # nested columns that cannot be hashed
        return False


def _sums(table: pl.LazyFrame, rows: int) -> list[int]:
    sums = [0 for _ in _SEEDS]
    for part in _parts(table, rows):
        for index, seed in enumerate(_SEEDS):
            hashes = part.hash_rows(seed=seed)
            # Summed by halves: a sum of whole hashes would be past what a column of 64 bits can hold.
            low, high = (hashes & (2**32 - 1)).sum(), (hashes // 2**32).sum()
            sums[index] = (sums[index] + int(low) + int(high) * 2**32) % _MOD
    return sums
