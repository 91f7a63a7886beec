"""A table schema as Polars expressions, each true where a row breaks one rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeproof.model.contract import Column, Scalar, TableSchema

if TYPE_CHECKING:
    import polars as pl

ACCEPTED = {
    "string": {"string"},
    "integer": {"integer"},
    "number": {"number", "integer", "decimal"},
    "decimal": {"decimal", "number", "integer"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"timestamp"},
    "time": {"time"},
}
"""Contract type → the types of real columns that satisfy it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a column or a key, and the expression that is true for rows that break it."""

    column: str
    name: str
    says: str
    broken: pl.Expr


def row_rules(schema: TableSchema, present: dict[str, str]) -> Iterator[Rule]:
    """Yield the rules that can be asked of these columns (name → logical type)."""
    import polars as pl

    for column in schema.columns:
        if column.name in present and _fits(column, present[column.name]):
            yield from _column_rules(column, present[column.name])
    if schema.key and all(name in present for name in schema.key):
        names = ", ".join(schema.key)
        yield Rule(
            schema.key[0], "key", f"({names}) is unique", pl.struct(schema.key).is_first_distinct().not_()
        )


def _fits(column: Column, kind: str) -> bool:
    return column.type is None or kind in ACCEPTED[column.type]


def _column_rules(column: Column, kind: str) -> Iterator[Rule]:
    import polars as pl

    value = pl.col(column.name)
    if not column.nullable:
        missing = value.is_null() | value.is_nan() if kind == "number" else value.is_null()
        yield Rule(column.name, "nullable", "has no missing values", missing)
    if column.minimum is not None:
        bound = literal(column.minimum, kind)
        broken = value <= bound if column.minimum_open else value < bound
        yield Rule(column.name, "minimum", f"{'>' if column.minimum_open else '≥'} {column.minimum}", broken)
    if column.maximum is not None:
        bound = literal(column.maximum, kind)
        # NaN compares greater than every number in Polars; it is missing, not too large.
        value_or_null = value.fill_nan(None) if kind == "number" else value
        broken = value_or_null >= bound if column.maximum_open else value_or_null > bound
        yield Rule(column.name, "maximum", f"{'<' if column.maximum_open else '≤'} {column.maximum}", broken)
    if column.categories:
        allowed = [literal_value(item, kind) for item in column.categories]
        says = "is one of " + ", ".join(map(str, column.categories))
        yield Rule(column.name, "categories", says, value.is_in(allowed).not_())
    yield from _text_rules(column, kind)
    if column.unique:
        yield Rule(column.name, "unique", "is unique", value.is_not_null() & value.is_first_distinct().not_())


def _text_rules(column: Column, kind: str) -> Iterator[Rule]:
    import polars as pl

    if kind != "string":
        return
    value = pl.col(column.name).cast(pl.String)
    if column.pattern is not None:
        whole = f"^(?:{column.pattern})$"
        yield Rule(column.name, "pattern", f"matches {column.pattern}", value.str.contains(whole).not_())
    if column.min_length is not None:
        broken = value.str.len_chars() < column.min_length
        yield Rule(column.name, "min_length", f"has at least {column.min_length} characters", broken)
    if column.max_length is not None:
        broken = value.str.len_chars() > column.max_length
        yield Rule(column.name, "max_length", f"has at most {column.max_length} characters", broken)


def literal(value: Scalar, kind: str) -> pl.Expr:
    """Return a bound as an expression of the column's type."""
    import polars as pl

    return pl.lit(literal_value(value, kind))


def literal_value(value: Scalar, kind: str) -> Any:
    """Return a bound or category as a Python value of the column's type; text stands for dates in YAML."""
    if not isinstance(value, str):
        return value
    if kind == "date":
        return dt.date.fromisoformat(value)
    if kind == "timestamp":
        return dt.datetime.fromisoformat(value)
    if kind == "time":
        return dt.time.fromisoformat(value)
    return value
