"""What names of columns tell of numbers and dates that have no bounds: a latitude ends at the pole."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from pipeproof.contracts.natural import usual_range
from pipeproof.contracts.personal import kind_by_name, words_of
from pipeproof.model.contract import Column

_ADULT, _OLDEST = 18, 90  # years


def with_plausible_bounds(column: Column, around: dt.date) -> Column:
    """Return a column of numbers or dates with the bounds that its name tells, where it has none at all."""
    if column.minimum is not None or column.maximum is not None:
        return column
    if column.type in {"integer", "number", "decimal"}:
        is_year = words_of(column.name)[-1:] == ("year",)
        usual = (around.year - 10, around.year) if is_year else usual_range(column.name)
        if usual is None or (column.type == "integer" and usual == (0, 1)):
            return column  # a share as a whole number is one of a hundred, or of what else there is
        return replace(column, minimum=usual[0], maximum=usual[1])
    if column.type == "date" and kind_by_name(column.name) == "birth_date":
        oldest, youngest = (dt.date(around.year - years, 1, 1) for years in (_OLDEST, _ADULT))
        return replace(column, minimum=oldest.isoformat(), maximum=youngest.isoformat())
    return column
