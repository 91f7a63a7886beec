"""Running a bound query on DuckDB, from Parquet to Parquet, larger than memory if need be.

The type map at this edge: DuckDB's 128-bit integers (``SUM`` of integers is one) become BIGINT,
with an error if a value does not fit; types that Parquet readers disagree on (UUID, INTERVAL, BIT,
enums, times with a zone) become text. DuckDB fetches no extension from the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipeproof.running.context import StepContext
from pipeproof.steps.sql.query import Bound, bind

_CASTS = {
    "HUGEINT": "BIGINT",
    "UHUGEINT": "BIGINT",
    "UUID": "VARCHAR",
    "INTERVAL": "VARCHAR",
    "BIT": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
}


def execute(args: Mapping[str, Any], context: StepContext) -> None:
    """Run the query and write its result to ``into``."""
    views = {table.lower(): f"pipeproof_{index}" for index, table in enumerate(args["tables"])}
    bound = bind(args["query"], args["dialect"], args["parameters"], views)
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "temp_directory": str(into.parent / "spill"),
        "autoinstall_known_extensions": False,
    }
    database = duckdb.connect(config=settings)
    context.on_stop(database.interrupt)
    try:
        for table, path in args["tables"].items():
            view = views[table.lower()]
            database.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet({_quote(path)})")  # noqa: S608 names are ours, the path is quoted
        _copy(database, bound, into, args["chunk_size"])
    finally:
        database.close()


def _copy(database: duckdb.DuckDBPyConnection, bound: Bound, into: Path, chunk_size: int | None) -> None:
    described = database.execute(f"DESCRIBE {bound.sql}", dict(bound.values)).fetchall()
    columns = ", ".join(_column(name, kind) for name, kind, *_ in described)
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {chunk_size or 122_880}"
    text = f"COPY (SELECT {columns} FROM ({bound.sql})) TO {_quote(str(into))} ({options})"  # noqa: S608 built from a syntax tree, values are bound
    database.execute(text, dict(bound.values))


def _column(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    cast = "VARCHAR" if kind.startswith("ENUM") else _CASTS.get(kind)
    return f"CAST({quoted} AS {cast}) AS {quoted}" if cast else quoted


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
