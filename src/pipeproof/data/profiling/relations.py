"""How columns go together: correlations of numbers, and numbers that depend on categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeproof.data.profiling.measure import physical, unit_of
from pipeproof.data.profiling.profile import Correlations, Dependence, Group

Matrix = NDArray[np.float64]
_MOST_NUMBERS = 60
_MOST_CATEGORIES = 40
_LEAST_ROWS = 10
_STRENGTH = 0.1  # of the variance of the ranks; below, a category says little about a number
_MOST_PAIRS = 12
_LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_DIGITS = 4


def correlations_of(sample: pl.DataFrame, names: Sequence[str]) -> Correlations:
    """Return how columns of numbers go together.

    A pair is measured over the rows that have both; ranks are those among all present values of a column.

    Args:
        sample: Rows.
        names: The columns: numbers, booleans, dates and times.
    """
    names = names[:_MOST_NUMBERS]
    if len(names) < 2 or sample.height < 3:  # noqa: PLR2004 a correlation needs two columns and three rows
        return Correlations()
    columns = [_as_numbers(sample[name]) for name in names]
    values = np.column_stack([column.to_numpy() for column in columns])
    ranks = np.column_stack([column.fill_nan(None).rank().cast(pl.Float64).to_numpy() for column in columns])
    return Correlations(tuple(names), _told(_pearson(values)), _told(_pearson(ranks)), sample.height)


def _as_numbers(series: pl.Series) -> pl.Series:
    """Return a column as floats, what is missing or infinite as NaN."""
    if series.dtype.is_temporal():
        series = series.cast(unit_of(series.dtype))
    plain = physical(series).cast(pl.Float64)
    return plain.set(plain.is_infinite().fill_null(value=False), None).fill_null(float("nan"))


def _pearson(table: Matrix) -> Matrix:
    """Return Pearson's coefficients of columns with gaps (NaN), each pair over the rows that have both."""
    there = (~np.isnan(table)).astype(float)
    centre = np.nansum(table, axis=0) / np.maximum(there.sum(axis=0), 1)
    filled = np.where(there > 0, table - centre, 0.0)
    scale = np.abs(filled).max(axis=0)
    filled /= np.where(scale > 0, scale, 1.0)
    rows = there.T @ there
    sums = filled.T @ there  # of a column over the rows that another has too
    squares = (filled**2).T @ there
    with np.errstate(divide="ignore", invalid="ignore"):
        varied = rows * squares - sums**2
        found = (rows * (filled.T @ filled) - sums * sums.T) / np.sqrt(varied * varied.T)
    # What rounding leaves of no variance at all is no variance.
    flat = (varied <= 1e-12 * rows * squares) | (1e-12 * rows * squares.T >= varied.T)
    found[flat | (rows < 3)] = np.nan  # noqa: PLR2004 two points always lie on a line
    clipped: Matrix = np.clip(found, -1.0, 1.0)
    return clipped


def _told(matrix: Matrix) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(None if np.isnan(value) else round(float(value), _DIGITS) for value in row) for row in matrix
    )


def dependences_of(
    sample: pl.DataFrame, categories: Sequence[str], numbers: Sequence[str]
) -> tuple[Dependence, ...]:
    """Return the numbers that clearly depend on a category, the strongest first.

    Args:
        sample: Rows.
        categories: Columns of categories.
        numbers: Columns of numbers.
    """
    found = [
        pair
        for number in numbers[:_MOST_NUMBERS]
        for category in categories[:_MOST_CATEGORIES]
        if category != number
        for pair in _dependence(sample, category, number)
    ]
    return tuple(sorted(found, key=lambda pair: -pair.strength)[:_MOST_PAIRS])


def _dependence(sample: pl.DataFrame, category: str, number: str) -> Iterator[Dependence]:
    table = pl.DataFrame({"by": sample[category], "of": _as_numbers(sample[number])})
    table = table.filter(pl.col("of").is_not_nan() & pl.col("by").is_not_null())
    if table.height < _LEAST_ROWS:
        return
    groups = (
        table.with_columns(rank=pl.col("of").rank())
        .group_by("by")
        .agg(
            pl.len().alias("n"),
            pl.col("rank").mean(),
            *(pl.col("of").quantile(level, "linear").alias(str(level)) for level in _LEVELS),
        )
        .sort("n", "by", descending=[True, False])
    )
    # Ranks of n rows without ties have the variance (n² - 1) / 12; ties lower it, so this is on the safe side.
    whole = (table.height**2 - 1) / 12
    between = groups.select((pl.col("n") * (pl.col("rank") - (table.height + 1) / 2) ** 2).sum()).item()
    # As many groups as there are explain something by chance: that much is taken off (epsilon squared).
    chance = groups.height / table.height
    strength = between / table.height / whole - chance
    if strength >= _STRENGTH and groups.height > 1:
        told = tuple(_group(row, table.height) for row in groups.iter_rows(named=True))
        yield Dependence(category, number, round(strength, _DIGITS), _LEVELS, told)


def _group(row: dict[str, Any], rows: int) -> Group:
    return Group(row["by"], row["n"] / rows, tuple(float(row[str(level)]) for level in _LEVELS))
