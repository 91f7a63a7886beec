"""Tables of databases that are files, copied into Parquet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeproof.errors import ContractError, Finding
from pipeproof.formats.databases.address import database_file

OnStop = Callable[[Callable[[], None]], object]
"""Takes what to call when the copying is to be stopped."""


def copy_table(scheme: str, path: Path, table: str, into: Path, what: str, on_stop: OnStop) -> None:
    """Copy a table or view of a database into a Parquet file; memory does not grow with its rows.

    Args:
        scheme: The kind of database: ``sqlite`` or ``duckdb``.
        path: Its file.
        table: The table, or ``SCHEMA.TABLE`` where the kind has schemas.
        into: The Parquet file.
        what: What the table is, for messages: "source 'orders'".
        on_stop: Takes what to call to interrupt the copying.

    Raises:
        ContractError: The file is no database of the kind, or has no such table.
    """
    if scheme == "sqlite":
        from pipeproof.formats.databases import sqlite_table

        sqlite_table.copy(path, table, into, what, on_stop)
    else:
        from pipeproof.formats.databases import duckdb_table

        duckdb_table.copy(path, table, into, what, on_stop)


def table_at(address: str) -> tuple[str, Path, str]:
    """Return the kind, the file and the table of ``sqlite:///shop.db#orders``; without a name, its only table.

    Raises:
        ContractError: The address is wrong, there is no such file, or it has several tables.
    """
    place, _, table = address.partition("#")
    scheme, path = database_file(place, Path.cwd(), address)
    if table:
        return scheme, path, table
    names = names_of_tables(scheme, path, address)
    if len(names) != 1:
        fix = f"write {place}#NAME; there is: {', '.join(names) or 'none'}"
        raise ContractError(Finding("PPF391", f"{address} names no table of the database", fix=fix))
    return scheme, path, names[0]


def names_of_tables(scheme: str, path: Path, what: str) -> list[str]:
    """Return the names of the tables and views of a database.

    Raises:
        ContractError: The file is no database of the kind.
    """
    if scheme == "sqlite":
        from pipeproof.formats.databases import sqlite_table

        return sqlite_table.names(path, what)
    from pipeproof.formats.databases import duckdb_table

    return duckdb_table.names(path, what)
