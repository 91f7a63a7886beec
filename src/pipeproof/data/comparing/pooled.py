"""Two samples of numbers as one ascending list of points, with how many values of each lie at or below them.

Sorting two million values to find the largest difference of two cumulated distributions is most of its cost,
and needless: between the edges of a narrow cell the difference cannot grow by more than what the cell
holds. So values are counted in many cells, and only those cells are sorted in which the largest difference,
or a quantile that is asked for, can be. What is read from the points is exact all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeproof.data.comparing.distances import area_between
from pipeproof.data.comparing.scale import CELLS, Scale, scale_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Counts = NDArray[np.int64]
    Marks = NDArray[np.bool_]

QUANTILES = (0.0, 0.001, 0.01, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.99, 0.999, 1.0)
"""Levels at which the quantiles of both samples are exact."""
_SMALL = 20_000  # values that are sorted at once
_NARROW = (
    65_536  # width of a range of whole numbers that are counted one by one, whatever the number of values
)
_LOOK = 256  # values at which it is seen first that they are not whole
_TINY = 1e-300
_MUCH = 0.1  # share of the values from which on other cells are tried before they are sorted


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Points in ascending order, and how many values of each sample are at most as large.

    Attributes:
        points: The points; the first one may stand below all values.
        a: For each point, how many values of the first sample lie at or below it.
        b: The same of the second sample.
        coarse: For each point, whether values may lie between it and the next one.
        a_rows: Size of the first sample.
        b_rows: Size of the second sample.
    """

    points: Numbers
    a: Counts
    b: Counts
    coarse: Marks
    a_rows: int
    b_rows: int

    def apart(self) -> Numbers:
        """Return the difference of the cumulated shares at each point."""
        return self.b / self.b_rows - self.a / self.a_rows

    def largest_difference(self) -> float:
        """Return the statistic of Kolmogorov and Smirnov, exact."""
        import numpy as np

        return float(np.abs(self.apart()).max())

    def ends(self) -> Marks:
        """Return, for each pooled value in ascending order, whether a larger one follows; for small samples."""
        import numpy as np

        ends = np.zeros(self.a_rows + self.b_rows, dtype=bool)
        upto = self.a + self.b
        ends[upto[upto > 0] - 1] = True
        return ends

    def a_quantile(self, level: float) -> float:
        """Return a quantile of the first sample: its smallest value that has such a share at or below it.

        It is exact for the levels of `QUANTILES`.
        """
        return _quantile(self.points, self.a, self.a_rows, level)

    def b_quantile(self, level: float) -> float:
        """Return a quantile of the second sample."""
        return _quantile(self.points, self.b, self.b_rows, level)

    def shares_between(self, cuts: Sequence[float]) -> tuple[Numbers, Numbers]:
        """Return the shares of both samples up to the first cut, between cuts, and above the last one.

        Cuts are exact where they are points. Between two coarse ones, values count as evenly spread.
        """
        import numpy as np

        at = np.searchsorted(self.points, cuts, side="right") - 1
        following = np.minimum(at + 1, len(self.points) - 1)
        inside = (at >= 0) & self.coarse[at] & (following > at)  # only there are values between two points
        part = np.zeros(len(at))
        near, far = self.points[at[inside]], self.points[following[inside]]
        part[inside] = np.minimum((np.asarray(cuts)[inside] - near) / np.maximum(far - near, _TINY), 1.0)

        def shares(counts: Counts, rows: int) -> Numbers:
            upto = np.where(at < 0, 0, counts[at]) + (counts[following] - counts[at]) * part
            return np.diff(np.concatenate([[0.0], upto, [rows]])) / rows

        return shares(self.a, self.a_rows), shares(self.b, self.b_rows)

    def outside(self, low: float, high: float) -> int:
        """Return how many values of the second sample lie below a point or above another."""
        import numpy as np

        below = int(np.searchsorted(self.points, low, side="left")) - 1
        upto = int(np.searchsorted(self.points, high, side="right")) - 1
        return int(self.b[below] if below >= 0 else 0) + self.b_rows - int(self.b[upto])

    def area(self) -> float:
        """Return the Wasserstein distance of order 1: the area between the cumulated distributions (Vallender 1974).

        Infinite values have no distance and are left out. Inside a cell that was not sorted the difference counts as
        a straight line, which is wrong by at most a ten thousandth of the range.
        """
        import numpy as np

        finite = np.isfinite(self.points)
        points, apart, coarse = self.points[finite], self.apart()[finite], self.coarse[finite]
        left, right = apart[:-1], np.where(coarse[:-1], apart[1:], apart[:-1])
        return area_between(np.maximum(np.diff(points), 0), left, right)


def pool(a: Numbers, b: Numbers) -> Pooled:
    """Return two samples as points.

    Args:
        a: Values of the first sample, at least one; no NaN.
        b: Values of the second sample, at least one; no NaN.
    """
    import numpy as np

    if len(a) + len(b) <= _SMALL:
        return _sorted(a, b)
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    if high - low < max(_NARROW, len(a) + len(b)) and _are_whole(a) and _are_whole(b):
        return _counted(a, b, int(low), int(high))
    straight = scale_of(a, b)
    if straight is None:
        return _sorted(a, b)
    return _celled(a, b, straight, same=len(a) == len(b) and bool(np.array_equal(a, b)))


