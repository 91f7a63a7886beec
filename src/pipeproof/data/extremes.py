"""Single values of a column that matter to a test: at the ends of what is allowed, or just refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pipeproof.contracts.constraints import NUMERIC, Value, is_missing, keeps, typed
from pipeproof.contracts.counter import allowed_and_refused, samples, type_of_values
from pipeproof.model.contract import Column, Comparison, Logical, TableSchema

VALUE_RULES = (
    "minimum",
    "maximum",
    "categories",
    "multiple_of",
    "digits",
    "pattern",
    "format",
    "min_length",
    "max_length",
    "min_items",
    "max_items",
)
"""Rules that a single value of the right type can break."""
_LARGEST = 2**63
_LONG = 1000
_NUMBERS = (0, 1, -1, 10**6, -(10**6))
_DAYS = (dt.date(1970, 1, 1), dt.date(2000, 2, 29), dt.date(2099, 12, 31))
_TEXTS = ("", "Zoë Ærø 東京", "  spaces around  ", 'a "quoted", text', "x" * _LONG)


def kind_of(column: Column) -> Logical | None:
    """Return the type of a column's values as far as its rules tell, None when nothing is said."""
    known: Any = type_of_values(column)
    if known is not None:
        return known  # type: ignore[no-any-return]  # a type of the contract, or that of a category
    if any(
        rule is not None for rule in (column.pattern, column.format, column.min_length, column.max_length)
    ):
        return "string"
    if column.fields:
        return "struct"
    if any(rule is not None for rule in (column.items, column.min_items, column.max_items)):
        return "list"
    if any(rule is not None for rule in (column.multiple_of, column.precision, column.scale)):
        return "number"
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    return _kind_of_bounds(bounds) if bounds else None


def _kind_of_bounds(bounds: list[Any]) -> Logical:
    kinds: tuple[Logical, ...] = ("integer", "date", "timestamp", "time")
    for kind in kinds:
        if all(_is_of(bound, kind) for bound in bounds):
            return kind
    return "string" if all(isinstance(bound, str) for bound in bounds) else "number"


def _is_of(bound: Any, kind: str) -> bool:
    try:
        return type(typed(bound, kind)) is not float
    except ValueError:
        return False


def with_kind(column: Column) -> Column:
    """Return a column whose type is said; text when nothing tells."""
    return column if column.type else replace(column, type=kind_of(column) or "string")


def has_extremes(column: Column) -> bool:
    """Return whether values at the ends of what a column allows are worth a try.

    Categories and patterns have a case of their own, and what refers to another table stays there.
    """
    plain = not column.categories and column.pattern is None and column.references is None
    plain = plain and column.format is None
    return plain and kind_of(column) not in {None, "boolean"} and bool(extremes(column))


@lru_cache(maxsize=1024)
def extremes(column: Column) -> tuple[Value, ...]:
    """Return values at the bounds of a column, and plausible far ones where it has none."""
    column = with_kind(column)
    found = {
        (type(value), repr(value)): value
        for value in _ends(column)
        if not is_missing(value) and keeps(value, column) and is_representable(value)
    }
    return tuple(found.values())


def _ends(column: Column) -> Iterator[Value]:
    kind = str(column.type)
    for bound in (column.minimum, column.maximum):
        if bound is not None:
            yield _as_value(bound, kind)
    if kind in NUMERIC:
        if column.minimum is None or column.maximum is None:
            yield from (number if kind == "integer" else float(number) for number in _NUMBERS)
        yield 0 if kind == "integer" else 0.0
    elif kind == "date":
        yield from _DAYS
    elif kind == "timestamp":
        yield from (dt.datetime.combine(day, dt.time()) for day in _DAYS)
        yield dt.datetime.combine(_DAYS[1], dt.time(23, 59, 59, 999_999))
    elif kind == "time":
        yield from (dt.time(), dt.time(23, 59, 59, 999_999))
    elif kind == "string":
        yield from _long_and_short(column)
    elif kind == "list":
        yield from _short_and_long_lists(column)


def _short_and_long_lists(column: Column) -> Iterator[list[Any]]:
    item = next(iter(samples(column.items or Column("items", "string"), 1)), None)
    for length in (column.min_items or 0, column.max_items):
        if length is not None and length <= _LONG:
            yield [item] * length


def _long_and_short(column: Column) -> Iterator[str]:
    yield from (text[: column.max_length] for text in _TEXTS)
    if column.min_length is not None:
        yield "x" * column.min_length
        yield from (text.center(column.min_length, "é") for text in _TEXTS)
    if column.max_length is not None:
        yield "x" * min(column.max_length, _LONG * 10)


