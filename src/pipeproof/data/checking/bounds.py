"""Bounds and categories as Polars expressions that compare exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.constraints import Value, as_float, maximum_says, minimum_says, typed
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_LARGEST = 10**36  # what a 128-bit integer or decimal can be compared with


def rules(
    column: Column, value: pl.Expr, dtype: pl.DataType, kind: str
) -> Iterator[tuple[str, str, pl.Expr | str]]:
    """Yield the bounds of a column: name of the rule, what it says, where it is broken or why it cannot be asked."""
    if column.minimum is not None:
        bound = _bound(column.minimum, dtype, kind, up=not column.minimum_open)
        broken: pl.Expr | str = f"its minimum {column.minimum!r} cannot be compared with {kind} values"
        if bound is not None:
            broken = value <= bound if column.minimum_open else value < bound
        yield "minimum", minimum_says(column), broken
    if column.maximum is not None:
        bound = _bound(column.maximum, dtype, kind, up=column.maximum_open)
        broken = f"its maximum {column.maximum!r} cannot be compared with {kind} values"
        if bound is not None:
            broken = value >= bound if column.maximum_open else value > bound
        yield "maximum", maximum_says(column), broken


def is_among(value: pl.Expr, dtype: pl.DataType, kind: str, items: Iterable[Value]) -> pl.Expr:
    """Return whether a value is one of some categories; null where it is missing."""
    import polars as pl

    values = [value for value in (_category(item, kind) for item in items) if value is not None]
    if kind == "decimal":
        return pl.any_horizontal(pl.lit(value=False), *(value == item for item in values))
    if not values:
        return pl.when(value.is_not_null()).then(pl.lit(value=False))
    of = {"string": pl.String(), "timestamp": pl.Datetime("us")}.get(kind, dtype)
    # What is beyond the column's type is null here, and no value of the column.
    return value.is_in(pl.Series(values, dtype=of, strict=False).drop_nulls().implode())


def _bound(bound: Value, dtype: pl.DataType, kind: str, *, up: bool) -> pl.Expr | None:
    """Return a bound as a literal that compares exactly with a column, or None when it is no such value.

    Args:
        bound: The bound as the contract has it.
        dtype: Type of the column.
        kind: The contract's word for it.
        up: Whether a bound between two integers is moved to the larger one.
    """
    import polars as pl

    try:
        value = typed(bound, kind)
    except ValueError:
        return None
    if kind == "timestamp":
        return pl.lit(value, dtype=pl.Datetime("us"))
    if kind == "number":
        return pl.lit(as_float(value), dtype=dtype)
    if kind in {"integer", "decimal"}:
        if abs(value) > _LARGEST:
            return pl.lit(math.inf if value > 0 else -math.inf)
        if kind == "decimal":
            return pl.lit(Decimal(str(value)))
        return pl.lit(math.ceil(value) if up else math.floor(value))
    return pl.lit(value)


def _category(item: Value, kind: str) -> Any:
    try:
        value = typed(item, kind)
    except ValueError:
        return None
    if kind == "integer":
        return int(value) if abs(value) < _LARGEST and value == int(value) else None
    if kind == "decimal":
        return Decimal(str(value)) if abs(value) < _LARGEST else None
    return as_float(value) if kind == "number" else value
