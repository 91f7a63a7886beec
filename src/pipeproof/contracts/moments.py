"""Dates, timestamps and times at the points where what a column allows changes, and between them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from pipeproof.contracts.constraints import Value, typed
from pipeproof.model.contract import Column

_FIRST: dict[str, Value] = {
    "date": dt.date(2024, 1, 1),
    "timestamp": dt.datetime(2024, 1, 1),  # noqa: DTZ001 timestamps are compared without a zone
    "time": dt.time(12),
}
_DAY = dt.date(2000, 1, 1)


def moments(written: Column, read: Column | None, kind: str) -> Iterator[Value]:
    """Yield dates, timestamps or times among which there is one for each way in which two columns may differ.

    Args:
        written: The column whose values they are; it may allow some of them only.
        read: The column that may refuse them; None when only `written` matters.
        kind: `date`, `timestamp` or `time`.
    """
    own = points_of((written.minimum, written.maximum), kind)
    other = points_of((read.minimum, read.maximum, *read.categories), kind) if read else []
    yield from own
    points = sorted({_rank(point): point for point in (*own, *other)}.items())
    if not points:
        yield _FIRST[kind]
        return
    ranks = [rank for rank, _ in points]
    within = [low + (high - low) / 2 for low, high in itertools.pairwise(ranks)]
    beyond = [_moved(ranks[0], kind, -1), _moved(ranks[-1], kind, +1)]
    inside = [_moved(rank, kind, way) for rank in ranks for way in (-1, +1)]
    for rank in (*ranks, *within, *beyond, *inside):
        yield from _from_rank(rank, kind)


def days_beside(day: dt.date, most: int) -> Iterator[Value]:
    """Yield dates or timestamps whole days away from one, so many on both sides."""
    for away in range(1, most + 1):
        for way in (away, -away):
            try:
                yield day + dt.timedelta(days=way)
            except OverflowError:
                continue


def points_of(bounds: Iterable[Value], kind: str) -> list[Any]:
    """Return bounds as values of a type, without those that are none of it."""
    points: list[Any] = []
    for bound in bounds:
        try:
            points.append(typed(bound, kind))
        except ValueError:
            continue
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


def _moved(rank: Any, kind: str, way: int) -> Any:
    """Return a neighbour of a value; None beyond the ends of the type."""
    try:
        return rank + (dt.timedelta(days=way) if kind == "date" else dt.timedelta(seconds=way))
    except OverflowError:
        return None
