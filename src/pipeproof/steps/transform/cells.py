"""Operations on single values: filling gaps, changing types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.formats.tables import cast_to, logical_type
from pipeproof.model.contract import Column, Logical, TableSchema
from pipeproof.steps.transform.expressions import placeholder
from pipeproof.steps.transform.operations import Cast, FillNulls, names

_NUMBERS = frozenset({"integer", "number", "decimal"})
_ORDERED = frozenset({*_NUMBERS, "date", "timestamp", "time", "string"})
_TAKES: Mapping[str, frozenset[str]] = {
    "mean": _NUMBERS,
    "median": _NUMBERS,
    "min": _ORDERED,
    "max": _ORDERED,
}
_BEFORE = "pipeproof before "
_SHOWN = 3
_TIMESTAMPS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")


class LostValuesError(Exception):
    """A strict cast met values that the new type does not have."""


def fill_nulls(operation: FillNulls, frame: pl.LazyFrame, parameters: Mapping[str, Any]) -> pl.LazyFrame:
    """Return the table with its gaps filled."""
    kinds = {name: logical_type(kind) for name, kind in frame.collect_schema().items()}
    floats = {name for name, kind in frame.collect_schema().items() if kind.is_float()}
    named = list(operation.value) if isinstance(operation.value, Mapping) else names(operation.columns)
    fills: list[pl.Expr] = []
    for name in named or kinds:
        value = operation.value[name] if isinstance(operation.value, Mapping) else operation.value
        if not named and not _fits(operation, _parameter(value, parameters), kinds[name]):
            continue
        column = pl.col(name).fill_nan(None) if name in floats else pl.col(name)
        fills.append(_filled(column, operation, _parameter(value, parameters), name, kinds[name]).alias(name))
    return frame.with_columns(fills)


def _parameter(value: Any, parameters: Mapping[str, Any]) -> Any:
    name = placeholder(value)
    if name is None:
        return value
    if name not in parameters:
        raise ConfigError(
            Finding("PPF132", f"the placeholder {{{name}}} has no value", fix=suggest(name, parameters))
        )
    return parameters[name]


def _fits(operation: FillNulls, value: Any, kind: str) -> bool:
    if operation.strategy is not None:
        return kind in _TAKES.get(operation.strategy, {kind})
    if isinstance(value, bool):
        return kind == "boolean"
    return kind in (_NUMBERS if isinstance(value, int | float) else {"string"})


def _filled(column: pl.Expr, operation: FillNulls, value: Any, name: str, kind: str) -> pl.Expr:
    if operation.strategy is not None:
        return _filled_by(column, operation.strategy, name, kind)
    timely = isinstance(value, str) and kind in {"date", "timestamp", "time"}
    if not timely and not _fits(operation, value, kind):
        raise ConfigError(
            Finding(
                "PPF105",
                f"column {name!r} is {kind} and cannot take {value!r}",
                column=name,
                fix="give a value of its type, or cast the column before",
            )
        )
    try:
        return column.fill_null(pl.lit(_of_kind(value, kind)))
    except ValueError as error:
        raise ConfigError(Finding("PPF105", f"{value!r} is no {kind}: {error}", column=name)) from None


def _of_kind(value: Any, kind: str) -> Any:
    """Return a value as one of a column's type; text stands for dates and times."""
    kinds: Mapping[str, Any] = {"date": dt.date, "timestamp": dt.datetime, "time": dt.time}
    return kinds[kind].fromisoformat(value) if isinstance(value, str) and kind in kinds else value


def _filled_by(column: pl.Expr, strategy: str, name: str, kind: str) -> pl.Expr:
    if kind not in _TAKES.get(strategy, {kind}):
        raise ConfigError(
            Finding(
                "PPF105",
                f"column {name!r} is {kind}, which has no {strategy}",
                column=name,
                fix="leave it out of `columns`, or choose mode, forward or backward",
            )
        )
    by: Mapping[str, Callable[[], pl.Expr]] = {
        "forward": column.forward_fill,
        "backward": column.backward_fill,
        "mean": lambda: column.fill_null(column.mean()),
        "median": lambda: column.fill_null(column.median()),
        "min": lambda: column.fill_null(column.min()),
        "max": lambda: column.fill_null(column.max()),
        # Of several values that are equally frequent the smallest, so that the result is one and the same.
        "mode": lambda: column.fill_null(column.drop_nulls().mode().min()),
    }
    return by[strategy]()


def cast(operation: Cast, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the table with other types; strictly, a value that does not fit ends the query."""
    kinds = frame.collect_schema()
    before = {name: _BEFORE + name for name in operation.columns}
    kept = frame.with_columns(pl.col(name).alias(copy) for name, copy in before.items())
    texts = {
        name: kind
        for name, kind in operation.columns.items()
        if kinds[name].base_type() == pl.String and kind in {"integer", "number", "boolean", "date", "time"}
    }
    schema = TableSchema(tuple(Column(name, kind) for name, kind in texts.items()))
    made = cast_to(kept, schema).frame.with_columns(
        _converted(pl.col(name), kind, kinds[name])
        for name, kind in operation.columns.items()
        if name not in texts
    )
    if operation.strict:
        made = made.with_columns(_held(name, before[name], kind) for name, kind in operation.columns.items())
    return made.drop(list(before.values()))


def _converted(column: pl.Expr, kind: Logical, was: pl.DataType) -> pl.Expr:
    if was == pl.String and kind == "timestamp":
        text = column.str.strip_chars().str.replace("T", " ", literal=True)
        return pl.coalesce(text.str.strptime(pl.Datetime("us"), form, strict=False) for form in _TIMESTAMPS)
    types: Mapping[str, Any] = {
        "string": pl.String,
        "integer": pl.Int64,
        "number": pl.Float64,
        "decimal": pl.Decimal(38, 9),
        "boolean": pl.Boolean,
        "date": pl.Date,
        "timestamp": pl.Datetime("us"),
        "time": pl.Time,
    }
    return column.cast(types[kind], strict=False)


def _held(name: str, before: str, kind: Logical) -> pl.Expr:
    """Return a cast column that ends the query when a value was lost on the way."""

    def hold(pairs: pl.Series) -> pl.Series:
        old, new = pairs.struct.field(before), pairs.struct.field(name)
        blank = (
            (old.str.strip_chars() == "")
            if old.dtype == pl.String
            else pl.repeat(value=False, n=len(old), eager=True)
        )
        lost = old.is_not_null() & new.is_null() & ~blank
        if old.dtype.is_float():
            lost &= old.is_not_nan()
        if old.dtype.is_float() and new.dtype.is_integer():
            lost |= (old != new.cast(old.dtype)).fill_null(value=False)  # a fraction would be cut off
        if lost.any():
            shown = ", ".join(repr(value) for value in old.filter(lost).head(_SHOWN))
            raise LostValuesError(f"{lost.sum():,} of the values of column {name!r} are no {kind}: {shown}")
        return new

    return pl.struct(before, name).map_batches(hold, is_elementwise=True).alias(name)
