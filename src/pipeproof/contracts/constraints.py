"""What one value must keep to satisfy one column; the meaning that checking a table follows too.

Names of rules: `nullable`, `type`, `minimum`, `maximum`, `categories`, `multiple_of`, `digits` (precision
and scale), `pattern`, `format`, `min_length`, `max_length`, `min_items`, `max_items`. A rule of the elements
of a list is `items.` and its name; a rule of a field of a struct is one of the column `struct.field`, such
as `address.zip`, and of a field of an element `items.field.` and its name. `contracts.rows` has those of tables.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.model.contract import Column, Logical, Scalar

Value = Scalar | Decimal | dt.date | dt.time | list[Any] | tuple[Any, ...] | dict[str, Any]
"""What a cell of a table holds; a `datetime` is a `date` to Python, a struct is a dict."""

ACCEPTED: Mapping[Logical, frozenset[str]] = {
    "string": frozenset({"string"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"number", "integer", "decimal"}),
    "decimal": frozenset({"decimal", "number", "integer"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp"}),
    "time": frozenset({"time"}),
    "list": frozenset({"list"}),
    "struct": frozenset({"struct"}),
}
"""Contract type → the types of real columns that satisfy it."""

_KINDS: Mapping[type, str] = {
    bool: "boolean",  # before int, which it is to Python
    int: "integer",
    float: "number",
    Decimal: "decimal",
    str: "string",
    dt.datetime: "timestamp",  # before date, which it is to Python
    dt.date: "date",
    dt.time: "time",
    list: "list",
    tuple: "list",
    dict: "struct",
}
NUMERIC = frozenset({"integer", "number", "decimal"})


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold: which column, which rule, and what it says."""

    column: str
    rule: str
    says: str


def logical(value: Value) -> str:
    """Return the contract's word for the type of a Python value."""
    known = _KINDS.get(type(value))
    if known is not None:
        return known
    return next((kind for of, kind in _KINDS.items() if isinstance(value, of)), type(value).__name__)


def is_missing(value: Value) -> bool:
    """Return whether a value counts as missing: null or not a number."""
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def typed(bound: Value, kind: str) -> Any:
    """Return a bound or category as a value of a column's type; text stands for dates and times in YAML.

    Timestamps with an offset are taken to UTC and lose it, so that all compare with each other.

    Raises:
        ValueError: It is no such value.
    """
    if kind in NUMERIC and logical(bound) in NUMERIC:
        if is_missing(bound):
            raise ValueError("not a number is no bound")
        return bound
    if kind == "timestamp":
        return _moment(bound)
    if kind in {"date", "time"} and isinstance(bound, str):
        return dt.date.fromisoformat(bound) if kind == "date" else dt.time.fromisoformat(bound)
    if logical(bound) != kind:
        raise ValueError(f"{bound!r} is no {kind}")
    return bound


def _moment(bound: Value) -> dt.datetime:
    if isinstance(bound, str):
        bound = dt.datetime.fromisoformat(bound)
    if not isinstance(bound, dt.date):
        raise ValueError(f"{bound!r} is no timestamp")  # noqa: TRY004 one error for all that is no bound
    if not isinstance(bound, dt.datetime):
        return dt.datetime.combine(bound, dt.time())
    return bound if bound.tzinfo is None else bound.astimezone(dt.UTC).replace(tzinfo=None)


def broken_by(value: Value, column: Column) -> Iterator[Broken]:
    """Yield the rules of a column that a value breaks; `unique` and `order` are asked of tables, not of values."""
    name = column.name
    if is_missing(value):
        if not column.nullable:
            yield Broken(name, "nullable", "has no missing values")
        return
    kind = logical(value)
    if column.type is not None and kind not in ACCEPTED[column.type]:
        yield Broken(name, "type", f"is {column.type}")
        return
    value = _moment(value) if kind == "timestamp" else value
    for rule, says, holds in _rules(value, column, kind):
        if not holds:
            yield Broken(name, rule, says)
    yield from _broken_within(value, column, kind)


def keeps(value: Value, column: Column) -> bool:
    """Return whether a value satisfies a column."""
    return next(broken_by(value, column), None) is None


def minimum_says(column: Column) -> str:
    """Return the lower bound as people read it."""
    return f"{'>' if column.minimum_open else '≥'} {column.minimum}"


def maximum_says(column: Column) -> str:
    """Return the upper bound as people read it."""
    return f"{'<' if column.maximum_open else '≤'} {column.maximum}"


def many(amount: int | None, noun: str) -> str:
    """Return an amount with its noun: 1 item, 2 items."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def categories_say(column: Column) -> str:
    """Return the categories as people read them."""
    return "is one of " + ", ".join(map(str, column.categories))


def digits_say(column: Column) -> str:
    """Return precision and scale as people read them."""
    if column.precision is None:
        return f"has at most {column.scale} digits after the point"
    after = "" if column.scale is None else f", {column.scale} of them after the point"
    return f"has at most {column.precision} digits{after}"


def format_says(column: Column) -> str:
    """Return the format as people read it, such as `is an email`."""
    return f"is {'an' if (column.format or '')[:1] in 'aei' else 'a'} {column.format}"


def as_float(number: float | Decimal | Fraction) -> float:
    """Return a number as a float, an infinite one where it is beyond all."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def exact(number: float | Decimal) -> Fraction | None:
    """Return a number as people write it: the shortest decimal that means this float; None for an infinite one."""
    if isinstance(number, Decimal):
        return Fraction(number) if number.is_finite() else None
    if isinstance(number, int):  # which may be too large to be a float
        return Fraction(number)
    return Fraction(repr(number)) if math.isfinite(number) else None


