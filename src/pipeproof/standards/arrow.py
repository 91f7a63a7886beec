"""Arrow schemas: those of Arrow and Parquet files, read from them and written as an Arrow file without rows."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from pipeproof.errors import ContractError, Finding, first_line
from pipeproof.model.contract import Column, TableSchema
from pipeproof.standards.losing import Losses, Lost
from pipeproof.standards.notes import Notes, Path

_SAID = frozenset({"nullable", "items", "fields", "description"})
_DIGITS = 38  # the most that 128 bits hold


def _pyarrow() -> Any:
    """Return pyarrow, which alone tells whether a column may be null.

    Raises:
        ContractError: It is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        what = "Arrow schemas are read and written by pyarrow, which is not installed"
        fix = "install the extra `pandas`: pip install 'pipeproof[pandas]'"
        raise ContractError(Finding("PPF372", what, fix=fix)) from error
    return pa


def write(schemas: Mapping[str, TableSchema]) -> tuple[bytes, list[Lost]]:
    """Return one table as an Arrow file without rows, and the rules that it cannot say.

    Raises:
        ValueError: There are several tables; a file of Arrow has one.
        ContractError: pyarrow is not installed.
    """
    if len(schemas) != 1:
        raise ValueError("an Arrow file is of one table")
    pa = _pyarrow()
    name, schema = next(iter(schemas.items()))
    losses = Losses(name)
    fields = [_field(pa, column, column.name, losses) for column in schema.columns]
    about = {"name": name, **({"description": schema.description} if schema.description else {})}
    losses.rest(schema, {"description"})
    buffer = io.BytesIO()
    with pa.ipc.new_file(buffer, pa.schema(fields, metadata=about)):
        pass  # no rows: the schema is all there is to say
    return buffer.getvalue(), losses.found


def _field(pa: Any, column: Column, name: str, losses: Losses, called: str = "") -> Any:
    said = set(_SAID)
    kind = _type(pa, column, name, losses)
    if column.type != "decimal":
        said.add("type")
    elif _is_sized(column):
        said |= {"type", "precision", "scale"}
    nullable = column.nullable or pa.types.is_null(kind)
    if nullable != column.nullable:  # a column without a type is one of nulls to Arrow
        said.discard("nullable")
    about = {"description": column.description} if column.description else None
    losses.column(column, said, name)
    return pa.field(called or column.name, kind, nullable=nullable, metadata=about)


def _is_sized(column: Column) -> bool:
    """Return whether a column has the digits that a decimal of Arrow needs."""
    digits = column.precision
    return column.type == "decimal" and digits is not None and column.scale is not None and digits <= _DIGITS


def _type(pa: Any, column: Column, name: str, losses: Losses) -> Any:
    if column.type == "list":
        item = pa.null() if column.items is None else _field(pa, column.items, f"{name}[]", losses, "item")
        return pa.list_(item)
    if column.type == "struct":
        return pa.struct([_field(pa, inner, f"{name}.{inner.name}", losses) for inner in column.fields])
    if _is_sized(column):
        return pa.decimal128(column.precision, column.scale)
    simple = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "decimal": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "time": pa.time64("us"),
        None: pa.null(),
    }
    return simple[column.type]


def read(path: FilePath, name: str, notes: Notes) -> dict[str, TableSchema]:
    """Return the table of an Arrow or Parquet file.

    Args:
        path: The file.
        name: What to call a table without a name.
        notes: Takes what is not enforced.

    Raises:
        ContractError: It is no such file, or pyarrow is not installed.
    """
    pa = _pyarrow()
    try:
        schema = _schema(pa, path)
    except (pa.ArrowException, OSError) as error:
        what = f"{path} is no Arrow or Parquet file: {first_line(error)}"
        raise ContractError(
            Finding("PPF372", what, fix="name a file of Arrow, Feather or Parquet")
        ) from error
    columns = tuple(_column(pa, field, (field.name,), notes) for field in schema)
    about = _texts(schema.metadata)
    called = about.get("name") or name
    return {called: TableSchema(columns, name=called, description=about.get("description", ""))}


def _schema(pa: Any, path: FilePath) -> Any:
    with path.open("rb") as file:
        start = file.read(6)
    if start[:4] == b"PAR1":
        import pyarrow.parquet as pq

        return pq.read_schema(path)
    with pa.OSFile(str(path), "rb") as source:
        opened = pa.ipc.open_file(source) if start == b"ARROW1" else pa.ipc.open_stream(source)
        return opened.schema


def _texts(metadata: Any) -> dict[str, str]:
    items = (metadata or {}).items()
    return {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in items}


def _column(pa: Any, field: Any, path: Path, notes: Notes, called: str = "") -> Column:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    said: dict[str, Any] = {"type": _logical(pa, kind)}
    if said["type"] is None and not pa.types.is_null(kind):
        notes.kept(path, f"{kind} is no type that is asked of columns")
    if said["type"] == "decimal":
        said |= {"precision": kind.precision, "scale": kind.scale}
    if said["type"] == "list" and not _says_nothing(pa, kind.value_field):
        said["items"] = _column(pa, kind.value_field, (*path, "[]"), notes, "items")
    if said["type"] == "struct":
        said["fields"] = tuple(_column(pa, inner, (*path, inner.name), notes) for inner in kind)
    about = _texts(field.metadata).get("description", "")
    return Column(called or field.name, nullable=field.nullable, description=about, **said)


def _says_nothing(pa: Any, field: Any) -> bool:
    return pa.types.is_null(field.type) and not field.metadata


def _logical(pa: Any, kind: Any) -> str | None:
    types = pa.types
    is_list = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view)
    asked = (
        ("boolean", (types.is_boolean,)),
        ("integer", (types.is_integer,)),
        ("number", (types.is_floating,)),
        ("decimal", (types.is_decimal,)),
        ("string", (types.is_string, types.is_large_string, types.is_string_view)),
        ("date", (types.is_date,)),
        ("timestamp", (types.is_timestamp,)),
        ("time", (types.is_time,)),
        ("list", is_list),
        ("struct", (types.is_struct,)),
    )
    return next((name for name, tests in asked if any(test(kind) for test in tests)), None)
