"""Operations that look at several rows: aggregates, windows, samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from pipeproof.steps.transform.operations import (
    RANKS,
    Aggregation,
    Sample,
    Window,
    directions,
    function_of,
    names,
)

_ROW = "pipeproof row"
_PLACE = "pipeproof place"
_MASK = (1 << 64) - 1

_AGGREGATIONS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    # As in SQL, the sum of nothing is null and not zero, and missing values are not counted.
    "sum": lambda column: pl.when(column.count() > 0).then(column.sum()),
    "mean": lambda column: column.mean(),
    "median": lambda column: column.median(),
    "min": lambda column: column.min(),
    "max": lambda column: column.max(),
    "count": lambda column: column.count().cast(pl.Int64),
    "count_distinct": lambda column: column.drop_nulls().n_unique().cast(pl.Int64),
    "std": lambda column: column.std(),
    "var": lambda column: column.var(),
    "first": lambda column: column.first(),
    "last": lambda column: column.last(),
    "any": lambda column: pl.when(column.count() > 0).then(column.any()),
    "all": lambda column: pl.when(column.count() > 0).then(column.all()),
}


def aggregation(item: Aggregation) -> pl.Expr:
    """Return one figure of a group as an expression."""
    if not item.column:
        return pl.len().cast(pl.Int64)
    return _AGGREGATIONS[item.function](pl.col(item.column))


def aggregated(frame: pl.LazyFrame, keys: list[str], made: list[pl.Expr]) -> pl.LazyFrame:
    """Return one row for each group, in the order in which the groups first appear.

    Not by `group_by`: it adds floats up in parts, and which parts depends on threads and time, even
    in memory. Windows and whole columns are added up row by row.
    """
    if not keys:
        return frame.map_batches(lambda table: table.rechunk()).select(made)
    figures = [value.over(keys).alias(value.meta.output_name()) for value in made]
    return frame.select(*keys, *figures).unique(keys, keep="first", maintain_order=True)


def window(operation: Window, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the table with a column computed over partitions in an order; rows stay where they are."""
    columns = frame.collect_schema().names()
    by = names(operation.order_by)
    ordered = frame.with_row_index(_ROW)
    if by:
        down = directions(operation.descending, len(by))
        ordered = ordered.sort(by, descending=down, nulls_last=True, maintain_order=True)
    made = ordered.with_columns(_over(pl.int_range(1, pl.len() + 1), operation).alias(_PLACE))
    made = made.with_columns(_value(operation).alias(operation.name))
    kept = columns if operation.name in columns else [*columns, operation.name]
    return made.sort(_ROW).select(kept)


def _over(value: pl.Expr, operation: Window, more: tuple[str, ...] = ()) -> pl.Expr:
    partition = [*names(operation.partition_by), *more]
    return value.over(partition) if partition else value


def _value(operation: Window) -> pl.Expr:
    function = function_of(operation)
    if function in RANKS:
        return _rank(function, operation)
    column = pl.col(operation.column) if operation.column else pl.lit(1)
    return _over(_functions(column, operation)[function](), operation)


def _rank(function: str, operation: Window) -> pl.Expr:
    place = pl.col(_PLACE)
    if function == "row_number":
        return place.cast(pl.Int64)
    first = place.min().over([*names(operation.partition_by), *names(operation.order_by)])
    if function == "rank":
        return first.cast(pl.Int64)
    # A row that is the first of its equals opens the next dense rank.
    return _over((place == first).cum_sum(), operation).cast(pl.Int64)


def _functions(column: pl.Expr, operation: Window) -> Mapping[str, Callable[[], pl.Expr]]:
    size = operation.size or 1
    return {
        "lag": lambda: column.shift(operation.offset),
        "lead": lambda: column.shift(-operation.offset),
        "cumsum": lambda: column.cum_sum().forward_fill(),
        "cummin": lambda: column.cum_min().forward_fill(),
        "cummax": lambda: column.cum_max().forward_fill(),
        "rolling_mean": lambda: column.rolling_mean(size, min_samples=1),
        "rolling_sum": lambda: column.rolling_sum(size, min_samples=1),
        "rolling_min": lambda: column.rolling_min(size, min_samples=1),
        "rolling_max": lambda: column.rolling_max(size, min_samples=1),
        "sum": lambda: _AGGREGATIONS["sum"](column),
        "mean": column.mean,
        "min": column.min,
        "max": column.max,
        "count": lambda: column.count().cast(pl.Int64) if operation.column else pl.len().cast(pl.Int64),
    }


def sample(operation: Sample, frame: pl.LazyFrame, seed: int) -> pl.LazyFrame:
    """Return some of the rows, chosen by the seed and their place alone, in their order."""
    index = pl.int_range(pl.len(), dtype=pl.UInt64)
    chance = _scrambled(index, seed if operation.seed is None else operation.seed)
    count = (
        pl.lit(operation.n)
        if operation.n is not None
        else (pl.len() * float(operation.fraction or 0)).round()
    )
    return frame.filter(chance.rank("ordinal") <= count)


def _scrambled(index: pl.Expr, seed: int) -> pl.Expr:
    """Return numbers that look random, one for each place: SplitMix64.

    Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014). Ours and not
    the engine's, whose random numbers may change with its version.
    """

    def number(value: int) -> pl.Expr:
        return pl.lit(value & _MASK, dtype=pl.UInt64)

    mixed = (index + 1) * number(0x9E3779B97F4A7C15) + number(seed * 0xD1342543DE82EF95)
    mixed = (mixed ^ (mixed // number(1 << 30))) * number(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed // number(1 << 27))) * number(0x94D049BB133111EB)
    return mixed ^ (mixed // number(1 << 31))
