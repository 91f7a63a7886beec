"""A table schema as Polars expressions, each true where a row breaks one rule.

The meaning is that of `contracts.constraints`, which asks the same of one value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.constraints import (
    ACCEPTED,
    Value,
    categories_say,
    maximum_says,
    minimum_says,
    typed,
)
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, TableSchema

if TYPE_CHECKING:
    import polars as pl

_LARGEST = 10**36  # what a 128-bit integer or decimal can be compared with


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a column or a key: the expression is true for rows that break it, and null counts as not broken."""

    columns: tuple[str, ...]
    name: str
    says: str
    broken: pl.Expr

    @property
    def column(self) -> str:
        """The column, or the first one of a key."""
        return self.columns[0]


@dataclass(frozen=True, slots=True)
class Unasked:
    """A rule that cannot be asked of a column, and why: a fault of the contract."""

    column: str
    why: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A column as rules see it: its value with missing ones null, its type, the contract's word for it."""

    column: Column
    value: pl.Expr
    dtype: pl.DataType
    kind: str


def row_rules(schema: TableSchema, present: Mapping[str, pl.DataType]) -> Iterator[Rule | Unasked]:
    """Yield the rules that can be asked of these columns (name → type)."""
    import polars as pl

    for column in schema.columns:
        if column.name not in present:
            continue
        dtype = present[column.name]
        kind = logical_type(dtype)
        if column.type is None or kind in ACCEPTED[column.type]:
            yield from _column_rules(_Asked(column, plain(column.name, dtype), dtype, kind))
    if schema.key and all(name in present for name in schema.key):
        key = pl.struct(plain(name, present[name]) for name in schema.key)
        says = f"({', '.join(schema.key)}) is unique"
        yield Rule(schema.key, "key", says, key.is_first_distinct().not_())


