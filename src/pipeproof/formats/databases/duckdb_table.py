"""A table of a DuckDB file, streamed into Parquet by DuckDB itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipeproof.formats.databases import OnStop
from pipeproof.formats.databases.address import refuse_unknown, unreadable
from pipeproof.formats.databases.duckdb_types import column


def names(path: Path, what: str) -> list[str]:
    """Return the names of the tables and views of a file, those outside of `main` with their schema.

    Raises:
        ContractError: The file is no DuckDB database.
    """
    with _opened(path, what) as database:
        return [
            name for name, (schema, _) in _places(database).items() if (schema == "main") != ("." in name)
        ]


def copy(path: Path, table: str, into: Path, what: str, on_stop: OnStop) -> None:
    """Copy a table or view (``NAME`` or ``SCHEMA.NAME``) into a Parquet file.

    Raises:
        ContractError: The file is no DuckDB database, or has no such table.
    """
    with _opened(path, what) as database:
        on_stop(database.interrupt)
        _copy(database, table, into, what)


@contextmanager
def _opened(path: Path, what: str) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    try:
        database = duckdb.connect(str(path), read_only=True, config=settings)
    except duckdb.IOException as error:
        if "Could not set lock" in str(error):
            raise  # another process writes to it: the next try may succeed
        raise unreadable(path, what, error) from error
    try:
        yield database
    except duckdb.SerializationException as error:
        raise unreadable(path, what, error) from error
    finally:
        database.close()


def _places(database: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Return the tables by every name that they can be called by: schema and name."""
    listed = database.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
    names = {name: (schema, name) for schema, name in listed if schema == "main"}
    return names | {f"{schema}.{name}": (schema, name) for schema, name in listed}


def _copy(database: duckdb.DuckDBPyConnection, table: str, into: Path, what: str) -> None:
    names = _places(database)
    refuse_unknown(table, [name for name in names if not name.startswith("main.") or name == table], what)
    place = ".".join('"' + part.replace('"', '""') + '"' for part in names[table])
    described = database.execute(f"DESCRIBE SELECT * FROM {place}").fetchall()  # noqa: S608 quoted, and known to exist
    columns = ", ".join(column(str(name), str(kind)) for name, kind, *_ in described)
    target = str(into).replace("'", "''")
    database.execute(f"COPY (SELECT {columns} FROM {place}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608 all quoted