def _as_value(bound: Value, kind: str) -> Value:
    try:
        value: Any = typed(bound, kind)
        if kind in {"number", "decimal"}:
            return float(value)
        found: Value = int(value) if kind == "integer" and value == int(value) else value
    except (ValueError, OverflowError):
        return None
    return found


def is_representable(value: Value) -> bool:
    """Return whether a table can hold a value: its integers have 64 bits."""
    return not isinstance(value, int) or -_LARGEST <= value < _LARGEST


@lru_cache(maxsize=4096)
def refused(column: Column, rule: str) -> Value:
    """Return a value that breaks one rule of a column and no other; None when none is known."""
    column = with_kind(column)
    if rule.startswith("items."):
        return _refused_items(column, rule.removeprefix("items."))
    if not any(getattr(column, part) not in {None, ()} for part in _parts(rule)):
        return None
    loosened = replace(column, **_without(rule))
    value = next(_likely(column, loosened, rule), None)
    if value is None:
        value = allowed_and_refused(loosened, column)
    return value if is_representable(value) else None


def _refused_items(column: Column, rule: str) -> Value:
    """Return a list whose elements break a rule of elements."""
    if column.items is None or column.max_items == 0:
        return None
    item = None if rule == "nullable" else refused(column.items, rule)
    return None if item is None and rule != "nullable" else [item] * max(1, column.min_items or 0)


def _parts(rule: str) -> tuple[str, ...]:
    """Return the fields of a column that say a rule."""
    return ("precision", "scale") if rule == "digits" else (rule,)


def _without(rule: str) -> dict[str, Any]:
    return {rule: ()} if rule == "categories" else dict.fromkeys(_parts(rule))


def _likely(column: Column, loosened: Column, rule: str) -> Iterator[Value]:
    """Yield values that really happen and break the rule, before any other is searched for."""
    for value in _mistakes(column, rule):
        if not is_missing(value) and keeps(value, loosened) and not keeps(value, column):
            yield value


def _mistakes(column: Column, rule: str) -> Iterator[Value]:
    kind = str(column.type)
    if rule in {"minimum", "maximum"} and kind in NUMERIC:
        bound = _as_value(getattr(column, rule), kind)
        if isinstance(bound, int | float):
            yield bound
            yield bound + (1 if rule == "maximum" else -1)
    elif rule == "categories" and kind == "string":
        yield from ("unknown", "other", "zz")
    elif rule == "categories" and kind in NUMERIC:
        yield from (99, -1) if kind == "integer" else (99.5, -1.5)
    elif rule == "multiple_of" and kind in NUMERIC:
        yield from _between_multiples(column, kind)
    elif rule == "digits" and kind in NUMERIC:
        yield from _too_many_digits(column)
    elif rule in {"pattern", "format"}:
        yield from ("?", "not a code", "")
    elif rule in {"min_items", "max_items"}:
        yield from _wrong_lists(column, rule)
    elif rule == "max_length" and column.pattern is None and column.max_length is not None:
        yield "x" * (column.max_length + 1)


def _between_multiples(column: Column, kind: str) -> Iterator[Value]:
    step = float(column.multiple_of or 1)
    low = _as_value(column.minimum, kind) if column.minimum is not None else 0
    for base in (low, 0):
        if isinstance(base, int | float):
            yield from (base + 1, base + 2) if kind == "integer" else (base + step / 2, base + step / 4)


def _too_many_digits(column: Column) -> Iterator[Value]:
    places = column.scale if column.scale is not None else 0
    yield float(f"0.{'0' * places}1")
    yield float(f"1.{'0' * places}1")
    yield 10.0 ** ((column.precision or 1) - places)
    yield 10 ** ((column.precision or 1) - places)


def _wrong_lists(column: Column, rule: str) -> Iterator[Value]:
    item = next(iter(samples(column.items or Column("items", "string"), 1)), None)
    if rule == "min_items" and column.min_items:
        yield [item] * (column.min_items - 1)
    if rule == "max_items" and column.max_items is not None:
        yield [item] * (column.max_items + 1)


def can_break(comparison: Comparison, schema: TableSchema) -> bool:
    """Return whether two columns have values, as far as their bounds tell, that break a comparison."""
    columns = [
        with_kind(column) for column in schema.columns if column.name in {comparison.left, comparison.right}
    ]
    if len(columns) != len({comparison.left, comparison.right}) or comparison.left == comparison.right:
        return False
    left, right = with_kind(schema[comparison.left]), with_kind(schema[comparison.right])
    if comparison.operator in {"==", "!="}:
        return True
    small, large = (left, right) if comparison.operator in {"<", "<="} else (right, left)
    if small.maximum is None or large.minimum is None or small.type != large.type:
        return True
    try:
        return bool(typed(small.maximum, str(small.type)) > typed(large.minimum, str(large.type)))
    except (ValueError, TypeError):
        return True
