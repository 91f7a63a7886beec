"""Simpler values for the cells of a small table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_DAY = dt.date(2000, 1, 1)


def simpler(table: pl.DataFrame, row: int, name: str) -> Iterator[pl.DataFrame]:
    """Yield the table with one cell simpler, the simplest first; what is simple already has none."""
    value = table[name][row]
    for other in _simpler_values(value):
        if other != value:
            yield with_cell(table, row, name, other)


def with_cell(table: pl.DataFrame, row: int, name: str, value: Any) -> pl.DataFrame:
    """Return the table with another value in one cell."""
    import polars as pl

    values = table[name].to_list()
    values[row] = value
    return table.with_columns(pl.Series(name, values, dtype=table[name].dtype))


def _simpler_values(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield from (False,) if value else ()
    elif isinstance(value, int | float | Decimal):
        yield from _simpler_numbers(value)
    elif isinstance(value, str):
        yield from _simpler_texts(value)
    elif isinstance(value, dt.datetime):
        yield dt.datetime.combine(_DAY, dt.time(), value.tzinfo)
    elif isinstance(value, dt.date):
        yield _DAY
    elif isinstance(value, list):
        yield from ([], value[:1])


def _simpler_numbers(value: Any) -> Iterator[Any]:
    kind = type(value)
    for number in (0, 1, -1):
        if abs(number) < abs(value) or value != value:  # noqa: PLR0124 not a number
            yield kind(number)
    if isinstance(value, float) and value == value and abs(value) < 2**53 and value != int(value):  # noqa: PLR0124 the same
        yield float(int(value))


def _simpler_texts(value: str) -> Iterator[str]:
    """Yield shorter texts; those that stand for numbers become simple numbers first.

    None is empty: an empty text is a fault of its own, and would hide the one that is looked for.
    """
    try:
        float(value)
    except ValueError:
        yield from ("a",) if value != "a" else ()
    else:
        yield from ("0",) if value != "0" else ()
        if value not in {"0", "1"}:
            yield "1"
    for length in (1, len(value) // 2, len(value) - 1):
        if 0 < length < len(value):
            yield value[:length]
