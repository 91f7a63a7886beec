"""Numbers, dates and times as whole numbers on a scale, so that they are drawn and counted alike."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeproof.contracts.constraints import Value, as_float, typed
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_DAYS = 90
_WIDTH = 1000
_FINE = 100_000  # points that a range of numbers is divided into, at least
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = dt.date(1970, 1, 1)
_MOST = 2**62
_EXACT = 2**53
_SCALE = 12  # digits behind the point of a decimal, at most
_MONEY = 2  # digits behind the point of an amount of money
_ENDS = {
    "integer": (-(2**63), 2**63 - 1),
    "date": ((dt.date.min - _EPOCH).days, (dt.date.max - _EPOCH).days),
    "timestamp": ((dt.date.min - _EPOCH).days * _DAY, (dt.date.max - _EPOCH).days * _DAY + _DAY - 1),
    "time": (0, _DAY - 1),
}


@dataclass(frozen=True, slots=True)
class Ordered:
    """Values of an ordered type.

    Attributes:
        size: How many.
        take: Positions → values.
        is_free: Whether they have no bounds.
        place: Numbers on the scale → positions of the nearest values.
        ends: The least and the largest value on the scale.
    """

    size: int
    take: Callable[[Any], pl.Series]
    is_free: bool
    place: Callable[[Any], Any]
    ends: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of whole numbers, each a multiple of `step`: days, microseconds or a power of ten."""

    first: int
    last: int
    step: Fraction

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return max(0, self.last - self.first + 1)

    def place(self, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the positions of the numbers nearest to some."""
        at = np.rint(numbers / float(self.step) - self.first)
        return np.clip(at, 0, max(0, self.size - 1)).astype(np.int64)


def values(column: Column, need: int, around: dt.date) -> Ordered:
    """Return the values of a column of numbers, dates or times within a plausible window.

    Args:
        column: The column, with its type.
        need: How many different values are wanted.
        around: The last day of dates without bounds.
    """
    kind = str(column.type)
    low, high = _bound(column, column.minimum, -1), _bound(column, column.maximum, +1)
    free = kind in {"integer", "number", "decimal"} and low is None and high is None
    low, high = _ended(kind, low, high)
    low, high = _with_digits(column, low, high)
    window = _window(kind, low, high, around)
    span = _span(column, window, need)
    if span.size < need:
        span = _span(column, _widened(window, low, high, span.step * need * 2, kind), need)
    span = Span(span.first, min(span.last, span.first + _MOST), span.step)
    ends = (as_float(span.first * span.step), as_float(span.last * span.step))
    return Ordered(span.size, lambda at: _dressed(column, span, at), free, span.place, ends)


def _with_digits(
    column: Column, low: Fraction | None, high: Fraction | None
) -> tuple[Fraction | None, Fraction | None]:
    """Return bounds within what so many digits can write."""
    if column.precision is None:
        return low, high
    scale = _places(column)
    most = Fraction(10) ** (column.precision - scale) - Fraction(1, 10**scale)
    return (None if low is None else max(low, -most)), (most if high is None else min(high, most))


def _places(column: Column) -> int:
    """Return how many digits behind the point made values have at most, where the contract counts digits."""
    if column.scale is not None:
        return column.scale
    whole = column.type == "integer"
    return 0 if whole else min(_MONEY, max(0, (column.precision or _MONEY) - _MONEY))


def _bound(column: Column, bound: Value, way: int) -> Fraction | None:
    """Return a bound as a number on the scale of its type; None for no bound."""
    if bound is None:
        return None
    value: Any = typed(bound, str(column.type))
    if isinstance(value, float) and math.isinf(value):
        return None if (value > 0) == (way > 0) else Fraction(10**400 * -way)
    if isinstance(value, dt.datetime):
        return Fraction((value - dt.datetime.combine(_EPOCH, dt.time())) // dt.timedelta(microseconds=1))
    if isinstance(value, dt.date):
        return Fraction((value - _EPOCH).days)
    if isinstance(value, dt.time):
        since = dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        return Fraction(since // dt.timedelta(microseconds=1) + value.microsecond)
    return Fraction(str(value))


def _ended(kind: str, low: Fraction | None, high: Fraction | None) -> tuple[Fraction | None, Fraction | None]:
    """Return bounds within what the type can hold; no bound stays none, except for times of a day."""
    if kind not in _ENDS:
        return low, high
    first, last = map(Fraction, _ENDS[kind])
    if kind == "time":
        return (first if low is None else low), (last if high is None else high)
    return (None if low is None else max(low, first)), (None if high is None else min(high, last))


def _window(
    kind: str, low: Fraction | None, high: Fraction | None, around: dt.date
) -> tuple[Fraction, Fraction]:
    """Return where plausible values lie: between the bounds, or a sensible width beside the only one."""
    if low is not None and high is not None:
        return low, high
    if kind in {"date", "timestamp"}:
        return _days(kind, low, high, around)
    if low is not None:
        return low, low + max(Fraction(_WIDTH), abs(low))
    if high is not None:
        return (Fraction(0) if high > 0 else high - max(Fraction(_WIDTH), abs(high))), high
    return Fraction(0), Fraction(_WIDTH)


def _days(
    kind: str, low: Fraction | None, high: Fraction | None, around: dt.date
) -> tuple[Fraction, Fraction]:
    day = _DAY if kind == "timestamp" else 1
    last = Fraction(((around - _EPOCH).days + 1) * day - 1)
    first = last - _DAYS * day + 1
    if low is not None:
        return (max(first, low), last) if low < last else (low, low + _DAYS * day)
    if high is not None:
        return (first, min(last, high)) if high > first else (high - _DAYS * day, high)
    return first, last


def _widened(
    window: tuple[Fraction, Fraction], low: Fraction | None, high: Fraction | None, by: Fraction, kind: str
) -> tuple[Fraction, Fraction]:
    """Return a window made wider where no bound stands: days into the past, numbers upwards."""
    first, last = window
    upwards = high is None and (low is not None or kind not in {"date", "timestamp"})
    if upwards:
        return first, last + by
    return (first if low is not None else first - by), last


def _span(column: Column, window: tuple[Fraction, Fraction], need: int) -> Span:
    kind = str(column.type)
    exact = _exact_step(column)
    if exact is not None:
        return _on_scale(column, window, exact)
    span = _on_scale(column, window, _step(kind, window, need))
    if span.size == 0 and kind in {"timestamp", "time"}:
        return _on_scale(column, window, Fraction(1))
    finer = span.step
    while span.size == 0 and kind in {"number", "decimal"} and finer > Fraction(1, 10**330):
        finer /= 10**5
        span = _on_scale(column, window, finer)
    return span


def _step(kind: str, window: tuple[Fraction, Fraction], need: int) -> Fraction:
    low, high = window
    if kind in {"integer", "date"}:
        return Fraction(1)
    if kind in {"timestamp", "time"}:
        return Fraction(_SECOND if high - low >= _SECOND * max(need, _WIDTH) else 1)
    width = max(high - low, Fraction(1, 10**300))
    return Fraction(10) ** math.floor(_log10(width / max(need * 2, _FINE)))


def _exact_step(column: Column) -> Fraction | None:
    """Return the distance of values of which the contract says what they are multiples of; else None."""
    parts: list[Fraction] = []
    if column.multiple_of is not None:
        parts.append(Fraction(str(column.multiple_of)))
    if column.precision is not None or column.scale is not None:
        parts.append(Fraction(1, 10 ** _places(column)))
    if parts and column.type == "integer":
        parts.append(Fraction(1))
    return functools.reduce(_common_multiple, parts) if parts else None


def _common_multiple(one: Fraction, other: Fraction) -> Fraction:
    common = math.lcm(one.denominator, other.denominator)
    return Fraction(math.lcm(int(one * common), int(other * common)), common)


def _log10(number: Fraction) -> float:
    return math.log10(number.numerator) - math.log10(number.denominator)


def _on_scale(column: Column, window: tuple[Fraction, Fraction], step: Fraction) -> Span:
    low, high = window[0] / step, window[1] / step
    first, last = math.ceil(low), math.floor(high)
    first += column.minimum_open and low == first and column.minimum is not None
    last -= column.maximum_open and high == last and column.maximum is not None
    return Span(first, last, step)


def _dressed(column: Column, span: Span, at: np.ndarray[Any, Any]) -> pl.Series:
    """Return the values at some positions as a series of the column's type."""
    import polars as pl

    kind = str(column.type)
    if kind in {"number", "decimal"}:
        return _numbers(column, span, at)
    found = pl.Series(column.name, (at + span.first) * int(span.step), dtype=pl.Int64)
    if kind == "date":
        return found.cast(pl.Int32).cast(pl.Date)
    if kind == "timestamp":
        return found.cast(pl.Datetime("us"))
    return (found * 1000).cast(pl.Time) if kind == "time" else found


def _numbers(column: Column, span: Span, at: np.ndarray[Any, Any]) -> pl.Series:
    import polars as pl

    digits = _digits_of_step(span.step)
    largest = max(abs(span.first), abs(span.last)) * max(1, span.step.numerator)
    if largest >= _EXACT:
        found = float(span.first * span.step) + at * float(span.step)
    elif span.step.denominator > 1 and digits < 300:  # noqa: PLR2004 what a float can hold
        # A division rounds once, so that what is written is the float nearest to the decimal number.
        found = (at + span.first) * span.step.numerator / float(span.step.denominator)
    else:
        found = (at + span.first) * float(span.step)
    made = pl.Series(column.name, _within(column, found), dtype=pl.Float64)
    scale = max(digits, *map(_digits, (column.minimum, column.maximum)))
    if column.precision is not None or column.scale is not None:
        scale = _places(column)
    decimal = column.type == "decimal" and scale <= _SCALE and largest < _EXACT
    return made.cast(pl.Decimal(38, scale)) if decimal else made


def _digits_of_step(step: Fraction) -> int:
    """Return how many digits behind the point multiples of a step have."""
    digits, rest = 0, step
    while rest.denominator > 1 and digits < 330:  # noqa: PLR2004 more than a float has
        digits, rest = digits + 1, rest * 10
    return digits


def _digits(bound: Value) -> int:
    """Return how many digits a bound has behind the point, at least two, as money has."""
    exponent = Decimal(str(bound)).as_tuple().exponent if bound is not None else 0
    return max(2, -exponent) if isinstance(exponent, int) else 2


def _within(column: Column, found: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return numbers within the bounds although floats round."""
    low, high = -math.inf, math.inf
    if column.minimum is not None:
        low = float(typed(column.minimum, "number"))
        low = math.nextafter(low, math.inf) if column.minimum_open else low
    if column.maximum is not None:
        high = float(typed(column.maximum, "number"))
        high = math.nextafter(high, -math.inf) if column.maximum_open else high
    return found if math.isinf(low) and math.isinf(high) else np.clip(found, low, high)
