"""How far apart two distributions are, from their shares in the same bins or categories.

These are pure functions of shares, so they serve two tables, and a table and a stored profile alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pipeproof.model.contract import frozen

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

Metric = Literal["psi", "ks", "js", "wasserstein"]
METRICS: tuple[Metric, ...] = ("psi", "ks", "js", "wasserstein")
LEAST_SHARE = 1e-4
"""What an empty bin counts as in `psi`, whose logarithm has no value for it: one row in ten thousand."""


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """What is known of the values of a column that are not at hand, without the missing ones.

    Attributes:
        name: The column.
        edges: Edges of the bins of values that have an order, ascending; none for categories.
        shares: Share of each bin, one less than there are edges.
        categories: Value as text → its share.
        other: Share of the categories that are not named.
        missing: Share of missing values among all.
        rows: How many rows there were.
    """

    name: str
    edges: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    categories: Mapping[str, float] = field(default_factory=frozen)
    other: float = 0.0
    missing: float = 0.0
    rows: int = 0

    @property
    def ordered(self) -> bool:
        """Whether its values have an order: it has bins."""
        return bool(self.edges)


def psi(a_shares: ArrayLike, b_shares: ArrayLike) -> float:
    """Return the population stability index: the sum of (b - a) ln(b / a).

    It is the symmetric divergence of Kullback and Leibler (1951, "On information and sufficiency"), under the
    name that credit scoring gave it (Siddiqi 2006, "Credit Risk Scorecards", ch. 7): below 0.1 little has
    changed, from 0.25 on much has.

    Args:
        a_shares: Shares of the first distribution in each bin; they are made to add up to 1.
        b_shares: Shares of the second one in the same bins.
    """
    import numpy as np

    a, b = (np.maximum(shares, LEAST_SHARE) for shares in _shares(a_shares, b_shares))
    return float(np.sum((b - a) * np.log(b / a)))


def jensen_shannon(a_shares: ArrayLike, b_shares: ArrayLike) -> float:
    """Return the Jensen-Shannon distance, from 0 for equal to 1 for nothing in common.

    It is the square root of the divergence in bits (Lin 1991, "Divergence measures based on the Shannon
    entropy"), which is a metric (Endres and Schindelin 2003).

    Args:
        a_shares: Shares of the first distribution in each bin; they are made to add up to 1.
        b_shares: Shares of the second one in the same bins.
    """
    import numpy as np

    a, b = _shares(a_shares, b_shares)
    middle = (a + b) / 2
    divergence = (_information(a, middle) + _information(b, middle)) / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def ks_from_grid(a_shares: ArrayLike, b_shares: ArrayLike) -> float:
    """Return the largest difference of the cumulated shares of ordered bins.

    This is the statistic of Kolmogorov and Smirnov as far as the edges of the bins tell: the statistic
    of the values themselves is at least as large.

    Args:
        a_shares: Shares of the first distribution in each bin, in the order of the bins.
        b_shares: Shares of the second one in the same bins.
    """
    import numpy as np

    a, b = _shares(a_shares, b_shares)
    return float(np.max(np.abs(np.cumsum(a) - np.cumsum(b)), initial=0.0))


def wasserstein_from_grid(edges: ArrayLike, a_shares: ArrayLike, b_shares: ArrayLike) -> float:
    """Return the area between two cumulated distributions: how far the mass moved, in units of the values.

    In one dimension this is the Wasserstein distance of order 1 (Vallender 1974). Within a bin the values
    count as evenly spread.

    Args:
        edges: Edges of the bins, ascending; one more than there are shares.
        a_shares: Shares of the first distribution in each bin.
        b_shares: Shares of the second one in the same bins.
    """
    import numpy as np

    a, b = _shares(a_shares, b_shares)
    apart = np.concatenate([[0.0], np.cumsum(a - b)])
    return area_between(np.diff(np.asarray(edges, float)), apart[:-1], apart[1:])


def area_between(widths: NDArray[np.float64], left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return the area below the absolute value of a line of straight pieces.

    Args:
        widths: How wide each piece of the line is.
        left: Height of each piece at its beginning.
        right: Height of each piece at its end.
    """
    import numpy as np

    both = np.abs(left) + np.abs(right)
    # Where the sign changes the line crosses zero: two triangles, not a trapezium.
    crossed = np.divide(left**2 + right**2, both, out=np.zeros_like(both), where=both > 0)
    heights = np.where(left * right < 0, crossed, both)
    return float(np.sum(heights * widths) / 2)


def distance(values: pl.Series, stored: StoredColumn, metric: Metric) -> float:
    """Return how far values are from a column of a stored profile.

    It is as exact as the bins or categories that the profile keeps. Missing values do not count.

    Args:
        values: Values of a column.
        stored: What is known of the column that they are held against.
        metric: Which distance.

    Raises:
        ValueError: The metric is none, or it needs an order and the stored column holds categories.
    """
    if metric not in METRICS:
        raise ValueError(f"no distance: {metric!r}; known: {', '.join(METRICS)}")
    if metric in {"ks", "wasserstein"} and not stored.ordered:
        raise ValueError(f"{metric} needs values that have an order; use psi or js for categories")
    kept, found = aligned_shares(values, stored)
    if metric == "wasserstein":
        edges = [stored.edges[0], *stored.edges, stored.edges[-1]]
        return wasserstein_from_grid(edges, kept, found)
    return {"psi": psi, "js": jensen_shannon, "ks": ks_from_grid}[metric](kept, found)


def aligned_shares(
    values: pl.Series, stored: StoredColumn
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of a stored column and those of values, in the same bins.

    Numbers have a bin more on either side, for what lies outside of all that was stored; categories have
    one more, for those that the profile does not name.
    """
    return _in_bins(values, stored) if stored.ordered else _in_categories(values, stored)


def as_numbers(values: pl.Series) -> pl.Series:
    """Return values as numbers, without missing ones: dates as days and times as seconds since 1970 or midnight."""
    import polars as pl

    if values.dtype == pl.Date:
        values = values.to_physical()
    elif values.dtype.is_temporal():
        unit = getattr(values.dtype, "time_unit", None) or "ns"  # a time of day has none
        values = values.to_physical().cast(pl.Float64) / {"ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    numbers = values.drop_nulls() if values.null_count() else values
    if numbers.dtype.is_float() and numbers.is_nan().any():
        numbers = numbers.drop_nans()
    return numbers.cast(pl.Float64)


def _in_bins(values: pl.Series, stored: StoredColumn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    numbers = as_numbers(values).to_numpy()
    edges = np.asarray(stored.edges, float)
    # Bins are closed on the left, the last one on both sides, as in numpy.histogram.
    bins = np.searchsorted(edges, numbers, side="right")
    bins[numbers == edges[-1]] = len(edges) - 1
    counts = np.bincount(bins, minlength=len(edges) + 1).astype(float)
    return _shares(np.concatenate([[0.0], stored.shares, [0.0]]), counts)


def _in_categories(
    values: pl.Series, stored: StoredColumn
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import polars as pl

    counted = values.drop_nulls().cast(pl.String).value_counts()
    counts: dict[str, int] = dict(counted.iter_rows())
    found = [counts.pop(name, 0) for name in stored.categories]
    return _shares([*stored.categories.values(), stored.other], [*found, sum(counts.values())])


def _information(a: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    """Return the divergence of Kullback and Leibler in bits, where the second is nowhere zero but with the first."""
    import numpy as np

    there = a > 0
    return float(np.sum(a[there] * np.log2(a[there] / middle[there])))


def _shares(a_shares: ArrayLike, b_shares: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    a, b = np.asarray(a_shares, float), np.asarray(b_shares, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"shares of different bins: {a.shape} and {b.shape}")
    return a / (a.sum() or 1.0), b / (b.sum() or 1.0)
