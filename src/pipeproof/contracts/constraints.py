"""What one value must keep to satisfy one column; the meaning that checking a table follows too."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeproof.model.contract import Column, Logical, Scalar

Value = Scalar | Decimal | dt.date | dt.time
"""What a cell of a table holds; a `datetime` is a `date` to Python."""

ACCEPTED: Mapping[Logical, frozenset[str]] = {
    "string": frozenset({"string"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"number", "integer", "decimal"}),
    "decimal": frozenset({"decimal", "number", "integer"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp"}),
    "time": frozenset({"time"}),
}
"""Contract type → the types of real columns that satisfy it."""

NUMERIC = frozenset({"integer", "number", "decimal"})


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold: which column, which rule, and what it says."""

    column: str
    rule: str
    says: str


def logical(value: Value) -> str:
    """Return the contract's word for the type of a Python value."""
    if isinstance(value, bool):  # before int, which it is to Python
        return "boolean"
    kinds: dict[type, str] = {
        int: "integer",
        float: "number",
        Decimal: "decimal",
        str: "string",
        dt.datetime: "timestamp",  # before date, which it is to Python
        dt.date: "date",
        dt.time: "time",
    }
    return next((kind for of, kind in kinds.items() if isinstance(value, of)), type(value).__name__)


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
    """Yield the rules of a column that a value breaks; `unique` is asked of tables, not of values."""
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


def keeps(value: Value, column: Column) -> bool:
    """Return whether a value satisfies a column."""
    return next(broken_by(value, column), None) is None


def minimum_says(column: Column) -> str:
    """Return the lower bound as people read it."""
    return f"{'>' if column.minimum_open else '≥'} {column.minimum}"


def maximum_says(column: Column) -> str:
    """Return the upper bound as people read it."""
    return f"{'<' if column.maximum_open else '≤'} {column.maximum}"


def categories_say(column: Column) -> str:
    """Return the categories as people read them."""
    return "is one of " + ", ".join(map(str, column.categories))


def _rules(value: Any, column: Column, kind: str) -> Iterator[tuple[str, str, bool]]:
    if column.minimum is not None:
        yield "minimum", minimum_says(column), _above(value, column.minimum, kind, column.minimum_open)
    if column.maximum is not None:
        yield "maximum", maximum_says(column), _below(value, column.maximum, kind, column.maximum_open)
    if column.categories:
        among = any(_same(value, item, kind) for item in column.categories)
        yield "categories", categories_say(column), among
    if kind != "string":
        return
    if column.pattern is not None:
        yield "pattern", f"matches {column.pattern}", _matches(column.pattern, value)
    if column.min_length is not None:
        says = f"has at least {column.min_length} characters"
        yield "min_length", says, len(value) >= column.min_length
    if column.max_length is not None:
        says = f"has at most {column.max_length} characters"
        yield "max_length", says, len(value) <= column.max_length


def _above(value: Any, bound: Value, kind: str, open_: bool) -> bool:  # noqa: FBT001 a field of the column
    try:
        low = typed(bound, kind)
    except ValueError:
        return False  # nothing can be shown to keep a bound that is no value of the type
    return bool(value > low if open_ else value >= low)


def _below(value: Any, bound: Value, kind: str, open_: bool) -> bool:  # noqa: FBT001 a field of the column
    try:
        high = typed(bound, kind)
    except ValueError:
        return False
    return bool(value < high if open_ else value <= high)


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
