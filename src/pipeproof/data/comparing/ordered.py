"""Drift of a column whose values have an order: numbers, dates and times, lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeproof.data.comparing.distances import jensen_shannon, psi
from pipeproof.data.comparing.effects import LEAST_KS, LEAST_OUTSIDE, LEAST_PSI, LEAST_SHIFT
from pipeproof.data.comparing.pooled import Pooled
from pipeproof.data.comparing.result import Bins, Question
from pipeproof.data.comparing.significance import exceedances, kolmogorov_exact, kolmogorov_limit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOWN = (0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0)
"""Levels of the quantiles that a comparison tells."""
_TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_INNER = (0.001, 0.999)
_BINS = 30
_EXACT = 10_000  # product of the sizes up to which the exact distribution is followed, as R's ks.test does
_EXACT_ROWS = 1_000  # of both together, each of which takes a step of some microseconds


def moved(both: Pooled) -> tuple[float, float]:
    """Return the population stability index and the Jensen-Shannon distance over the tenths of the first sample."""
    cuts = sorted({both.a_quantile(level) for level in _TENTHS})
    shares = both.shares_between(cuts)
    return psi(*shares), jensen_shannon(*shares)


def question(both: Pooled, index: float, shift: float) -> Question:
    """Return whether the distribution moved: the test of Kolmogorov and Smirnov.

    Args:
        both: The two samples.
        index: Their population stability index.
        shift: How far the mass moved, in standard deviations of the first sample. Both may show an effect that the
            largest difference does not: the one in the middle of few values, the other far out.
    """
    largest = both.largest_difference()
    if both.a_rows * both.b_rows <= _EXACT and both.a_rows + both.b_rows <= _EXACT_ROWS:
        first = min(both.a_rows, both.b_rows)
        chance, method = kolmogorov_exact(first, both.ends(), largest), "Kolmogorov-Smirnov, exact"
    else:
        chance = kolmogorov_limit(both.a_rows, both.b_rows, largest)
        method = "Kolmogorov-Smirnov, asymptotic"
    effects = ((largest, "D", LEAST_KS), (index, "PSI", LEAST_PSI), (shift, "shift", LEAST_SHIFT))
    effect = next((one for one in effects if one[0] >= one[2]), effects[0])
    return Question("distribution", method, largest, chance, *effect)


def outliers(both: Pooled) -> Question:
    """Return whether more values than chance explains lie outside of what held 99.8 % of the first sample."""
    low, high = (both.a_quantile(level) for level in _INNER)
    outside = both.outside(low, high)
    rows = both.a_rows
    gaps = -(-rows // 1000) + rows // 1000 + 1
    share = outside / both.b_rows
    excess = max(share - gaps / (rows + 1), 0.0)
    # The exact probability is dear, and asked for only where the effect would be an alarm.
    chance = exceedances(gaps, rows, outside, both.b_rows) if excess >= LEAST_OUTSIDE else 1.0
    method = "exceedances, exact"
    return Question("outliers", method, share, chance, excess, "excess share", LEAST_OUTSIDE)


def beyond(both: Pooled) -> float:
    """Return the share of the second sample outside of the range of the first one."""
    return both.outside(both.a_quantile(0.0), both.a_quantile(1.0)) / both.b_rows


def quantiles(both: Pooled) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the quantiles of both samples that are told: level → value."""
    return (
        {f"{level:g}": both.a_quantile(level) for level in SHOWN},
        {f"{level:g}": both.b_quantile(level) for level in SHOWN},
    )


def drawn(both: Pooled) -> Bins | None:
    """Return both distributions in bins of equal width over the inner 98 %; None where they have no width."""
    import numpy as np

    low = min(both.a_quantile(0.01), both.b_quantile(0.01))
    high = max(both.a_quantile(0.99), both.b_quantile(0.99))
    if not np.isfinite(high - low) or high <= low:
        return None
    edges = _bin_edges(both, low, high)
    before, after = both.shares_between(edges.tolist())
    return Bins(tuple(edges.tolist()), tuple(before[1:-1].tolist()), tuple(after[1:-1].tolist()))


def _bin_edges(both: Pooled, low: float, high: float) -> NDArray[np.float64]:
    """Return edges between which bins are drawn; around each value where there are few of them."""
    import numpy as np

    inside = both.points[(both.points >= low) & (both.points <= high)]
    whole = len(inside) < _BINS * 4 and bool(np.all(inside == np.round(inside)))
    if whole and high - low < _BINS:
        return np.arange(low - 0.5, high + 1.0)
    # What equals the lowest edge would be left of it, as bins are closed on the right.
    return np.linspace(np.nextafter(low, -np.inf), high, _BINS + 1)
