"""One column of a sample as a column of a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from pipeproof.data.checking.rules import plain
from pipeproof.data.inferring.ranges import first_day, is_whole, natural_bounds, numeric_bounds
from pipeproof.data.inferring.texts import common_to
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, Logical

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 20
"""Different texts up to which they are taken for a list of categories."""
_OFTEN = 10  # values there are for each category, so that the list is likely to be whole
_FLAGS = 2  # different whole numbers that are a flag or a constant, not a quantity
_TEXTS = 50_000  # different texts whose shape is looked at
_NUMERIC = frozenset({"integer", "number", "decimal"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scan tells of a column.

    Attributes:
        rows: Rows of the table.
        missing: How many values are missing, not-a-number among them.
        distinct: Different values that are not missing.
        low: Smallest value, None for types without an order.
        high: Largest value.
    """

    rows: int
    missing: int
    distinct: int
    low: Any = None
    high: Any = None

    @property
    def values(self) -> int:
        """How many values there are."""
        return self.rows - self.missing


def look_at(frame: pl.LazyFrame) -> dict[str, Seen]:
    """Return what one scan tells of each column; nested ones are only counted."""
    import polars as pl

    present = frame.collect_schema()
    asked: list[pl.Expr] = [pl.len().alias("rows")]
    for number, (name, dtype) in enumerate(present.items()):
        value = plain(name, dtype)
        asked.append(value.null_count().alias(f"{number} missing"))
        if logical_type(dtype) in {"list", "struct"}:
            continue
        asked.append(value.drop_nulls().n_unique().alias(f"{number} distinct"))
        if dtype.is_numeric() or dtype.is_temporal():
            asked += [value.min().alias(f"{number} low"), value.max().alias(f"{number} high")]
    found = frame.select(asked).collect(engine="streaming").row(0, named=True)
    return {name: _seen(found, number) for number, name in enumerate(present)}


def _seen(found: Mapping[str, Any], number: int) -> Seen:
    missing, distinct = found[f"{number} missing"], found.get(f"{number} distinct", 0)
    return Seen(found["rows"], missing, distinct, found.get(f"{number} low"), found.get(f"{number} high"))


def column_of(frame: pl.LazyFrame, name: str, seen: Seen, *, exact: bool) -> Column:
    """Return the contract of a column.

    Args:
        frame: The table.
        name: The column.
        seen: What the scan told of it.
        exact: Whether just what was seen is allowed.
    """
    dtype = frame.collect_schema()[name]
    kind = logical_type(dtype)
    column = Column(name, kind if kind in get_args(Logical) else None, nullable=seen.missing > 0)  # type: ignore[arg-type]  # asked just here
    if not seen.values:
        return column
    if kind in _NUMERIC:
        return _number(frame, column, dtype, seen, exact=exact)
    if kind in {"date", "timestamp"}:
        return replace(column, minimum=first_day(seen.low, exact=exact), maximum=_last(seen, exact=exact))
    if kind == "string":
        return _text(frame, column, dtype, seen)
    if kind in {"list", "struct"}:
        return _nested(frame, column, dtype, exact=exact)
    return column


def _last(seen: Seen, *, exact: bool) -> str | None:
    return seen.high.isoformat() if exact else None


def _number(frame: pl.LazyFrame, column: Column, dtype: Any, seen: Seen, *, exact: bool) -> Column:
    if column.type == "integer" and seen.distinct <= _FLAGS and seen.values >= _OFTEN * seen.distinct:
        return replace(column, categories=tuple(sorted(_different(frame, column.name, dtype).to_list())))
    natural = None if exact else natural_bounds(column.name, seen.low, seen.high)
    whole = column.type == "integer" and is_whole(seen.low, seen.high, seen.distinct, seen.values)
    low, high = natural or numeric_bounds(seen.low, seen.high, exact=exact or whole)
    if column.type == "decimal":
        column = replace(column, precision=dtype.precision, scale=dtype.scale)
        if dtype.precision is not None and dtype.scale is not None:
            largest = 10 ** (dtype.precision - dtype.scale) - 10**-dtype.scale
            low, high = max(low, -largest), min(high, largest)
    return replace(column, minimum=low, maximum=high)


def _text(frame: pl.LazyFrame, column: Column, dtype: Any, seen: Seen) -> Column:
    different = _different(frame, column.name, dtype)
    is_list = seen.distinct <= MOST_CATEGORIES and seen.values >= _OFTEN * seen.distinct
    if is_list and not different.str.contains(r"^\s*$").any():
        return replace(column, categories=tuple(sorted(different.to_list())))
    common = common_to(different)
    return replace(column, format=common.format, pattern=common.pattern)


def _different(frame: pl.LazyFrame, name: str, dtype: Any) -> pl.Series:
    value = plain(name, dtype)
    query = frame.select(value.drop_nulls().unique().head(_TEXTS))
    return query.collect(engine="streaming").to_series()


def _nested(frame: pl.LazyFrame, column: Column, dtype: Any, *, exact: bool) -> Column:
    import polars as pl

    if column.type == "struct":
        inner = frame.filter(pl.col(column.name).is_not_null()).select(pl.col(column.name).struct.unnest())
        return replace(column, fields=columns_of(inner, exact=exact))
    value = pl.col(column.name)
    lists = value.arr.to_list() if isinstance(dtype, pl.Array) else value
    lengths = frame.select(lists.list.len().alias("n")).select(low=pl.col("n").min(), high=pl.col("n").max())
    low, high = lengths.collect().row(0)
    items = frame.select(lists.drop_nulls().alias("items")).explode(
        "items", empty_as_null=False, keep_nulls=False
    )
    (element,) = columns_of(items, exact=exact)
    most = high if exact else None
    return replace(column, items=element, min_items=low if exact or low else None, max_items=most)


def columns_of(frame: pl.LazyFrame, *, exact: bool) -> tuple[Column, ...]:
    """Return the contracts of all columns of a table, without what only several tell together."""
    seen = look_at(frame)
    return tuple(column_of(frame, name, seen[name], exact=exact) for name in seen)
