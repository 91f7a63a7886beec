"""What names of columns tell of numbers and dates that have no bounds: a latitude ends at the pole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from pipeproof.contracts.personal import kind_by_name, words_of
from pipeproof.model.contract import Column, frozen

_BOUNDS: Mapping[str, tuple[int, int]] = frozen(
    {
        "lat": (-90, 90),
        "latitude": (-90, 90),
        "lon": (-180, 180),
        "lng": (-180, 180),
        "longitude": (-180, 180),
        "age": (18, 90),
        "month": (1, 12),
        "day": (1, 28),
        "weekday": (1, 7),
        "hour": (0, 23),
        "minute": (0, 59),
        "percent": (0, 100),
        "rating": (1, 5),
        "quantity": (1, 20),
    }
)
_ADULT, _OLDEST = 18, 90  # years


def with_plausible_bounds(column: Column, around: dt.date) -> Column:
    """Return a column of numbers or dates with the bounds that its name tells, where it has none at all."""
    if column.minimum is not None or column.maximum is not None:
        return column
    last = (words_of(column.name) or ("",))[-1]
    if column.type in {"integer", "number", "decimal"}:
        if last == "year":
            return replace(column, minimum=around.year - 10, maximum=around.year)
        low, high = _BOUNDS.get(last, (None, None))
        return column if low is None else replace(column, minimum=low, maximum=high)
    if column.type == "date" and kind_by_name(column.name) == "birth_date":
        oldest, youngest = (dt.date(around.year - years, 1, 1) for years in (_OLDEST, _ADULT))
        return replace(column, minimum=oldest.isoformat(), maximum=youngest.isoformat())
    return column
