"""What a contract asks of a table besides its rows: its columns, their types, how many rows there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.contracts.limits import limit_of
from pipeproof.data.checking.result import RuleResult
from pipeproof.data.checking.rules import Present
from pipeproof.errors import closest
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, TableSchema

if TYPE_CHECKING:
    import polars as pl

_TYPELESS = frozenset({"Null", "string"})
_SHOWN = 12


def shape(
    schema: TableSchema, present: Present, rows: int, typed: Collection[str] = ()
) -> Iterator[RuleResult]:
    """Yield what came of the rules of columns and their types.

    Args:
        schema: The contract.
        present: The columns of the table with their types.
        rows: How many rows there are.
        typed: Columns that were text and were given their types; their values are asked, not the column.
    """
    for column in schema.columns:
        if column.name in present:
            yield from _type(column, present[column.name], rows, typed)
        elif column.required:
            yield _missing(column.name, present)
        if column.name in present and column.required:
            yield RuleResult(column.name, "missing_column", "is there")
    if schema.extra_columns == "refuse":
        yield from _extra(schema, present)


def judged(results: Iterable[RuleResult], schema: TableSchema) -> Iterator[RuleResult]:
    """Yield results as bad as the limits of the contract say; such rules hold or do not, no row may break them."""
    for result in results:
        limit = limit_of(result.column, result.rule, schema)
        if result.status != "kept" and limit is not None:
            yield replace(result, severity=limit.severity)
        else:
            yield result


def row_counts(schema: TableSchema, rows: int) -> Iterator[RuleResult]:
    """Yield what came of the rules on how many rows there are."""
    if schema.min_rows:
        kept = rows >= schema.min_rows
        why = "" if kept else f"{rows:,} rows, the contract says at least {schema.min_rows:,}"
        yield _of_rows("min_rows", f"has at least {schema.min_rows:,} rows", why, rows)
    if schema.max_rows is not None:
        kept = rows <= schema.max_rows
        why = "" if kept else f"{rows:,} rows, the contract says at most {schema.max_rows:,}"
        yield _of_rows("max_rows", f"has at most {schema.max_rows:,} rows", why, rows)


def _of_rows(rule: str, says: str, why: str, rows: int) -> RuleResult:
    status = "broken" if why else "kept"
    return RuleResult("", rule, says, status, value=rows, why=why, code="PPF305")  # type: ignore[arg-type]  # one of two


def _missing(name: str, present: Mapping[str, Any]) -> RuleResult:
    like = closest(name, present)
    there = ", ".join(list(present)[:_SHOWN]) or "no columns"
    fix = f"the table has {like!r}: rename it" if like else f"the table has: {there}"
    why = f"column {name!r} is missing"
    return RuleResult(name, "missing_column", "is there", "broken", why=why, fix=fix, code="PPF301")


def _extra(schema: TableSchema, present: Present) -> Iterator[RuleResult]:
    extra = [name for name in present if name not in schema.names]
    says = "no other columns"
    if not extra:
        yield RuleResult("", "extra_columns", says)
    for name in extra:
        fix = "drop it, add it to the contract, or set extra_columns: allow"
        why = f"column {name!r} is not in the contract"
        yield RuleResult(name, "extra_columns", says, "broken", why=why, fix=fix, code="PPF304")


def _type(column: Column, dtype: pl.DataType, rows: int, typed: Collection[str]) -> Iterator[RuleResult]:
    kind = logical_type(dtype)
    if column.type and column.name not in typed:
        says = f"is {column.type}"
        # Pandas calls the columns of a table without rows text, or nothing at all.
        typeless = kind in _TYPELESS and not rows
        if kind in ACCEPTED[column.type] or typeless or (kind == "Null" and column.nullable):
            yield RuleResult(column.name, "type", says)
        else:
            yield _mistyped(column, kind)
            return
    yield from _within(column, dtype, kind)


def _mistyped(column: Column, kind: str) -> RuleResult:
    why = f"column {column.name!r} is {kind}, the contract says {column.type}"
    fix = "cast it where it is made, or change the contract"
    return RuleResult(column.name, "type", f"is {column.type}", "broken", why=why, fix=fix, code="PPF302")


def _within(column: Column, dtype: pl.DataType, kind: str) -> Iterator[RuleResult]:
    """Yield what came of the types of what is in lists and structs."""
    import polars as pl

    inner = getattr(dtype, "inner", None)
    if kind == "list" and column.items is not None and inner is not None:
        yield from _part(replace(column.items, name=f"{column.name}.items"), inner)
    if isinstance(dtype, pl.Struct):
        kinds: dict[str, Any] = {field.name: field.dtype for field in dtype.fields}
        for field in column.fields:
            named = replace(field, name=f"{column.name}.{field.name}")
            if field.name in kinds:
                yield from _part(named, kinds[field.name])
            elif field.required:
                whole = {f"{column.name}.{name}": of for name, of in kinds.items()}
                yield _missing(named.name, whole)


def _part(column: Column, dtype: pl.DataType) -> Iterator[RuleResult]:
    kind = logical_type(dtype)
    if column.type and kind not in ACCEPTED[column.type] and kind != "Null":
        yield _mistyped(column, kind)
        return
    if column.type:
        yield RuleResult(column.name, "type", f"is {column.type}")
    yield from _within(column, dtype, kind)
