"""One rule of a schema broken in a table that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeproof.data.synth.domains import series
from pipeproof.data.values import refused, with_kind
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.trial import Case

if TYPE_CHECKING:
    import polars as pl

_TWO = 2
_WORDS = {"boolean": "maybe", "date": "31.02.2024", "timestamp": "yesterday", "time": "noon"}


def least_rows(case: Case) -> int:
    """Return how many rows it takes to show what is wrong."""
    return _TWO if case.name in {"unique", "key"} else 1


def spoiled(
    frame: pl.DataFrame, schema: TableSchema, case: Case, random: np.random.Generator
) -> pl.DataFrame:
    """Return a table with the one fault that a case names."""
    import polars as pl

    if case.name == "missing_column":
        return frame.drop(case.column)
    if case.name == "extra_columns":
        return frame.with_columns(pl.Series(_free_name(schema), np.arange(frame.height)))
    if case.name == "min_rows" or not frame.height:
        return frame if case.name != "type" else frame.with_columns(_mistyped(frame, schema[case.column], 0))
    if case.name in {"unique", "key"}:
        names = schema.key if case.name == "key" else (case.column,)
        return _repeated(frame, names, random)
    row = int(random.integers(0, frame.height))
    column = schema[case.column]
    if case.name == "type":
        return frame.with_columns(_mistyped(frame, column, row))
    return frame.with_columns(_with_value(frame[case.column], column, case.name, row))


def _free_name(schema: TableSchema) -> str:
    name = "unexpected"
    while name in schema.names:
        name += "_"
    return name


def _mistyped(frame: pl.DataFrame, column: Column, row: int) -> pl.Series:
    """Return a column of another type: numbers in place of text, else text with one word that is no value."""
    import polars as pl

    values = frame[column.name]
    if column.type == "string":
        return pl.Series(column.name, np.arange(frame.height), dtype=pl.Int64)
    texts = values.cast(pl.String)
    if frame.height:
        texts = texts.scatter(row, _WORDS.get(str(column.type), "n/a"))
    return texts


def _with_value(values: pl.Series, column: Column, rule: str, row: int) -> pl.Series:
    if rule == "nullable":
        return _replaced(values, row, values.clear(1))
    bad = series([refused(column, rule)], with_kind(column))
    if values.dtype.is_decimal():
        values = values.cast(bad.dtype)  # a float is a decimal to the contract, and holds any bound
    return _replaced(values, row, bad)


def _replaced(values: pl.Series, row: int, by: pl.Series) -> pl.Series:
    import polars as pl

    here = np.arange(len(values)) == row
    return (
        by.cast(values.dtype)
        .new_from_index(0, len(values))
        .zip_with(pl.Series(here), values)
        .rename(values.name)
    )


def _repeated(frame: pl.DataFrame, names: tuple[str, ...], random: np.random.Generator) -> pl.DataFrame:
    """Return a table in which one row has the values of another in some columns."""
    if frame.height == 1:  # where only one value is allowed, a second row must have it too
        return frame.vstack(frame)
    there = frame.select(names).with_row_index("row of ours").drop_nulls()["row of ours"]
    if len(there) == 0:
        return frame
    source = int(there[0])
    others = [row for row in range(min(frame.height, 1000)) if row != source]
    target = int(random.choice(others)) if others else source
    at = np.arange(frame.height)
    at[target] = source
    return frame.with_columns(frame[name].gather(at) for name in names)