def _are_whole(values: Numbers) -> bool:
    """Say whether all values are whole numbers, after a look at some of them."""
    import numpy as np

    some = values[:: max(1, len(values) // _LOOK)]
    return bool(np.all(some == np.rint(some))) and bool(np.all(values == np.rint(values)))


def _sorted(a: Numbers, b: Numbers) -> Pooled:
    import numpy as np

    a, b = ascending(a), ascending(b)
    points = _distinct(a, b)
    return Pooled(
        points,
        np.searchsorted(a, points, side="right"),
        np.searchsorted(b, points, side="right"),
        np.zeros(len(points), dtype=bool),
        len(a),
        len(b),
    )


def _counted(a: Numbers, b: Numbers, low: int, high: int) -> Pooled:
    import numpy as np

    def counts(values: Numbers) -> Counts:
        return np.cumsum(np.bincount((values - low).astype(np.int64), minlength=high - low + 1))

    a_counts, b_counts = counts(a), counts(b)
    there = np.diff(a_counts + b_counts, prepend=0) > 0
    points = np.arange(low, high + 1, dtype=float)[there]
    coarse = np.zeros(len(points), dtype=bool)
    return Pooled(points, a_counts[there], b_counts[there], coarse, len(a), len(b))


def _celled(a: Numbers, b: Numbers, scale: Scale, *, same: bool) -> Pooled:
    """Return the lower edges of cells, and between them all values of the cells that are worth sorting."""
    import numpy as np

    a_cells, b_cells = scale.cells(a), scale.cells(b)
    a_counts, b_counts = (np.bincount(cells, minlength=CELLS) for cells in (a_cells, b_cells))
    fine = _worth_sorting(a_counts, b_counts, same=same)
    if scale.bend is None and (a_counts + b_counts)[fine].sum() > (len(a) + len(b)) * _MUCH:
        return _celled(a, b, scale.bent(a), same=same)
    a_fine, b_fine = ascending(a[fine[a_cells]]), ascending(b[fine[b_cells]])
    inner = _distinct(a_fine, b_fine)
    homes = scale.cells(inner)
    # Each value stands behind the edge of its cell and all smaller values, each edge behind all smaller ones.
    smaller = np.searchsorted(homes, np.arange(CELLS))
    order = np.concatenate([np.arange(CELLS) + smaller, np.arange(len(inner)) + homes + 1])
    points, coarse = (np.empty(len(order), dtype) for dtype in (float, bool))
    points[order] = np.concatenate([_edges(scale, inner, smaller), inner])
    coarse[order] = np.concatenate([~fine, np.zeros(len(inner), dtype=bool)])
    a_upto, b_upto = (np.empty(len(order), np.int64) for _ in "ab")
    a_upto[order] = _upto(a_counts, a_fine, fine, inner, homes)
    b_upto[order] = _upto(b_counts, b_fine, fine, inner, homes)
    return Pooled(points, a_upto, b_upto, coarse, len(a), len(b))


def _edges(scale: Scale, inner: Numbers, smaller: Counts) -> Numbers:
    """Return the lower edges of the cells, moved by what rounding makes them pass a value by; all above the first."""
    import numpy as np

    edges = scale.edges()
    before = np.where(smaller > 0, inner[np.maximum(smaller - 1, 0)], -np.inf)
    after = np.where(smaller < len(inner), inner[np.minimum(smaller, len(inner) - 1)], np.inf)
    return np.minimum(np.maximum(edges, before), after)


def _worth_sorting(a_counts: Counts, b_counts: Counts, *, same: bool) -> Marks:
    """Return which cells may hold the largest difference, a quantile, or values of the open ends.

    Args:
        a_counts: How many values of the first sample each cell holds.
        b_counts: How many of the second sample.
        same: Whether the samples are the same, so that there is no difference to be found.
    """
    import numpy as np

    a_after, b_after = np.cumsum(a_counts) / a_counts.sum(), np.cumsum(b_counts) / b_counts.sum()
    a_before, b_before = (np.concatenate([[0.0], after[:-1]]) for after in (a_after, b_after))
    seen = np.abs(a_after - b_after).max()
    fine: Marks = (np.maximum(a_after - b_before, b_after - a_before) > seen) & (not same)
    for counts in (a_counts, b_counts):
        ranks = np.maximum(np.ceil(np.array(QUANTILES) * counts.sum()), 1)
        fine[np.searchsorted(np.cumsum(counts), ranks)] = True
    fine[[0, -1]] = True
    return fine


def _upto(counts: Counts, values: Numbers, fine: Marks, inner: Numbers, homes: Counts) -> Counts:
    """Return how many values of one sample lie before each cell, and at or below each point in the sorted ones."""
    import numpy as np

    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sorted_before = np.concatenate([[0], np.cumsum(counts * fine)[:-1]])
    here = np.searchsorted(values, inner, side="right") - sorted_before[homes]
    return np.concatenate([before, before[homes] + here])


def _distinct(a: Numbers, b: Numbers) -> Numbers:
    """Return the different values of two samples in ascending order, which they have already."""
    import numpy as np

    both = np.sort(np.concatenate([a, b]), kind="stable")  # merges runs that are in order
    return both[np.concatenate([both[:-1] != both[1:], [True]])] if len(both) else both


def ascending(values: Numbers) -> Numbers:
    """Return values in ascending order; Polars sorts many of them in a third of NumPy's time."""
    import polars as pl

    return pl.Series(values).sort().to_numpy()


def _quantile(points: Numbers, upto: Counts, rows: int, level: float) -> float:
    import numpy as np

    rank = min(max(int(np.ceil(level * rows)), 1), rows)
    return float(points[np.searchsorted(upto, rank)])
