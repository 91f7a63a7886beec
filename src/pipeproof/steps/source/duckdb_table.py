"""A table of a DuckDB file, streamed into Parquet by DuckDB itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipeproof.running.context import StepContext
from pipeproof.steps.source.read import refuse_unknown, unreadable
from pipeproof.steps.sql.execute import column


def copy(path: Path, table: str, into: Path, what: str, context: StepContext) -> None:
    """Copy a table or view (``NAME`` or ``SCHEMA.NAME``) into a Parquet file.

    Raises:
        ContractError: The file is no DuckDB database, or has no such table.
    """
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    try:
        database = duckdb.connect(str(path), read_only=True, config=settings)
    except duckdb.IOException as error:
        if "Could not set lock" in str(error):
            raise  # another process writes to it: the next try may succeed
        raise unreadable(path, what, error) from error
    context.on_stop(database.interrupt)
    try:
        _copy(database, table, into, what)
    except duckdb.SerializationException as error:
        raise unreadable(path, what, error) from error
    finally:
        database.close()


def _copy(database: duckdb.DuckDBPyConnection, table: str, into: Path, what: str) -> None:
    listed = database.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
    names = {name: (schema, name) for schema, name in listed if schema == "main"}
    names |= {f"{schema}.{name}": (schema, name) for schema, name in listed}
    refuse_unknown(table, [name for name in names if not name.startswith("main.") or name == table], what)
    place = ".".join('"' + part.replace('"', '""') + '"' for part in names[table])
    described = database.execute(f"DESCRIBE SELECT * FROM {place}").fetchall()  # noqa: S608 quoted, and known to exist
    columns = ", ".join(column(str(name), str(kind)) for name, kind, *_ in described)
    target = str(into).replace("'", "''")
    database.execute(f"COPY (SELECT {columns} FROM {place}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608 all quoted
