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
_BY = "pipeproof by"
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
    numbers, categories = list(numbers[:_MOST_NUMBERS]), categories[:_MOST_CATEGORIES]
    if not numbers or not categories:
        return ()
    values = pl.DataFrame([_as_numbers(sample[name]).fill_nan(None) for name in numbers])
    ranks = values.select(pl.all().rank())
    strengths = [
        (strength, category, number)
        for category in categories
        for number, strength in _strengths(ranks, sample[category])
        if strength >= _STRENGTH
    ]
    strengths.sort(key=lambda pair: -pair[0])
    return tuple(
        _dependence(sample[category], values[number], strength)
        for strength, category, number in strengths[:_MOST_PAIRS]
    )


def _strengths(ranks: pl.DataFrame, category: pl.Series) -> Iterator[tuple[str, float]]:
    """Yield which share of the variance of each column of ranks lies between the categories.

    As many groups as there are explain something by chance; that much is taken off.
    """
    by = category.alias(_BY)
    table = ranks.with_columns(by).filter(by.is_not_null())
    every = pl.exclude(_BY)
    groups = table.group_by(_BY)
    means = groups.agg(every.mean()).sort(_BY)
    counts = groups.agg(every.count()).sort(_BY)
    for name in ranks.columns:
        there = table[name].drop_nulls()
        amounts = counts[name].to_numpy().astype(float)
        variance = there.var(ddof=0)
        if len(there) < _LEAST_ROWS or not variance:
            continue
        apart = means[name].fill_null(0.0).to_numpy() - there.mean()
        between = float(np.dot(amounts, apart**2)) / len(there)
        yield name, between / float(variance) - int((amounts > 0).sum()) / len(there)  # type: ignore[arg-type]  # of numbers


def _dependence(category: pl.Series, number: pl.Series, strength: float) -> Dependence:
    table = pl.DataFrame([category.alias("by"), number.alias("of")]).drop_nulls()
    groups = (
        table.group_by("by")
        .agg(
            pl.len().alias("n"),
            *(pl.col("of").quantile(level, "linear").alias(str(level)) for level in _LEVELS),
        )
        .sort("n", "by", descending=[True, False])
    )
    told = tuple(_group(row, table.height) for row in groups.iter_rows(named=True))
    return Dependence(category.name, number.name, round(strength, _DIGITS), _LEVELS, told)


def _group(row: dict[str, Any], rows: int) -> Group:
    return Group(row["by"], row["n"] / rows, tuple(float(row[str(level)]) for level in _LEVELS))
