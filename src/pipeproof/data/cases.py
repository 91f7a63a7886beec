"""What is worth trying with a table: all that its schema allows, and each way in which it may be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeproof.data.extremes import VALUE_RULES, can_break, has_extremes, kind_of, refused
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.trial import Case

ROW_RULES = frozenset({"missing_column", "type", "extra_columns", "min_rows"})
"""Names of cases that one bad row cannot show: the whole table is wrong."""
_SHOWN = 40


def edge_cases(schema: TableSchema) -> tuple[Case, ...]:
    """Return what a schema allows and a sample would not show, each for all columns that it is about."""
    return tuple(_edges(schema))


def _edges(schema: TableSchema) -> Iterator[Case]:
    for name, applies, says in _BY_COLUMN:
        if any(map(applies, schema.columns)):
            yield Case("edge", name, says=f"{says} in every column that allows them")
    if schema.min_rows == 0:
        yield Case("edge", "empty", says="a table without rows")
    if schema.min_rows <= 1 and (schema.max_rows is None or schema.max_rows >= 1):
        yield Case("edge", "one_row", says="a table of one row")
    if schema.columns and _may_repeat(schema):
        yield Case("edge", "duplicates", says="every row twice")


def _may_repeat(schema: TableSchema) -> bool:
    enough = schema.max_rows is None or schema.max_rows > 1
    return enough and not schema.key and not any(column.unique for column in schema.columns)


def _is_nullable(column: Column) -> bool:
    return column.nullable


def _has_rare_values(column: Column) -> bool:
    return bool(column.categories) or column.pattern is not None or column.format is not None


_BY_COLUMN: tuple[tuple[str, Callable[[Column], bool], str], ...] = (
    ("nulls", _is_nullable, "missing values"),
    ("extremes", has_extremes, "extreme values"),
    ("categories", _has_rare_values, "rare values"),
)


def narrow(case: Case, schema: TableSchema) -> tuple[Case, ...]:
    """Return the same edge for each single column that it is about; nothing for other cases."""
    if case.scenario != "edge" or case.column:
        return ()
    return tuple(
        replace(case, column=column.name, says=f"{says} in {column.name}")
        for name, applies, says in _BY_COLUMN
        if name == case.name
        for column in schema.columns
        if applies(column)
    )


def malformed_cases(schema: TableSchema) -> tuple[Case, ...]:
    """Return every way to break one rule of a schema, of its columns first and then of the table."""
    columns = (case for column in schema.columns for case in _broken_column(column, schema))
    return (*columns, *_broken_table(schema))


def _broken_column(column: Column, schema: TableSchema) -> Iterator[Case]:
    name = column.name
    if column.required:
        yield _malformed("missing_column", f"no column {name}", name)
    if schema.max_rows == 0:
        return
    if column.type:
        wrong = "numbers" if column.type == "string" else "a text"
        yield _malformed("type", f"{name}: {wrong}, the type is {column.type}", name)
    if not column.nullable:
        yield _malformed("nullable", f"{name}: a missing value", name)
    yield from _broken_values(column, name)
    if column.unique and schema.max_rows != 1:
        yield _malformed("unique", f"{name}: a value twice", name)
    if column.order is not None and schema.max_rows != 1:
        yield _malformed("order", f"{name}: a row that stands before the one it follows", name)


def _broken_values(column: Column, name: str) -> Iterator[Case]:
    """Yield the rules that one value breaks, of elements and fields too."""
    for rule in VALUE_RULES if kind_of(column) else ():
        value = refused(column, rule)
        if value is not None:
            yield _malformed(rule, f"{name}: {_says(column, rule, value)}", name)
    yield from _broken_items(column, name)
    for field in column.fields:
        yield from _broken_field(field, f"{name}.{field.name}")


def _broken_items(column: Column, name: str) -> Iterator[Case]:
    if column.items is not None and column.max_items != 0:
        if not column.items.nullable:
            yield _malformed("items.nullable", f"{name}: a missing element", name)
        for rule in VALUE_RULES:
            value = refused(column, f"items.{rule}")
            if isinstance(value, list):
                yield _malformed(
                    f"items.{rule}", f"{name}: an element {_says(column.items, rule, value[0])}", name
                )


def _broken_field(field: Column, inner: str) -> Iterator[Case]:
    if not field.nullable:
        yield _malformed("nullable", f"{inner}: a missing value", inner)
    for rule in VALUE_RULES if kind_of(field) else ():
        value = refused(field, rule)
        if value is not None and not isinstance(value, list):
            yield _malformed(rule, f"{inner}: {_says(field, rule, value)}", inner)


def _says(column: Column, rule: str, value: object) -> str:
    shown = repr(value) if isinstance(value, str) else str(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}...'"
    return {
        "minimum": f"{shown}, the least is {column.minimum}" + _open(column.minimum_open),
        "maximum": f"{shown}, the most is {column.maximum}" + _open(column.maximum_open),
        "categories": f"a category that the contract does not know ({shown})",
        "pattern": f"{shown}, which does not match {column.pattern}",
        "multiple_of": f"{shown}, which is no multiple of {column.multiple_of}",
        "digits": f"{shown}, which has too many digits",
        "format": f"{shown}, which is no {column.format}",
        "min_items": "a list too short",
        "max_items": "a list too long",
        "min_length": f"a text too short ({shown})",
        "max_length": "a text too long",
    }[rule]


def _open(is_open: bool) -> str:  # noqa: FBT001 a field of the column
    return ", itself not allowed" if is_open else ""


def _broken_table(schema: TableSchema) -> Iterator[Case]:
    alone = any(column.unique for column in schema.columns if column.name in schema.key)
    listed = all(name in schema.names for name in schema.key)
    if schema.key and listed and not alone and schema.max_rows not in {0, 1}:
        yield _malformed("key", f"the key ({', '.join(schema.key)}) twice")
    for comparison in schema.comparisons:
        if schema.max_rows != 0 and can_break(comparison, schema):
            yield _malformed(comparison.name, f"a row that breaks {comparison.name}", comparison.left)
    if schema.max_rows != 0:
        for condition in schema.conditions:
            yield _malformed(condition.name, f"a row that breaks {condition.name}")
    if schema.min_rows == 1:
        yield _malformed("min_rows", "no rows")
    elif schema.min_rows:
        yield _malformed("min_rows", f"{schema.min_rows - 1:,} rows, the least are {schema.min_rows:,}")
    if schema.extra_columns == "refuse":
        yield _malformed("extra_columns", "a column that the contract does not have")


def _malformed(name: str, says: str, column: str = "") -> Case:
    return Case("malformed", name, column, says)
