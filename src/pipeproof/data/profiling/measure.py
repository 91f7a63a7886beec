"""One chunk of a column, measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeproof.data.profiling.bins import Bins, bins_of, bins_of_counted
from pipeproof.data.profiling.column import ColumnPart, Numbers, Order
from pipeproof.data.profiling.counting import (
    Distinct,
    distinct_of,
    frequent_among,
    frequent_of,
    roughly,
)
from pipeproof.data.profiling.moments import moments_of
from pipeproof.data.profiling.sizes import Sizes

_SEED = 20_131
_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)
_BEGIN = 1000  # values that are looked at first for their order
_REPEATED = 4  # times that each value has to come for all of them to be counted


def measure(series: pl.Series, sizes: Sizes) -> tuple[ColumnPart, pl.Series | None]:
    """Return what is known of a chunk of a column, and a hash of each row's value where there are hashes."""
    kind = series.dtype
    part = ColumnPart(series.name, kind, len(series))
    if kind.is_nested():
        return _nested(part, series, sizes), None
    if kind.base_type() in {pl.Null, pl.Object}:
        return replace(part, nulls=series.null_count()), None
    plain, nans = _plain(series)
    hashes = plain.hash(_SEED)
    values, kept = plain, hashes
    if nulls := plain.null_count():
        there = plain.is_not_null()
        values, kept = plain.filter(there), hashes.filter(there)
    if kind.is_temporal():
        values = values.cast(unit_of(kind))
    return _counted(replace(part, nulls=nulls - nans, nans=nans), values, kept, sizes), hashes


def row_hashes(columns: list[pl.Series | None], frame: pl.DataFrame) -> pl.Series:
    """Return a hash of each row, from those of its columns where all have some."""
    if any(column is None for column in columns):
        try:
            return frame.hash_rows(_SEED)
        except pl.exceptions.PolarsError:  # a column of a kind that cannot be compared: each row is itself
            return pl.int_range(frame.height, dtype=pl.UInt64, eager=True).hash(_SEED)
    total = np.zeros(frame.height, np.uint64)
    for column in columns:
        total = total * np.uint64(0x9E37_79B9_7F4A_7C15) + column.to_numpy()  # type: ignore[union-attr]  # asked above
    return pl.Series(total)


def priorities(first: int, rows: int) -> pl.Series:
    """Return a number for each row, by which a sample is drawn: the same for the same place in the table."""
    return pl.int_range(first, first + rows, dtype=pl.Int64, eager=True).hash(_SEED + 1)


def _is_text(kind: pl.DataType) -> bool:
    return kind.base_type() in {pl.String, pl.Binary}


def _plain(series: pl.Series) -> tuple[pl.Series, int]:
    """Return a column as it is measured, what is no number as null, and how many those were."""
    kind = series.dtype
    if kind.base_type() in {pl.Categorical, pl.Enum}:
        return series.cast(pl.String), 0
    if not kind.is_float():
        return series, 0
    series = series.cast(pl.Float64)
    nans = int(series.is_nan().sum() or 0)
    return (series.fill_nan(None) if nans else series), nans


def _counted(part: ColumnPart, values: pl.Series, hashes: pl.Series, sizes: Sizes) -> ColumnPart:
    """Return a part with all that its values tell; each value is counted where they are not too many."""
    order, strict = _order(values)
    part = replace(part, order=order)
    lengths = _text_lengths(values, sizes)
    most = max(sizes.bins, sizes.frequent)
    few = len(values) <= most or (not strict and roughly(hashes) <= min(most, len(values) / _REPEATED))
    if few:
        table = values.alias("value").value_counts(name="n")
        kept = np.sort(table["value"].hash(_SEED).to_numpy())[: sizes.hashes]
        part = replace(
            part, distinct=Distinct(kept, table.height), frequent=frequent_among(table, sizes.frequent)
        )
    else:
        table = None
        # Floats that are all different are a measurement and no key: an estimate is enough.
        settle = not values.dtype.is_float()
        distinct = distinct_of(hashes, sizes.hashes, unique=strict, settle=settle)
        frequent = frequent_of(values, hashes, distinct, sizes.frequent)
        part = replace(part, distinct=distinct, frequent=frequent)
    if _is_text(values.dtype):
        return replace(part, lengths=lengths)
    finite, table = _finite(values, table)
    return replace(part, infinite=len(values) - len(finite), numbers=_numbers(finite, table, sizes))


