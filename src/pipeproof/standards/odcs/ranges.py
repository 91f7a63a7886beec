"""The bounds of a property's values, which the standard has in up to three places."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.contracts.constraints import typed
from pipeproof.model.contract import Column, Scalar
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.taking import is_a, shown

NUMBERS = frozenset({"integer", "number", "decimal"})
MOMENTS = frozenset({"date", "timestamp", "time"})
_KEYS = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_WIDTHS = {f"{sign}{bits}": (sign, bits) for sign in "iu" for bits in (8, 16, 32, 64, 128)}
_NARROW = 32  # bits; wider integers are bounded by what holds them

Bound = tuple[Scalar, bool]


def read_range(options: Mapping[str, Any], kind: str | None, path: Path, notes: Notes) -> dict[str, Any]:
    """Return the bounds among the options of a property as attributes of a column.

    Args:
        options: `logicalTypeOptions`.
        kind: Our type of the property.
        path: Where the options stand.
        notes: Takes bounds that are none.
    """
    low = _tightest(_said(options, "minimum", kind, path, notes), kind, least=True)
    high = _tightest(_said(options, "maximum", kind, path, notes), kind, least=False)
    return {"minimum": low[0], "minimum_open": low[1], "maximum": high[0], "maximum_open": high[1]}


def write_range(options: dict[str, Any], column: Column) -> None:
    """Replace the bounds among the options by those of a column."""
    given = (
        ("minimum", column.minimum, column.minimum_open),
        ("maximum", column.maximum, column.maximum_open),
    )
    for name, bound, is_open in given:
        options.pop(name, None)
        options.pop(_KEYS[name], None)
        if bound is not None:
            options[_KEYS[name] if is_open else name] = bound
    if column.type == "integer" and _by_width(options) != (None, None):
        low, high = _by_width(options)
        narrow = low is not None and (column.minimum is None or _less(column.minimum, low))
        if narrow or (high is not None and (column.maximum is None or _less(high, column.maximum))):
            del options["format"]


def _less(one: Any, other: Any) -> bool:
    return bool(one < other)


def _said(
    options: Mapping[str, Any], name: str, kind: str | None, path: Path, notes: Notes
) -> Iterator[Bound]:
    for key, is_open in ((name, False), (_KEYS[name], True)):
        given = options.get(key)
        if given is None:
            continue
        bound = _bound(given, kind, (*path, key), notes)
        if bound is not None:
            yield (
                _inside(bound, up=name == "minimum", is_open=is_open)
                if kind == "integer"
                else (bound, is_open)
            )
    if kind == "integer":
        by_width = _by_width(options)[name == "maximum"]
        if by_width is not None:
            yield by_width, False


def _bound(given: Any, kind: str | None, path: Path, notes: Notes) -> Scalar:
    """Return a bound as contracts have it, or None."""
    if kind in MOMENTS:
        text = given.isoformat() if isinstance(given, dt.date | dt.time) else given
        if not isinstance(text, str):
            notes.wrong(path, f"{path[-1]} is {shown(given)}, and must be text such as 2024-01-31")
            return None
        try:
            typed(text, str(kind))
        except ValueError:
            notes.kept(path, f"{text!r} is no {kind} of ISO 8601")
            return None
        return text
    if not is_a(given, float) and (kind in NUMBERS or not isinstance(given, str)):
        notes.wrong(path, f"{path[-1]} is {shown(given)}, and must be a number")
        return None
    bound: Scalar = given
    return bound


def _inside(bound: Any, *, up: bool, is_open: bool) -> Bound:
    """Return a bound of whole numbers as a whole number; one that is not whole is itself never reached."""
    if not isinstance(bound, float):
        return bound, is_open
    if bound.is_integer():
        return int(bound), is_open
    return (math.ceil(bound) if up else math.floor(bound)), False


def _tightest(bounds: Iterator[Bound], kind: str | None, *, least: bool) -> Bound:
    best: Bound = (None, False)
    for bound in bounds:
        if best[0] is None or _is_tighter(bound, best, kind, least=least):
            best = bound
    return best


def _is_tighter(one: Bound, other: Bound, kind: str | None, *, least: bool) -> bool:
    try:
        first, second = (typed(bound[0], kind or "number") for bound in (one, other))
    except ValueError:
        return False
    if first == second:
        return one[1] and not other[1]
    return bool(first > second) if least else bool(first < second)


def _by_width(options: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the bounds that follow from how many bits an integer has, where they say something."""
    sign, bits = _WIDTHS.get(str(options.get("format")), ("", 0))
    if sign == "u":
        return 0, 2**bits - 1 if bits <= _NARROW else None
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "i" and bits <= _NARROW else (None, None)
