"""Bounds that a contract asks for when a sample is all that is known.

A sample seldom has the smallest and the largest value that will ever come. So each end moves out by a
tenth of the span and on to a round number; it does not cross zero, where the sign of numbers means something.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipeproof.contracts.natural import known_range

_MARGIN = Fraction(1, 10)
_FULL = 0.8  # share of the whole numbers of a range that were seen, from which the range is taken to be whole
_OFTEN = 10  # times that each came


def natural_bounds(name: str, low: Any, high: Any) -> tuple[Any, Any] | None:
    """Return the range that the last word of a name stands for, if what was seen is within it."""
    known = known_range(name)
    return known if known and known[0] <= low and high <= known[1] else None


def is_whole(low: int, high: int, distinct: int, values: int) -> bool:
    """Return whether whole numbers fill their range so well that it is likely to be all there is."""
    return distinct >= _FULL * (high - low + 1) and values >= _OFTEN * distinct


def numeric_bounds(low: Any, high: Any, *, exact: bool) -> tuple[Any, Any]:
    """Return bounds for numbers, of their own type; a bound that is no finite number is None.

    Args:
        low: Smallest value seen.
        high: Largest value seen.
        exact: Whether just what was seen is allowed.
    """
    if not math.isfinite(low) or not math.isfinite(high):
        return _finite(low), _finite(high)
    if exact:
        return _plain(low), _plain(high)
    least, most = Fraction(str(low)), Fraction(str(high))
    span = most - least or max(abs(most), Fraction(1))
    step = _round_step(span)
    wide_low = math.floor((least - span * _MARGIN) / step) * step
    wide_high = math.ceil((most + span * _MARGIN) / step) * step
    if least >= 0:
        wide_low = max(wide_low, Fraction(0))
    if most <= 0:
        wide_high = min(wide_high, Fraction(0))
    whole = isinstance(low, int) and isinstance(high, int)
    return _as_number(wide_low, whole=whole, up=False), _as_number(wide_high, whole=whole, up=True)


def first_day(moment: dt.date, *, exact: bool) -> str:
    """Return the least date or timestamp as a contract writes it: the first day of the year, unless exactly.

    The last one has no bound, since data go on.
    """
    if exact:
        return moment.isoformat()
    return dt.date(moment.year, 1, 1).isoformat()


def _round_step(span: Fraction) -> Fraction:
    """Return the step of numbers that are round beside a span: a tenth of it or less, a power of ten."""
    return Fraction(10) ** math.floor(math.log10(span / 10))


def _finite(value: Any) -> Any:
    return _plain(value) if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _as_number(value: Fraction, *, whole: bool, up: bool) -> int | float:
    if whole or value.denominator == 1:
        return math.ceil(value) if up else math.floor(value)
    return float(value)
