"""By what rows are compared, and when two values are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pipeproof.model.contract import frozen

if TYPE_CHECKING:
    import polars as pl

TOLERANCE = 1e-9
"""How far numbers may be apart and count as the same: this part of the larger one, or this much if both are below 1."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Matching:
    """What rows are compared by.

    Attributes:
        key: Columns that tell rows apart; none to count whole rows.
        columns: Columns that are compared besides.
        tolerance: How far numbers may be apart.
        private: Columns with personal data, and of which kind.
        examples: How many rows of each kind are shown.
    """

    key: tuple[str, ...]
    columns: tuple[str, ...]
    tolerance: float = TOLERANCE
    private: Mapping[str, str] = field(default_factory=frozen)
    examples: int = EXAMPLES


def go_together(one: pl.DataType, other: pl.DataType) -> bool:
    """Say whether values of two types can be compared."""
    import polars as pl

    if any(isinstance(dtype, pl.Object) for dtype in (one, other)):
        return False
    return one == other or not any(dtype.is_nested() or dtype == pl.Binary for dtype in (one, other))


def comparable(name: str, one: pl.DataType, other: pl.DataType) -> pl.Expr:
    """Return a column in a type that both tables can have; numbers and texts are compared as texts."""
    import polars as pl

    expression = pl.col(name)
    if one == other:
        return expression.cast(pl.String) if isinstance(one, pl.Categorical | pl.Enum) else expression
    if one.is_integer() and other.is_integer():
        return expression.cast(pl.Int128)
    if one.is_numeric() and other.is_numeric():
        return expression.cast(pl.Float64)
    if {one.base_type(), other.base_type()} <= {pl.Date, pl.Datetime}:
        return _in_utc(expression, one, other)
    return expression.cast(pl.String)


def _in_utc(expression: pl.Expr, one: pl.DataType, other: pl.DataType) -> pl.Expr:
    """Return moments in UTC, in the finer unit of both; a date is its midnight, and no time zone is UTC."""
    import polars as pl

    units = {getattr(dtype, "time_unit", "us") for dtype in (one, other)}
    finer: Literal["ns", "us", "ms"] = "ns" if "ns" in units else "us" if "us" in units else "ms"
    return expression.cast(pl.Datetime(finer)).cast(pl.Datetime(finer, "UTC"))


def differs(a: pl.Expr, b: pl.Expr, types: tuple[pl.DataType, pl.DataType], tolerance: float) -> pl.Expr:
    """Return what is true where a value changed; two that miss are the same, and two that are not a number.

    Args:
        a: The value before.
        b: The value after, of the same type.
        types: The types that they have in the tables.
        tolerance: How far floating-point numbers may be apart.
    """
    import polars as pl

    other = a.ne_missing(b)
    if tolerance and all(one.is_numeric() for one in types) and any(one.is_float() for one in types):
        near = (a - b).abs() <= tolerance * pl.max_horizontal(a.abs(), b.abs(), pl.lit(1.0))
        finite = a.is_finite() & b.is_finite()  # what is infinite is near to nothing
        return other & (near & finite).fill_null(value=False).not_()
    return other