def plain(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as rules compare it: categories as text, NaN as null, timestamps in UTC without a zone."""
    import polars as pl

    value = pl.col(name)
    if dtype.base_type() in {pl.Categorical, pl.Enum}:
        return value.cast(pl.String)
    if isinstance(dtype, pl.Datetime):
        zoned = value if dtype.time_zone is None else value.dt.convert_time_zone("UTC")
        return zoned.dt.replace_time_zone(None).dt.cast_time_unit("us")
    return value.fill_nan(None) if dtype.is_float() else value


def _column_rules(asked: _Asked) -> Iterator[Rule | Unasked]:
    column, value = asked.column, asked.value
    name = (column.name,)
    if not column.nullable:
        yield Rule(name, "nullable", "has no missing values", value.is_null())
    yield from _bounds(asked)
    if column.categories:
        yield Rule(name, "categories", categories_say(column), _is_among(asked, column.categories).not_())
    if asked.kind == "string":
        yield from _text_rules(column, value)
    if column.unique:
        repeated = value.is_not_null() & value.is_first_distinct().not_()
        yield Rule(name, "unique", "is unique", repeated)


def _bounds(asked: _Asked) -> Iterator[Rule | Unasked]:
    column, value = asked.column, asked.value
    name = (column.name,)
    if column.minimum is not None:
        bound = _bound(column.minimum, asked, up=not column.minimum_open)
        if bound is None:
            yield _no_bound(asked, "minimum", column.minimum)
        else:
            broken = value <= bound if column.minimum_open else value < bound
            yield Rule(name, "minimum", minimum_says(column), broken)
    if column.maximum is not None:
        bound = _bound(column.maximum, asked, up=column.maximum_open)
        if bound is None:
            yield _no_bound(asked, "maximum", column.maximum)
        else:
            broken = value >= bound if column.maximum_open else value > bound
            yield Rule(name, "maximum", maximum_says(column), broken)


def _no_bound(asked: _Asked, which: str, bound: Value) -> Unasked:
    return Unasked(asked.column.name, f"its {which} {bound!r} cannot be compared with {asked.kind} values")


def _bound(bound: Value, asked: _Asked, *, up: bool) -> pl.Expr | None:
    """Return a bound as a literal that compares exactly with the column, or None when it is no such value.

    Args:
        bound: The bound as the contract has it.
        asked: The column.
        up: Whether a bound between two integers is moved to the larger one.
    """
    import polars as pl

    try:
        value = typed(bound, asked.kind)
    except ValueError:
        return None
    if asked.kind == "timestamp":
        return pl.lit(value, dtype=pl.Datetime("us"))
    if asked.kind == "number":
        return pl.lit(_as_float(value), dtype=asked.dtype)
    if asked.kind in {"integer", "decimal"}:
        if abs(value) > _LARGEST:
            return pl.lit(math.inf if value > 0 else -math.inf)
        if asked.kind == "decimal":
            return pl.lit(Decimal(str(value)))
        return pl.lit(math.ceil(value) if up else math.floor(value))
    return pl.lit(value)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_among(asked: _Asked, items: Iterable[Value]) -> pl.Expr:
    import polars as pl

    values = [value for value in (_category(item, asked.kind) for item in items) if value is not None]
    if asked.kind == "decimal":
        return pl.any_horizontal(pl.lit(value=False), *(asked.value == value for value in values))
    if not values:
        return pl.when(asked.value.is_not_null()).then(pl.lit(value=False))
    dtype = {"string": pl.String(), "timestamp": pl.Datetime("us")}.get(asked.kind, asked.dtype)
    # What is beyond the column's type is null here, and no value of the column.
    return asked.value.is_in(pl.Series(values, dtype=dtype, strict=False).drop_nulls().implode())


def _category(item: Value, kind: str) -> Any:
    try:
        value = typed(item, kind)
    except ValueError:
        return None
    if kind == "integer":
        return int(value) if abs(value) < _LARGEST and value == int(value) else None
    if kind == "decimal":
        return Decimal(str(value)) if abs(value) < _LARGEST else None
    return _as_float(value) if kind == "number" else value


def _text_rules(column: Column, value: pl.Expr) -> Iterator[Rule | Unasked]:
    name = (column.name,)
    if column.pattern is not None:
        matches = _matches(value, column.pattern)
        if matches is None:
            yield Unasked(column.name, f"its pattern {column.pattern!r} is no regular expression")
        else:
            yield Rule(name, "pattern", f"matches {column.pattern}", matches.not_())
    if column.min_length is not None:
        broken = value.str.len_chars() < column.min_length
        yield Rule(name, "min_length", f"has at least {column.min_length} characters", broken)
    if column.max_length is not None:
        broken = value.str.len_chars() > column.max_length
        yield Rule(name, "max_length", f"has at most {column.max_length} characters", broken)


def _matches(value: pl.Expr, pattern: str) -> pl.Expr | None:
    """Return whether whole texts match, asked of Rust's engine or, where that cannot, of Python's slower one."""
    import polars as pl

    whole = _whole(pattern)
    if whole is not None:
        return value.str.contains(whole)
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None

    def match(texts: pl.Series) -> pl.Series:
        found = [None if text is None else compiled.fullmatch(text) is not None for text in texts]
        return pl.Series(texts.name, found, dtype=pl.Boolean)

    return value.map_batches(match, return_dtype=pl.Boolean, is_elementwise=True)


@lru_cache(maxsize=512)
def _whole(pattern: str) -> str | None:
    """Return the pattern for whole texts if Rust's engine reads it as Python does, else None."""
    import polars as pl

    if "[[" in pattern or "&&" in pattern or "--" in pattern or "~~" in pattern or "(?x" in pattern:
        return None  # sets within sets, and comments that would swallow the end, are read differently
    whole = f"^(?:{pattern})$"
    try:
        re.compile(pattern)
        pl.Series([""], dtype=pl.String).str.contains(whole)
    except (re.error, pl.exceptions.PolarsError):
        return None
    return whole
