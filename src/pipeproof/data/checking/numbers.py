"""Multiples and digits of numbers as Polars expressions, exact for whole numbers, decimals and floats.

A float stands for the shortest decimal that means it, as `contracts.constraints.exact` has it: 0.3 is a
multiple of 0.1. A decimal of up to 15 digits comes back from a float as it was (IEEE 754-2019, DBL_DIG),
so for those the nearest multiple, divided out in floats once, is the value or it is none. What is longer
is asked of the exact reference, value by value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from pipeproof.contracts.constraints import digits_say, exact, has_digits, is_multiple
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_EXACT = 10**14  # whole numbers below this, divided by a power of ten, are floats of at most 15 digits
_LARGEST = 10**38  # what an integer of 128 bits holds
_MOST_DIGITS = 38
_FEW = 6  # digits after the point that most numbers have at most; longer ones are asked exactly
_MOST_AFTER_POINT = 22  # powers of ten up to this one are floats without an error


def rules(
    column: Column, value: pl.Expr, dtype: pl.DataType, kind: str
) -> Iterator[tuple[str, str, pl.Expr | str]]:
    """Yield the rules of numbers: name, what it says, where it is broken or why it cannot be asked."""
    if column.multiple_of is not None:
        says = f"is a multiple of {column.multiple_of}"
        yield "multiple_of", says, _no_multiple(column.multiple_of, value, dtype, kind)
    if column.precision is not None or column.scale is not None:
        yield "digits", digits_say(column), _too_many_digits(column, value, dtype, kind)


def _no_multiple(of: float, value: pl.Expr, dtype: pl.DataType, kind: str) -> pl.Expr | str:
    part = exact(of)
    if not part:
        return f"nothing is a multiple of {of}"
    if kind == "number":
        return _by_series(value, lambda series: _floats_are_multiples(series, part), of)
    after = getattr(dtype, "scale", None) or 0
    whole, factor, divisor = _whole(value, kind), part.denominator, part.numerator * 10**after
    largest = 2**64 if kind == "integer" else _LARGEST
    if factor * largest > _LARGEST * 1.7 or abs(divisor) > _LARGEST:
        return _by_series(value, None, of)
    return (whole * _int(factor)) % _int(divisor) != 0


def _too_many_digits(column: Column, value: pl.Expr, dtype: pl.DataType, kind: str) -> pl.Expr:
    precision, scale = column.precision, column.scale
    if kind == "number":
        return _floats_with_too_many(value, precision, scale)
    after = getattr(dtype, "scale", None) or 0
    whole = _whole(value, kind)
    if scale is not None:
        return _holds(whole, after, precision, scale).not_()
    import polars as pl

    holds = (_holds(whole, after, precision, digits) for digits in range(after + 1))
    return pl.any_horizontal(holds).not_()


def _holds(whole: pl.Expr, after: int, precision: int | None, scale: int) -> pl.Expr:
    """Return whether DECIMAL(precision, scale) holds a number, which is given as a whole number of 10^-after."""
    import polars as pl

    holds = whole.is_not_null()
    if after > scale:
        holds &= whole % _int(10 ** (after - scale)) == 0
    if precision is not None and precision - scale + after < 0:
        holds &= whole == 0
    elif precision is not None and precision - scale + after < _MOST_DIGITS:
        most = 10 ** (precision - scale + after)
        holds &= whole.is_between(_int(-most), _int(most), closed="none")
    return pl.when(whole.is_not_null()).then(holds)


def _whole(value: pl.Expr, kind: str) -> pl.Expr:
    """Return a whole number, or a decimal without its point, in 128 bits."""
    import polars as pl

    return value.to_physical() if kind == "decimal" else value.cast(pl.Int128)


def _int(number: int) -> pl.Expr:
    import polars as pl

    return pl.lit(number, dtype=pl.Int128)


def _by_series(value: pl.Expr, quick: Callable[[pl.Series], pl.Series] | None, of: float) -> pl.Expr:
    """Return where values are no multiples: as a quick look says, and where that is null as the reference does."""
    return _asked(value, quick, lambda number: is_multiple(number, of)).not_()


def _floats_with_too_many(value: pl.Expr, precision: int | None, scale: int | None) -> pl.Expr:
    def quick(series: pl.Series) -> pl.Series:
        return _floats_with_digits(series, precision, scale)

    return _asked(value, quick, lambda number: has_digits(number, precision, scale)).not_()


def _asked(
    value: pl.Expr, quick: Callable[[pl.Series], pl.Series] | None, exactly: Callable[[float], bool]
) -> pl.Expr:
    import polars as pl

    def ask(series: pl.Series) -> pl.Series:
        found = None if quick is None else quick(series.cast(pl.Float64))
        if found is None:
            found = pl.Series(series.name, [None] * len(series), dtype=pl.Boolean)
        open_ = (found.is_null() & series.is_not_null()).arg_true()
        if not len(open_):
            return found
        answers = pl.Series([exactly(number) for number in series.gather(open_)], dtype=pl.Boolean)
        return found.scatter(open_, answers)

    return value.map_batches(ask, return_dtype=pl.Boolean, is_elementwise=True)


def _floats_are_multiples(values: pl.Series, part: Fraction) -> pl.Series:
    """Return whether floats are multiples of a fraction, null where this cannot tell."""
    import numpy as np
    import polars as pl

    after = _digits_after_point(part)
    if after is None or after > _MOST_AFTER_POINT:
        return pl.Series(values.name, [None] * len(values), dtype=pl.Boolean)
    times = int(part * 10**after)  # the fraction without its point
    numbers = values.to_numpy()
    power = float(10**after)  # exact, and so is what is below `_EXACT`
    # NumPy divides; Polars multiplies by the inverse of a constant, which rounds twice: 71 / 10 is not 7.1 there.
    with np.errstate(all="ignore"):
        nearest = np.rint(numbers * power / times) * times
        same = pl.Series(values.name, nearest / power == numbers)
        sure = pl.Series(np.isfinite(numbers) & (np.abs(nearest) < _EXACT))
    return same.set(~sure, None)


def _floats_with_digits(values: pl.Series, precision: int | None, scale: int | None) -> pl.Series:
    """Return whether DECIMAL(precision, scale) holds floats, null where this cannot tell."""
    import polars as pl

    frame = values.alias("value").to_frame()
    size = pl.col("value").abs()
    if scale is not None:
        most = float("inf") if precision is None else 10.0 ** (precision - scale)
        multiple = _floats_are_multiples(values, Fraction(1, 10**scale)).alias("multiple")
        return frame.with_columns(multiple).select((size < most) & pl.col("multiple")).to_series()
    digits = precision or 0
    tries = [
        _floats_are_multiples(values, Fraction(1, 10**after)).alias(str(after)) for after in range(_FEW + 1)
    ]
    held = pl.any_horizontal(pl.col(one.name) & (size < 10.0 ** (digits - int(one.name))) for one in tries)
    told = pl.when(held).then(True).when(size >= 10.0**digits).then(False)  # noqa: FBT003 values of an expression
    return frame.with_columns(tries).select(told.alias(values.name)).to_series()


def _digits_after_point(part: Fraction) -> int | None:
    """Return how many digits a fraction has behind its point; None for more than can be exact here."""
    return next((n for n in range(_MOST_AFTER_POINT + 1) if 10**n % part.denominator == 0), None)
