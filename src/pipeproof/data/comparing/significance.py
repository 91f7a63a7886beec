"""How likely a difference is among two samples of one distribution, in NumPy and the standard library alone.

Each function is held against SciPy or against counting all cases by the tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TINY = 1e-300
_CLOSE = 1e-9  # differences of shares below this are rounding
_MOST_TERMS = 100_000
_FEW = 5.0  # expected counts from which chi-square is taken for exact enough (Cochran 1954)


def kolmogorov_exact(first: int, ends: NDArray[np.bool_], statistic: float) -> float:
    """Return the probability that a Kolmogorov-Smirnov statistic of two samples is at least this large.

    It is exact, ties included: given the pooled values, every choice of which of them are the first sample
    is as likely as any other. A path that takes the pooled values in order is followed with the probability of
    each state, and what reaches the statistic is taken out (Hodges 1958, "The significance probability of the
    Smirnov two-sample test"; with ties only where a value ends, Schröer and Trenkler 1995).

    Args:
        first: Size of the first sample.
        ends: For each of the pooled values in ascending order, whether a larger one follows.
        statistic: The statistic, from 0 to 1.
    """
    import numpy as np

    total = len(ends)
    second = total - first
    taken = np.arange(first + 1)  # how many values of the first sample came so far
    likely = np.zeros(first + 1)
    likely[0] = 1.0
    reached = 0.0
    for place in range(total):
        left = total - place
        from_first = likely * np.clip((first - taken) / left, 0, 1)
        likely *= np.clip((second - (place - taken)) / left, 0, 1)
        likely[1:] += from_first[:-1]
        if ends[place]:
            apart = np.abs(taken / first - (place + 1 - taken) / second)
            out = apart >= statistic - _CLOSE
            reached += float(likely[out].sum())
            likely[out] = 0.0
    # What is left at the end never reached the statistic; a statistic of zero always is.
    return 1.0 if statistic < _CLOSE else min(reached, 1.0)


def kolmogorov_limit(first: int, second: int, statistic: float) -> float:
    """Return the same probability for large samples, from the limit of Kolmogorov (1933) and Smirnov (1939).

    It is too large rather than too small where samples are small or values are tied.

    Args:
        first: Size of the first sample.
        second: Size of the second sample.
        statistic: The statistic, from 0 to 1.
    """
    scaled = statistic * math.sqrt(first * second / (first + second))
    if scaled < 0.1:  # noqa: PLR2004 there the series below differs from 1 by less than 1e-50
        return 1.0
    if scaled < 1:
        # The same function after Jacobi's identity; this series is the fast one for small values.
        odd = (math.exp(-((2.0 * k - 1) ** 2) * math.pi**2 / (8 * scaled**2)) for k in range(1, 8))
        return 1 - math.sqrt(2 * math.pi) / scaled * math.fsum(odd)
    terms = ((-1.0) ** (k - 1) * math.exp(-2 * k**2 * scaled**2) for k in range(1, 101))
    return min(max(2 * math.fsum(terms), 0.0), 1.0)


def chi_square_tail(statistic: float, freedom: int) -> float:
    """Return the probability that a chi-square variable is at least this large.

    It is the upper regularised incomplete gamma function Q(freedom / 2, statistic / 2): by its series
    (NIST Digital Library of Mathematical Functions, 8.11.4) below the mean and by the continued fraction
    (8.9.2, evaluated after Lentz 1976) above.
    """
    if statistic <= 0 or freedom <= 0:
        return 1.0
    a, x = freedom / 2, statistic / 2
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        return min(max(1 - front * _lower_series(a, x), 0.0), 1.0)
    return min(max(front * _upper_fraction(a, x), 0.0), 1.0)


def _lower_series(a: float, x: float) -> float:
    term = total = 1 / a
    for k in range(1, _MOST_TERMS):
        term *= x / (a + k)
        total += term
        if term < total * 1e-16:
            break
    return total


def _upper_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c = 1 / _TINY
    d = 1 / b
    value = d
    for k in range(1, _MOST_TERMS):
        step = -k * (k - a)
        b += 2
        d = 1 / (_nonzero(step * d + b))
        c = _nonzero(b + step / c)
        value *= d * c
        if abs(d * c - 1) < 1e-15:  # noqa: PLR2004 as far as a float goes
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def chi_square(a_counts: NDArray[np.float64], b_counts: NDArray[np.float64]) -> tuple[float, int]:
    """Return the chi-square statistic of two samples in the same categories, and its degrees of freedom.

    Args:
        a_counts: Counts of the first sample.
        b_counts: Counts of the second one; no category is empty in both.
    """
    import numpy as np

    both = a_counts + b_counts
    a_expected = both * (a_counts.sum() / both.sum())
    b_expected = both - a_expected
    return float(
        np.sum((a_counts - a_expected) ** 2 / a_expected) + np.sum((b_counts - b_expected) ** 2 / b_expected)
    ), len(both) - 1


def two_shares(a_hits: int, a_rows: int, b_hits: int, b_rows: int) -> float:
    """Return how likely two shares as different as these are among samples of one distribution.

    Chi-square where all four expected counts are at least 5, Fisher's exact test (two-sided, by the
    likelihood of each table) where one is not.
    """
    import numpy as np

    hits, rows = a_hits + b_hits, a_rows + b_rows
    if hits in {0, rows} or not a_rows or not b_rows:
        return 1.0
    if min(hits, rows - hits) * min(a_rows, b_rows) / rows >= _FEW:
        a = np.array([a_hits, a_rows - a_hits], float)
        b = np.array([b_hits, b_rows - b_hits], float)
        return chi_square_tail(*chi_square(a, b))
    return _fisher(a_hits, a_rows, hits, rows)


def _fisher(a_hits: int, a_rows: int, hits: int, rows: int) -> float:
    low, high = max(0, hits - (rows - a_rows)), min(hits, a_rows)
    whole = _choices(rows, a_rows)
    logs = [_choices(hits, k) + _choices(rows - hits, a_rows - k) - whole for k in range(low, high + 1)]
    own = logs[a_hits - low] + 1e-7  # tables as likely as this one count too, but for rounding
    return min(math.fsum(math.exp(log) for log in logs if log <= own), 1.0)


def _choices(of: int, many: int) -> float:
    """Return the logarithm of a binomial coefficient."""
    return math.lgamma(of + 1) - math.lgamma(many + 1) - math.lgamma(of - many + 1)


def exceedances(gaps: int, a_rows: int, outside: int, b_rows: int) -> float:
    """Return how likely so many new values are outside of the inner values of a first sample.

    A new value falls into each of the gaps between the sorted values of the first sample with the same
    probability, whatever the distribution; how many of `b_rows` fall into the outermost `gaps` follows the
    beta-binomial distribution (Gumbel and von Schelling 1950, "The distribution of the number of exceedances").
    Tied values make the true probability smaller.

    Args:
        gaps: How many of the outermost gaps count as outside, on both sides together.
        a_rows: Size of the first sample.
        outside: How many new values are there.
        b_rows: How many new values there are.
    """
    import numpy as np

    if not outside:
        return 1.0
    inner = a_rows + 1 - gaps
    if inner <= 0:
        return 1.0
    # log P(K = 0), and the ratios of each probability to the one before.
    start = _beta(gaps, b_rows + inner) - _beta(gaps, inner)
    k = np.arange(b_rows, dtype=float)
    ratios = np.log(b_rows - k) - np.log(k + 1) + np.log(gaps + k) - np.log(b_rows - k - 1 + inner)
    logs = start + np.concatenate([[0.0], np.cumsum(ratios)])
    return float(min(np.exp(logs[outside:]).sum(), 1.0))


def _beta(a: float, b: float) -> float:
    """Return the logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def holm(chances: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many there are (Holm 1979).

    Whatever depends on whatever, the chance of one false alarm or more among all of them is at most the level
    that the corrected ones are held against. The method of Benjamini and Hochberg (1995) bounds the share of
    false alarms among alarms instead, which is not what a gate before production is asked for.
    """
    ranked = sorted(range(len(chances)), key=lambda at: chances[at])
    corrected = [1.0] * len(chances)
    largest = 0.0
    for rank, at in enumerate(ranked):
        largest = max(largest, min((len(chances) - rank) * chances[at], 1.0))
        corrected[at] = largest
    return corrected
