"""Reading a table of a database into Parquet; files are read where they are taken in."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.running.context import StepContext

SCHEMES = ("sqlite", "duckdb")


def read(args: Mapping[str, Any], context: StepContext) -> None:
    """Copy a table of a database into a Parquet file; nothing to do for a file.

    Raises:
        ContractError: The database is of an unknown kind or not there, or has no such table.
    """
    if args["format"] != "database":
        return
    scheme, path = split_address(args["database"])
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        raise ContractError(Finding("PPF143", f"there is no database {path}", fix="check `database`"))
    if scheme == "sqlite":
        _from_sqlite(path, args["table"], into)
    else:
        _from_duckdb(path, args["table"], into, context)


def split_address(address: str) -> tuple[str, Path]:
    """Return the kind and the file of ``sqlite:///shop.db`` or ``duckdb:///shop.duckdb``.

    Raises:
        ContractError: Another kind of database.
    """
    scheme, mark, rest = address.partition("://")
    if not mark or scheme not in SCHEMES:
        raise ContractError(
            Finding(
                "PPF105",
                f"{scheme!r} is no database that can be read",
                fix=suggest(scheme, SCHEMES),
            )
        )
    return scheme, Path(rest.removeprefix("/") if not rest.startswith("//") else rest[1:])


def _from_sqlite(path: Path, table: str, into: Path) -> None:
    import polars as pl

    from pipeproof.formats import tables

    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        ]
        _refuse_unknown(table, names)
        quoted = table.replace('"', '""')
        batches = pl.read_database(
            f'SELECT * FROM "{quoted}"',  # noqa: S608 quoted as SQL asks, and known to exist
            database,
            iter_batches=True,
            batch_size=100_000,
            infer_schema_length=None,
        )
        parts = []
        for number, batch in enumerate(batches):
            part = into.with_name(f"part-{number}.parquet")
            batch.write_parquet(part)
            parts.append(pl.scan_parquet(part, glob=False))
        tables.write(pl.concat(parts, how="vertical_relaxed"), into, "parquet")
    finally:
        database.close()


def _from_duckdb(path: Path, table: str, into: Path, context: StepContext) -> None:
    import duckdb

    database = duckdb.connect(str(path), read_only=True)
    context.on_stop(database.interrupt)
    try:
        names = [
            row[0] for row in database.execute("SELECT table_name FROM information_schema.tables").fetchall()
        ]
        _refuse_unknown(table, names)
        quoted = table.replace('"', '""')
        target = str(into).replace("'", "''")
        database.execute(f"COPY (SELECT * FROM \"{quoted}\") TO '{target}' (FORMAT parquet)")  # noqa: S608 both quoted
    finally:
        database.close()


def _refuse_unknown(table: str, names: list[str]) -> None:
    if table not in names:
        raise ContractError(
            Finding("PPF143", f"the database has no table {table!r}", fix=suggest(table, names))
        )
