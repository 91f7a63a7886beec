"""The columns of two tables, read beside each other some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeproof.data.comparing.sides import Table

if TYPE_CHECKING:
    import polars as pl

_MEMORY = 256 * 2**20  # bytes, about, that the columns of one table which are read together may take
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of both tables, or a field of a struct, as it is read from each."""

    name: str
    before: pl.Expr
    after: pl.Expr
    types: tuple[pl.DataType, pl.DataType]


def pairs_of(name: str, before: Table, after: Table) -> Iterator[Pair]:
    """Yield a column that both tables have, or the fields of it, as it is read from both."""
    import polars as pl

    types = (before.types[name], after.types[name])
    yield from _with_fields(Pair(name, pl.col(name), pl.col(name), types))


def dtype_of(dtype: Any) -> pl.DataType:
    """Return a type as a value: Polars lets a class stand for a type without parameters."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made


def _with_fields(pair: Pair, depth: int = 0) -> Iterator[Pair]:
    """Yield a column, or the fields of a struct that both tables have."""
    import polars as pl

    one, other = pair.types
    if not (isinstance(one, pl.Struct) and isinstance(other, pl.Struct)) or depth == _DEEPEST:
        yield pair
        return
    there = {field.name: field.dtype for field in other.fields}
    for field in one.fields:
        if field.name in there:
            inner = Pair(
                f"{pair.name}.{field.name}",
                pair.before.struct.field(field.name),
                pair.after.struct.field(field.name),
                (dtype_of(field.dtype), dtype_of(there[field.name])),
            )
            yield from _with_fields(inner, depth + 1)


def read_pairs(
    before: pl.LazyFrame, after: pl.LazyFrame, pairs: Sequence[Pair]
) -> Iterator[tuple[Pair, pl.Series, pl.Series]]:
    """Yield the columns, read some at a time, so that tables may be larger than memory as long as columns are not."""
    import polars as pl

    if not pairs:
        return
    rows = max(pl.collect_all([frame.select(pl.len()) for frame in (before, after)]), key=pl.DataFrame.item)
    many = max(1, _MEMORY // (8 * max(rows.item(), 1)))
    for first in range(0, len(pairs), many):
        some = pairs[first : first + many]
        a = before.select(pair.before.alias(str(at)) for at, pair in enumerate(some)).collect()
        b = after.select(pair.after.alias(str(at)) for at, pair in enumerate(some)).collect()
        for at, pair in enumerate(some):
            yield pair, a[str(at)], b[str(at)]


def read_columns(table: Table, names: Sequence[str]) -> Iterator[tuple[str, pl.Series]]:
    """Yield the columns of one table, one at a time."""
    for name in names:
        yield name, table.frame.select(name).collect()[name]
