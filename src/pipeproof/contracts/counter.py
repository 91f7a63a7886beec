"""Values that one column allows and another refuses, or why it is not known whether there are any.

The rules of ordered types (bounds and categories) change only at the values that they name. Between
two neighbouring ones all values are alike, so one value for each gap is enough to know them all.
Numbers have steps besides (`numbers`), texts are found by `language`, lists and structs are made of
values of their parts. Whatever is found is checked against both columns before it is shown.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from pipeproof.contracts.constraints import ACCEPTED, NUMERIC, Value, is_missing, keeps, logical, typed
from pipeproof.contracts.language import Between, between, is_empty
from pipeproof.contracts.moments import days_beside, moments, points_of
from pipeproof.contracts.numbers import are_all_known, beside, numbers
from pipeproof.model.contract import Column

_WORDS = 8
_LONGEST = 1000  # elements of a list that is made to show something
_ANY = Column("items", nullable=True)
_NO_RULES = Column("")
_NOT_OF_VALUES = frozenset(
    {
        *("name", "nullable", "unique", "required", "description", "references", "order"),
        *("privacy", "physical", "generator", "limits"),
    }
)
VALUE_FIELDS = tuple(field.name for field in fields(Column) if field.name not in _NOT_OF_VALUES)
"""The fields of a column that say which values it allows besides null."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is known of the values that one column allows and another refuses; null is not looked at.

    Attributes:
        found: Such a value, or nothing.
        unknown: Why there may be one although none was found; empty when it is known that there is none.
    """

    found: tuple[Value, ...] = ()
    unknown: str = ""


def difference(written: Column, read: Column) -> Difference:
    """Return a value that `written` allows and `read` refuses, or that there is none, or why that is not known."""
    if _asks_nothing_more(written, read):
        return Difference()
    words = _words(written, read) if written.type == "string" and not written.categories else Between()
    for value in _candidates(written, read, words):
        if not is_missing(value) and keeps(value, written) and not keeps(value, read):
            return Difference((value,))
    return Difference(unknown=_unknown(written, read, words))


def allowed_and_refused(written: Column, read: Column) -> Value:
    """Return a value that `written` allows and `read` refuses; None when there is none or none is known."""
    return next(iter(difference(written, read).found), None)


def samples(column: Column, most: int = 2) -> list[Value]:
    """Return a few different values that a column allows, null only when it allows no other."""
    kept: list[Value] = []
    words = _words(column, None) if column.type == "string" and not column.categories else Between()
    for value in itertools.chain(_candidates(column, None, words), _further(column, kept, most)):
        if not is_missing(value) and keeps(value, column) and value not in kept:
            kept.append(value)
        if len(kept) == most:
            break
    return kept or ([None] if column.nullable else [])


def _further(column: Column, known: Sequence[Value], most: int) -> Iterator[Value]:
    """Yield values besides those that are known by the time they are asked for."""
    if column.categories or not known:
        return
    if column.type == "string":
        before = 0
        while before < len(known):  # a walk shows one text of those that it does not tell apart
            before = len(known)
            texts = tuple(text for text in known if isinstance(text, str))
            yield from between(column, Column(column.name, "string", categories=texts), most).found
    elif column.type in NUMERIC:
        yield from beside(column, known[0], column.type, most)
    elif isinstance(known[0], dt.date):
        yield from days_beside(known[0], most)


def allows_nothing(column: Column) -> bool:
    """Return whether no value keeps a column, so that its table has no rows; False when that cannot be told."""
    if column.nullable or not column.required or samples(column, 1):
        return False
    if column.categories:
        return True
    if column.type == "string":
        return is_empty(column)
    if column.type in {"list", "struct"}:
        return _no_parts(column)
    return column.type is not None and _is_known(column)


def _asks_nothing_more(written: Column, read: Column) -> bool:
    """Return whether each rule of values of the one column is a rule of the other, word for word."""
    for name in VALUE_FIELDS:
        asked = getattr(read, name)
        if asked != getattr(_NO_RULES, name) and asked != getattr(written, name):
            return False
    return True


def _unknown(written: Column, read: Column, words: Between) -> str:
    """Return why none was found although there may be a value between the columns; empty when there is none."""
    if written.categories:
        return ""
    if written.type is None:
        return "the type of what is written is not said"
    if written.type == "string":
        return words.unknown
    if written.type in {"list", "struct"}:
        return next(filter(None, _unknown_parts(written, read)), "")
    if not _is_known(written) or not _is_known(read):
        return "its bounds or digits cannot be compared"
    return ""


def _is_known(column: Column) -> bool:
    """Return whether all bounds of an ordered column are understood."""
    if column.type in NUMERIC:
        return are_all_known(column)
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    return column.type is None or len(points_of(bounds, column.type)) == len(bounds)


def _words(written: Column, read: Column | None) -> Between:
    textual = read is not None and (read.type is None or "string" in ACCEPTED[read.type])
    return between(written, read if textual else None, _WORDS)


def _candidates(written: Column, read: Column | None, words: Between) -> Iterator[Value]:
    """Yield values among which there is one for each way in which the two columns may differ."""
    if written.categories:
        kind = written.type or ""
        yield from (_as_category(item, kind) for item in written.categories if not is_missing(item))
    elif written.type == "boolean":
        yield from (False, True)
    elif written.type == "string":
        yield from _bounding_texts(written, read)
        yield from words.found
    elif written.type in NUMERIC:
        yield from numbers(written, read, written.type)
    elif written.type == "list":
        yield from _lists(written, read)
    elif written.type == "struct":
        # A writer that says nothing of its fields may have those that the reader wants.
        yield from _structs(written, read) if written.fields or read is None else ()
    elif written.type is not None:
        yield from moments(written, read, written.type)
    elif read is None and not _has_rules(written):
        yield from ("a", "b")  # any value keeps a column without rules


def _has_rules(column: Column) -> bool:
    return replace(column, type=None) != replace(
        column, **{name: getattr(_NO_RULES, name) for name in VALUE_FIELDS}
    )


def _as_category(item: Value, kind: str) -> Value:
    try:
        value: Any = typed(item, kind) if kind else item
    except ValueError:
        return None
    # A column of numbers holds 1.0 where the contract lists 1, and a column of integers 1 for 1.0.
    if kind == "number" and isinstance(value, int):
        return float(value)
    whole = isinstance(value, float | Decimal) and kind == "integer" and value % 1 == 0
    return int(value) if whole else value


def _bounding_texts(written: Column, read: Column | None) -> Iterator[Value]:
    bounds = [written.minimum, written.maximum, *((read.minimum, read.maximum) if read else ())]
    for bound in bounds:
        if isinstance(bound, str):
            yield from (bound, bound + "a", bound[:-1])
    if any(isinstance(bound, str) for bound in bounds):
        yield from ("", "~")


def _lists(written: Column, read: Column | None) -> Iterator[Value]:
    """Yield lists that `written` may allow and that tell it from `read`, the shortest first."""
    asked = read.items if read else None
    if written.items is not None and asked is not None and written.max_items != 0:
        for value in _between_parts(written.items, asked).found:
            yield [value] * min(max(written.min_items or 0, 1), _LONGEST)
    known = samples(_like(written.items or _ANY, asked))
    lengths = _lengths(written, read)
    for length in lengths:
        if known or length == 0:
            yield list(itertools.islice(itertools.cycle(known), length))
    if len(known) > 1:
        yield from ([known[-1]] * length for length in lengths if length)


def _lengths(written: Column, read: Column | None) -> list[int]:
    least = written.min_items or 0
    named = [least, 1, written.max_items]
    if read is not None:
        named += [None if read.min_items is None else read.min_items - 1]
        named += [None if read.max_items is None else read.max_items + 1]
    most = _LONGEST if written.max_items is None else min(written.max_items, _LONGEST)
    return list(dict.fromkeys(length for length in named if length is not None and least <= length <= most))


def _structs(written: Column, read: Column | None) -> Iterator[Value]:
    """Yield structs that `written` may allow and that tell it from `read`, each with all fields that are known."""
    asked = {field.name: field for field in read.fields} if read else {}
    known = {field.name: samples(_like(field, asked.get(field.name))) for field in written.fields}
    ordinary: dict[str, Any] = {name: values[0] for name, values in known.items() if values}
    for field in written.fields:
        if field.name in asked:
            found = _between_parts(field, asked[field.name]).found
            yield from ({**ordinary, field.name: value} for value in found)
    yield ordinary
    for field in written.fields:
        yield from ({**ordinary, field.name: value} for value in known[field.name][1:])
        if not field.required:
            yield {name: value for name, value in ordinary.items() if name != field.name}


def _like(part: Column, asked: Column | None) -> Column:
    """Return an element or field with the type that its reader wants, where its own is not said."""
    return part if part.type or part.categories or asked is None else replace(part, type=asked.type)


def _between_parts(written: Column, read: Column) -> Difference:
    """Return what is between two elements or fields, null among it."""
    if written.nullable and not read.nullable:
        return Difference((None,))
    return difference(written, read)


def _unknown_parts(written: Column, read: Column) -> Iterator[str]:
    """Yield why there may be a list or struct between two columns that was not found."""
    if read.type not in {None, written.type}:
        return
    longest = max(written.min_items or 0, read.min_items or 0, (read.max_items or 0) + 1)
    if longest > _LONGEST:
        yield "its lists are too long to be shown"
    pairs = [(field, _field(written, field.name), f"field {field.name!r}") for field in read.fields]
    if read.items is not None and written.max_items != 0:
        pairs.append((read.items, written.items, "items"))
    for asked, maker, what in pairs:
        if maker is not None:
            if why := _between_parts(maker, asked).unknown:
                yield f"of its {what}: {why}"
        elif not written.fields:
            yield f"nothing is said of its {what} where it is written"
    for part in (*written.fields, *([written.items] if written.items else [])):
        if not samples(part, 1) and not allows_nothing(replace(part, required=True)):
            yield f"no value is known of {part.name!r}, which is part of it"


def _no_parts(column: Column) -> bool:
    """Return whether no list or struct keeps a column; False when that cannot be told."""
    if column.type == "struct":
        return any(field.required and allows_nothing(field) for field in column.fields)
    least, most = column.min_items or 0, column.max_items
    if most is not None and least > most:
        return True
    return least > 0 and column.items is not None and allows_nothing(replace(column.items, required=True))


def _field(column: Column, name: str) -> Column | None:
    return next((field for field in column.fields if field.name == name), None)


def type_of_values(column: Column) -> str | None:
    """Return the type of a column's values as far as its contract tells."""
    kinds = {logical(item) for item in column.categories if item is not None}
    return column.type or (kinds.pop() if len(kinds) == 1 else None)