def is_multiple(number: float | Decimal, of: float | Decimal) -> bool:
    """Return whether a number is a multiple of another, as people write them: 0.3 is one of 0.1."""
    whole, part = exact(number), exact(of)
    return whole is not None and part is not None and part != 0 and (whole / part).denominator == 1


def has_digits(number: float | Decimal, precision: int | None, scale: int | None) -> bool:
    """Return whether `DECIMAL(precision, scale)` of SQL holds a number exactly.

    With a scale alone, there are so many digits after the point at most. With a precision alone, there are
    so many in all, before and after the point; a zero that leads is none.
    """
    value = exact(number)
    if value is None:
        return False
    after = digits_after_point(value)
    if after is None or (scale is not None and after > scale):
        return False
    if precision is None:
        return True
    # What the scale reserves is not there for digits before the point: DECIMAL(5, 2) ends at 999.99.
    return abs(value) < Fraction(10) ** (precision - (after if scale is None else scale))


def digits_after_point(value: Fraction) -> int | None:
    """Return how many digits a fraction has behind its point, None for one that no decimal writes."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def _rules(value: Any, column: Column, kind: str) -> Iterator[tuple[str, str, bool]]:
    if column.minimum is not None:
        yield "minimum", minimum_says(column), _above(value, column.minimum, kind, column.minimum_open)
    if column.maximum is not None:
        yield "maximum", maximum_says(column), _below(value, column.maximum, kind, column.maximum_open)
    if column.categories:
        among = any(_same(value, item, kind) for item in column.categories)
        yield "categories", categories_say(column), among
    if kind in NUMERIC:
        yield from _number_rules(value, column)
    elif kind == "string":
        yield from _text_rules(value, column)
    elif kind == "list":
        yield from _list_rules(value, column)


def _number_rules(value: float | Decimal, column: Column) -> Iterator[tuple[str, str, bool]]:
    if column.multiple_of is not None:
        says = f"is a multiple of {column.multiple_of}"
        yield "multiple_of", says, is_multiple(value, column.multiple_of)
    if column.precision is not None or column.scale is not None:
        yield "digits", digits_say(column), has_digits(value, column.precision, column.scale)


def _text_rules(value: str, column: Column) -> Iterator[tuple[str, str, bool]]:
    if column.pattern is not None:
        yield "pattern", f"matches {column.pattern}", _matches(column.pattern, value)
    if column.format is not None:
        pattern = TEXT_FORMATS.get(column.format)
        yield "format", format_says(column), pattern is not None and _matches(pattern, value)
    if column.min_length is not None:
        says = f"has at least {many(column.min_length, 'character')}"
        yield "min_length", says, len(value) >= column.min_length
    if column.max_length is not None:
        says = f"has at most {many(column.max_length, 'character')}"
        yield "max_length", says, len(value) <= column.max_length


def _list_rules(value: list[Any], column: Column) -> Iterator[tuple[str, str, bool]]:
    if column.min_items is not None:
        yield "min_items", f"has at least {many(column.min_items, 'item')}", len(value) >= column.min_items
    if column.max_items is not None:
        yield "max_items", f"has at most {many(column.max_items, 'item')}", len(value) <= column.max_items


def _broken_within(value: Any, column: Column, kind: str) -> Iterator[Broken]:
    """Yield the rules that what is in a list or struct breaks, each once however many elements break it."""
    if kind == "list" and column.items is not None:
        items = replace(column.items, name="items")
        found = (broken for item in value for broken in broken_by(item, items))
        yield from dict.fromkeys(
            Broken(column.name, f"{broken.column}.{broken.rule}", broken.says) for broken in found
        )
    if kind == "struct":
        for field in column.fields:
            inner = replace(field, name=f"{column.name}.{field.name}")
            if field.name in value:
                yield from broken_by(value[field.name], inner)
            elif field.required:
                yield Broken(inner.name, "missing_column", "is there")


def _above(value: Any, bound: Value, kind: str, open_: bool) -> bool:  # noqa: FBT001 a field of the column
    try:
        low = typed(bound, kind)
    except ValueError:
        return False  # nothing can be shown to keep a bound that is no value of the type
    return _compare(value, low, operator.gt if open_ else operator.ge)


def _below(value: Any, bound: Value, kind: str, open_: bool) -> bool:  # noqa: FBT001 a field of the column
    try:
        high = typed(bound, kind)
    except ValueError:
        return False
    return _compare(value, high, operator.lt if open_ else operator.le)


def _compare(value: Any, bound: Any, holds: Callable[[Any, Any], bool]) -> bool:
    """Return how a value stands to a bound; a decimal and a float are compared as people write them."""
    if isinstance(value, Decimal) != isinstance(bound, Decimal) and isinstance(bound, float | Decimal):
        numbers = exact(value), exact(bound)
        if None not in numbers:
            return holds(*numbers)
    return bool(holds(value, bound))


def _same(value: Any, item: Value, kind: str) -> bool:
    try:
        return bool(typed(item, kind) == value)
    except ValueError:
        return False


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False
