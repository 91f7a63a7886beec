"""Rows that are compared as wholes: how often each is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pipeproof.data.comparing.matching import Matching
from pipeproof.data.comparing.result import RowExample
from pipeproof.data.privacy.masking import shown

if TYPE_CHECKING:
    import polars as pl

_ROW = " pipeproof row"  # a leading space keeps clear of columns that people have
_TIMES = " pipeproof times"
_NUMBER = " pipeproof number"
_REPEATS = 20  # rows that are looked at for one example, as the first ones may be the same


def balance(
    a: pl.LazyFrame, b: pl.LazyFrame, columns: Sequence[str]
) -> tuple[int, pl.DataFrame, pl.DataFrame]:
    """Return how many rows the first table has, and which rows the second one has more often and less often.

    Rows are told apart by a hash of 64 bits: among ten million of them, any two that differ have the same one with a
    probability of about one in 400,000.
    """
    import polars as pl

    signed = (
        frame.select(_hash(columns)).with_columns(pl.lit(sign, dtype=pl.Int64).alias(_TIMES))
        for frame, sign in ((a, -1), (b, 1))
    )
    counted = pl.concat(signed).group_by(_ROW).agg(pl.col(_TIMES).sum()).filter(pl.col(_TIMES) != 0)
    total, found = pl.collect_all([a.select(pl.len()), counted], engine="streaming")
    return total.item(), found.filter(pl.col(_TIMES) > 0), found.filter(pl.col(_TIMES) < 0)


def times(rows: pl.DataFrame) -> int:
    """Return how many rows there are more or less."""
    return abs(int(rows[_TIMES].sum()))


def whole_rows(
    what: Literal["added", "removed"], frame: pl.LazyFrame, rows: pl.DataFrame, by: Matching
) -> list[RowExample]:
    """Return some of the rows that `balance` found, the first of their table."""
    if not rows.height:
        return []
    first = (
        frame.with_row_index(_NUMBER)
        .with_columns(_hash(by.columns))
        .join(rows.lazy(), on=_ROW)
        .sort(_NUMBER)
        .head(by.examples * _REPEATS)
        .collect(engine="streaming")
        .unique(_ROW, keep="first", maintain_order=True)
        .head(by.examples)
    )
    return [
        RowExample(
            what,
            tuple((name, shown(row[name], by.private.get(name))) for name in by.columns),
            times=abs(row[_TIMES]),
        )
        for row in first.iter_rows(named=True)
    ]


def _hash(columns: Sequence[str]) -> pl.Expr:
    import polars as pl

    return pl.struct(columns).hash(seed=7).alias(_ROW)
