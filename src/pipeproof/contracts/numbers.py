"""Numbers among which there is one for each way in which two columns of numbers may differ.

All is exact, in fractions. What a column allows changes at its bounds, at its categories and, with a
precision, at powers of ten; between two such points it allows everything, or the multiples of one
step. Two neighbours among the multiples of a step cannot both be multiples of a step that does not
divide it, and a number moved by less than a step leaves its multiples; so points, what is between
them, and their neighbours are enough to know all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipeproof.contracts.constraints import Value, digits_after_point, exact, typed
from pipeproof.model.contract import Column

_HALF = Fraction(1, 2)
_LONGEST_PRECISION = 40  # databases have 38 digits at most; each digit is a piece to look at


@dataclass(frozen=True, slots=True)
class _Piece:
    """Numbers below a size, all of them or the multiples of a step."""

    step: Fraction | None = None
    below: Fraction | None = None

    def on(self, step: Fraction | None) -> _Piece:
        """Return those that are multiples of one more step."""
        if step is None or self.step is None:
            return _Piece(step or self.step, self.below)
        return _Piece(_common_multiple(self.step, step), self.below)


def numbers(written: Column, read: Column | None, kind: str) -> Iterator[Value]:
    """Yield numbers of `written`, some not allowed by it, that tell it from `read`; plain ones first.

    Args:
        written: The column whose numbers they are.
        read: The column that may refuse them; None when only those of `written` matter.
        kind: `integer`, `number` or `decimal`.
    """
    pieces = _pieces(written, kind)
    own = [point for bound in _typed(written.minimum, written.maximum) if (point := exact(bound)) is not None]
    others = _points(read, with_categories=True) if read else []
    points = sorted({*_points(written, with_categories=False), *others})
    wishes = (
        [*own, *_around(points)] if points else [Fraction(0) if kind == "integer" else _HALF, Fraction(0)]
    )
    nudge = _finest_step(read)
    near = itertools.chain(
        _snapped(wishes, pieces, (0, 1)), _snapped(wishes, pieces, (-1, 2, -2)), _moved(wishes, points, nudge)
    )
    seen = set[Fraction]()
    for number in near:
        if number not in seen:
            seen.add(number)
            value = _as_value(number, kind)
            if value is not None:
                yield value
    if kind != "integer":
        yield from (math.inf, -math.inf)


def beside(column: Column, number: Any, kind: str, most: int) -> Iterator[Value]:
    """Yield numbers one step further and further away from one, so many on both sides."""
    start = exact(number)
    step = _pieces(column, kind)[0].step or Fraction(1)
    for away in range(1, most + 1 if start is not None else 0):
        for way in (away, -away):
            value = _as_value((start or Fraction()) + way * step, kind)
            if value is not None:
                yield value


def are_all_known(column: Column) -> bool:
    """Return whether the rules of a column can be reasoned about: its bounds are numbers, its digits not too many."""
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    return len(list(_typed(*bounds))) == len(bounds) and (column.precision or 0) <= _LONGEST_PRECISION


def _pieces(column: Column, kind: str) -> list[_Piece]:
    base = _Piece(Fraction(1) if kind == "integer" else None).on(
        None if column.multiple_of is None else exact(column.multiple_of)
    )
    if column.scale is not None:
        base = base.on(_power(-column.scale))
    if column.precision is None:
        return [base]
    if column.scale is not None:
        return [_Piece(base.step, _power(column.precision - column.scale))]
    most = min(column.precision, _LONGEST_PRECISION)
    # Each digit before the point is one less behind it.
    return [_Piece(base.step, _power(before)).on(_power(before - most)) for before in range(most, -1, -1)]


def _points(column: Column, *, with_categories: bool) -> list[Fraction]:
    """Return where what a column allows changes."""
    found = _typed(column.minimum, column.maximum, *(column.categories if with_categories else ()))
    points = [point for bound in found if (point := exact(bound)) is not None]
    if column.precision is None:
        return points
    sizes = [column.precision - column.scale] if column.scale is not None else range(_size(column) + 1)
    return [*points, *(sign * _power(size) for size in sizes for sign in (1, -1))]


def _size(column: Column) -> int:
    return min(column.precision or 0, _LONGEST_PRECISION)


def _typed(*bounds: Value) -> Iterator[float | Decimal]:
    for bound in bounds:
        try:
            yield typed(bound, "number")
        except ValueError:
            continue


def _finest_step(column: Column | None) -> Fraction | None:
    """Return a step that is no larger than any whose multiples a column may ask for; None when it asks for none."""
    if column is None:
        return None
    steps = [] if column.multiple_of is None else [exact(column.multiple_of) or Fraction()]
    steps += [] if column.scale is None else [_power(-column.scale)]
    steps += [] if column.precision is None else [_power(-_size(column))]
    return min((step for step in steps if step > 0), default=None)


def _around(points: Sequence[Fraction]) -> list[Fraction]:
    """Return points, what is in the middle between neighbours, and what is beyond the ends."""
    middles = [(low + high) / 2 for low, high in itertools.pairwise(points)]
    neighbours = [point + way for point in points for way in (-1, 1)]
    plain = sorted(points, key=lambda point: (abs(point), point < 0))
    return [*plain, *middles, points[0] - 1, points[-1] + 1, *neighbours]


def _snapped(
    wishes: Iterable[Fraction], pieces: Sequence[_Piece], aside: Sequence[int]
) -> Iterator[Fraction]:
    """Yield for each wish the multiples about it in each piece, so many steps aside."""
    for wish in wishes:
        for piece in pieces:
            if piece.step is None:
                yield wish
            elif piece.below is None or abs(wish) <= piece.below + piece.step:
                yield from ((math.floor(wish / piece.step) + steps) * piece.step for steps in aside)


def _moved(
    wishes: Iterable[Fraction], points: Sequence[Fraction], step: Fraction | None
) -> Iterator[Fraction]:
    """Yield wishes moved by less than a step and less than to the next point."""
    if step is None:
        return
    for wish in wishes:
        gap = min((abs(point - wish) for point in points if point != wish), default=step)
        yield from (wish + sign * min(step, gap) / 2 for sign in (1, -1))


def _as_value(number: Fraction, kind: str) -> Value:
    if kind == "integer":
        return number.numerator if number.denominator == 1 else None
    try:
        near = float(number)
    except OverflowError:
        near = math.inf
    if exact(near) == number:
        return near
    return _as_decimal(number)


def _as_decimal(number: Fraction) -> Decimal | None:
    """Return a fraction as a decimal, None where that would have no end."""
    places = digits_after_point(number)
    if places is None:
        return None
    scaled = number * 10**places
    digits = tuple(map(int, str(abs(scaled.numerator))))
    return Decimal((int(number < 0), digits, -places))


def _power(exponent: int) -> Fraction:
    return Fraction(10) ** exponent


def _common_multiple(one: Fraction, other: Fraction) -> Fraction:
    return Fraction(
        math.lcm(one.numerator * other.denominator, other.numerator * one.denominator),
        one.denominator * other.denominator,
    )
