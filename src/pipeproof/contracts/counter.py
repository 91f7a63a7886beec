"""Values that one column allows and another refuses.

The rules of ordered types (bounds and categories) change only at the values that they name. Between
two neighbouring ones all values are alike, so one value for each gap is enough to know them all.
Texts are found by `language`. Whatever is found is checked against both columns before it is shown.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from pipeproof.contracts.constraints import ACCEPTED, Value, as_float, is_missing, keeps, logical, typed
from pipeproof.contracts.language import is_empty, words_between
from pipeproof.model.contract import Column

_FIRST: dict[str, Value] = {
    "integer": 0,
    "number": 0.5,
    "decimal": 0.5,
    "date": dt.date(2024, 1, 1),
    "timestamp": dt.datetime(2024, 1, 1),  # noqa: DTZ001 timestamps are compared without a zone
    "time": dt.time(12),
}
_DAY = dt.date(2000, 1, 1)
_WORDS = 8


def allowed_and_refused(written: Column, read: Column) -> Value:
    """Return a value that `written` allows and `read` refuses; None when there is none or none is known."""
    candidates = (value for value in _candidates(written, read) if not is_missing(value))
    return next((value for value in candidates if keeps(value, written) and not keeps(value, read)), None)


def samples(column: Column, most: int = 2) -> list[Value]:
    """Return a few different values that a column allows, null only when it allows no other."""
    kept: list[Value] = []
    for value in itertools.chain(_candidates(column, None), _other_texts(column, kept)):
        if not is_missing(value) and keeps(value, column) and value not in kept:
            kept.append(value)
        if len(kept) == most:
            break
    return kept or ([None] if column.nullable else [])


def _other_texts(column: Column, known: Sequence[Value]) -> Iterator[Value]:
    """Yield a text besides those that are known by the time it is asked for."""
    if column.type == "string" and known:
        texts = tuple(text for text in known if isinstance(text, str))
        yield from words_between(column, Column(column.name, "string", categories=texts), 1)


def allows_nothing(column: Column) -> bool:
    """Return whether no value keeps a column, so that its table has no rows; False when that cannot be told."""
    if column.nullable or not column.required or samples(column, 1):
        return False
    if column.categories:
        return True
    if column.type == "string":
        return is_empty(column)
    return column.type is not None and _bounds_are_known(column)


def _bounds_are_known(column: Column) -> bool:
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    return len(_points(bounds, str(column.type))) == len(bounds)


def _candidates(written: Column, read: Column | None) -> Iterator[Value]:
    """Yield values among which there is one for each way in which the two columns may differ."""
    if written.categories:
        kind = written.type or ""
        yield from (_as_category(item, kind) for item in written.categories if not is_missing(item))
    elif written.type == "boolean":
        yield from (False, True)
    elif written.type == "string":
        yield from _bounding_texts(written, read)
        textual = read is not None and (read.type is None or "string" in ACCEPTED[read.type])
        yield from words_between(written, read if textual else None, _WORDS)
    elif written.type is not None:
        yield from _ordered(written, read, written.type)
    elif read is None and not _has_rules(written):
        yield from ("a", "b")  # any value keeps a column without rules


def _has_rules(column: Column) -> bool:
    rules = (column.minimum, column.maximum, column.pattern, column.min_length, column.max_length)
    return any(rule is not None for rule in rules)


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


def _ordered(written: Column, read: Column | None, kind: str) -> Iterator[Value]:
    own = _points((written.minimum, written.maximum), kind)
    other = _points((read.minimum, read.maximum, *read.categories), kind) if read else []
    yield from own
    points = sorted({_rank(point): point for point in (*own, *other)}.items())
    if not points:
        yield _FIRST[kind]
        return
    ranks = [rank for rank, _ in points]
    within = [_middle(low, high, kind) for low, high in itertools.pairwise(ranks)]
    beyond = [_moved(ranks[0], kind, -1), _moved(ranks[-1], kind, +1)]
    inside = [_moved(rank, kind, way) for rank in ranks for way in (-1, +1)]
    for rank in (*ranks, *within, *beyond, *inside):
        yield from _from_rank(rank, kind)


def _points(bounds: Iterable[Value], kind: str) -> list[Any]:
    points: list[Any] = []
    for bound in bounds:
        try:
            point = typed(bound, kind)
        except ValueError:
            continue
        if kind == "integer" and not isinstance(point, int):
            points += [math.floor(point), math.ceil(point)] if math.isfinite(point) else []
        elif kind in {"number", "decimal"}:
            points.append(as_float(point))
        else:
            points.append(point)
    return points


def _rank(point: Any) -> Any:
    """Return a point as something with a distance to its neighbours: times as moments of one day."""
    return dt.datetime.combine(_DAY, point) if isinstance(point, dt.time) else point


def _from_rank(rank: Any, kind: str) -> Iterator[Value]:
    if rank is None:
        return
    if kind == "time":
        if rank.date() == _DAY:
            yield rank.time()
        return
    yield rank


def _middle(low: Any, high: Any, kind: str) -> Any:
    if kind == "integer":
        return (low + high) // 2
    if kind in {"number", "decimal"}:
        middle = low / 2 + high / 2
        return middle if math.isfinite(middle) else None
    return low + (high - low) / 2


def _moved(rank: Any, kind: str, way: int) -> Any:
    """Return a neighbour of a value, far enough away to be another one; None beyond the ends of the type."""
    try:
        if kind == "date":
            return rank + dt.timedelta(days=way)
        if kind in {"timestamp", "time"}:
            return rank + dt.timedelta(seconds=way)
        moved = rank + way
        return moved if moved != rank else rank + way * abs(rank)
    except OverflowError:
        return None


def type_of_values(column: Column) -> str | None:
    """Return the type of a column's values as far as its contract tells."""
    kinds = {logical(item) for item in column.categories if item is not None}
    return column.type or (kinds.pop() if len(kinds) == 1 else None)
