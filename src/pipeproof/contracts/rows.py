"""Whether rows given as dicts keep a schema: the reference that faster checks are held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeproof.contracts.constraints import Broken, Value, broken_by, is_missing
from pipeproof.model.contract import TableSchema

Row = Mapping[str, Value]


def breaks(row: Row, schema: TableSchema) -> Iterator[Broken]:
    """Yield what one row breaks: columns that are missing or too many, and rules of its values."""
    for column in schema.columns:
        if column.name in row:
            yield from broken_by(row[column.name], column)
        elif column.required:
            yield Broken(column.name, "missing", "is there")
    if schema.extra_columns == "refuse":
        for name in row:
            if name not in schema.names:
                yield Broken(name, "extra", "is not in the contract")


def breaks_together(rows: Sequence[Row], schema: TableSchema) -> Iterator[Broken]:
    """Yield what rows break as a table: their number, unique columns, the key, and all of `breaks`."""
    if len(rows) < schema.min_rows:
        yield Broken("", "min_rows", f"has at least {schema.min_rows:,} rows")
    if schema.max_rows is not None and len(rows) > schema.max_rows:
        yield Broken("", "max_rows", f"has at most {schema.max_rows:,} rows")
    for row in rows:
        yield from breaks(row, schema)
    yield from repeated(rows, schema)


def repeated(rows: Sequence[Row], schema: TableSchema) -> Iterator[Broken]:
    """Yield the unique columns and the key whose values stand in more than one row.

    A missing value may stand in a unique column more than once; in a key it is a value like another.
    """
    for column in schema.columns:
        if column.unique:
            values = (row[column.name] for row in rows if column.name in row)
            if _twice(value for value in values if not is_missing(value)):
                yield Broken(column.name, "unique", "is unique")
    if schema.key and all(name in row for row in rows for name in schema.key):
        keys = (tuple(None if is_missing(row[name]) else row[name] for name in schema.key) for row in rows)
        if _twice(keys):
            yield Broken(schema.key[0], "key", f"({', '.join(schema.key)}) is unique")


def _twice(values: Iterable[object]) -> bool:
    seen = set()
    for value in values:
        if value in seen:
            return True
        seen.add(value)
    return False