def _finite(values: pl.Series, table: pl.DataFrame | None) -> tuple[pl.Series, pl.DataFrame | None]:
    if not values.dtype.is_float():
        return values, table
    finite = values.is_finite()
    if finite.all():
        return values, table
    return values.filter(finite), None if table is None else table.filter(pl.col("value").is_finite())


def _numbers(values: pl.Series, table: pl.DataFrame | None, sizes: Sizes) -> Numbers:
    """Return the finite numbers of a column; times are counted in their unit."""
    numbers = physical(values)
    if table is None:
        bins = bins_of(numbers.to_numpy(), sizes.bins)
    else:
        bins = bins_of_counted(physical(table["value"]).to_numpy(), table["n"].to_numpy(), sizes.bins)
    return _told(numbers, bins, values.min(), values.max())


def physical(values: pl.Series) -> pl.Series:
    """Return values as 64-bit numbers; those of times are in the unit of their type."""
    kind = values.dtype
    if kind.is_temporal():
        values = values.to_physical()
    wide = kind.is_decimal() or kind.is_float() or kind.base_type() in _WIDE
    return values.cast(pl.Float64 if wide else pl.Int64)


def unit_of(kind: pl.DataType) -> pl.DataType:
    """Return the type in which times are counted: microseconds, which Python has too, days, or nanoseconds of a day."""
    if isinstance(kind, pl.Datetime):
        return pl.Datetime("us", kind.time_zone)
    return pl.Duration("us") if isinstance(kind, pl.Duration) else kind


def _told(numbers: pl.Series, bins: Bins, least: Any, most: Any) -> Numbers:
    low: Any = numbers.min() if len(numbers) else 1
    zeros = int((numbers == 0).sum()) if low <= 0 else 0
    negative = int((numbers < 0).sum()) if low < 0 else 0
    return Numbers(bins, moments_of(numbers), least, most, zeros, negative)


def _text_lengths(values: pl.Series, sizes: Sizes) -> Numbers | None:
    if values.dtype == pl.String:
        return _lengths(values.str.len_chars(), sizes)
    return _lengths(values.bin.size(), sizes) if values.dtype == pl.Binary else None


def _lengths(lengths: pl.Series, sizes: Sizes) -> Numbers:
    numbers = lengths.cast(pl.Int64)
    return _told(numbers, bins_of(numbers.to_numpy(), sizes.bins), numbers.min(), numbers.max())


def _order(values: pl.Series) -> tuple[Order, bool]:
    """Return how values follow each other, and whether they do so without repetition."""
    if not len(values):
        return Order(), False
    begin = values.head(_BEGIN)
    up, down = begin.is_sorted(), begin.is_sorted(descending=True)
    strict = False
    if up or down:
        before, after = values[:-1], values[1:]
        up, down = up and bool((after >= before).all()), down and bool((after <= before).all())
        strict = (up or down) and bool((after != before).all())
    return Order(up, down, values[0], values[-1]), strict


def _nested(part: ColumnPart, series: pl.Series, sizes: Sizes) -> ColumnPart:
    kind = series.dtype
    present = series.drop_nulls()
    part = replace(part, nulls=series.null_count())
    if isinstance(kind, pl.Struct):
        fields = present.struct.unnest().get_columns()
        return replace(part, fields=tuple(measure(field, sizes)[0] for field in fields))
    lengths = present.list.len() if isinstance(kind, pl.List) else present.arr.to_list().list.len()
    return replace(part, lengths=_lengths(lengths, sizes))
