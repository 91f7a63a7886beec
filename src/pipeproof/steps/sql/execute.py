"""Running a bound query on DuckDB, from Parquet to Parquet, larger than memory if need be.

The type map at this edge is that of `formats.databases.duckdb_types`.

The query sees its datasets and nothing else: external access is switched off once the views stand,
so it can read no file, write none, and fetch no extension.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipeproof.errors import ConfigError, ContractError, Finding
from pipeproof.formats.databases.duckdb_types import column
from pipeproof.running.context import StepContext
from pipeproof.steps.marking import BadSqlError
from pipeproof.steps.sql.complaint import complaint
from pipeproof.steps.sql.query import Bound, bind, parse

_ROW_GROUP = 122_880  # DuckDB's own default

# What another try may mend, or what was ordered by us; everything else is the query's or the data's.
_PASSING = (
    duckdb.InterruptException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.InternalException,
    duckdb.FatalException,
)


def execute(args: Mapping[str, Any], context: StepContext) -> None:
    """Run the query and write its result to ``into``.

    Raises:
        ConfigError: The query cannot be bound.
        ContractError: DuckDB refuses the query, or its result cannot be kept.
    """
    views = {table: f"pipeproof_{index}" for index, table in enumerate(args["tables"])}
    try:
        bound = bind(parse(args["query"], args["dialect"]), args["parameters"], views)
    except BadSqlError as error:
        raise ConfigError(Finding("PPF145", f"the query cannot be run: {error}")) from None
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(
        config={
            "temp_directory": str(into.parent / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    context.on_stop(database.interrupt)
    try:
        _open(database, {views[table]: path for table, path in args["tables"].items()}, into)
        _copy(database, bound, into, args["chunk_size"])
    except _PASSING:
        raise
    except duckdb.Error as error:
        raise ContractError(complaint(str(error), args["query"], args["dialect"], bound.shown)) from error
    finally:
        database.close()


def _open(database: duckdb.DuckDBPyConnection, views: Mapping[str, str], into: Path) -> None:
    """Make the views, then shut everything else out."""
    database.execute("SET TimeZone = 'UTC'")  # else the result would depend on the machine
    for view, path in views.items():
        database.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet({_quote(path)})")  # noqa: S608 names are ours, the path is quoted
    files = ", ".join(_quote(path) for path in (*views.values(), str(into)))
    database.execute(f"SET allowed_paths = [{files}]")
    database.execute(f"SET allowed_directories = [{_quote(str(into.parent / 'spill') + '/')}]")
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")


def _copy(database: duckdb.DuckDBPyConnection, bound: Bound, into: Path, chunk_size: int | None) -> None:
    described = database.execute(f"DESCRIBE {bound.sql}", dict(bound.values)).fetchall()
    columns = [(str(name), str(kind)) for name, kind, *_ in described]
    _refuse_twins([name for name, _ in columns])
    selected = ", ".join(column(name, kind) for name, kind in columns)
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {chunk_size or _ROW_GROUP}"
    text = f"COPY (SELECT {selected} FROM ({bound.sql})) TO {_quote(str(into))} ({options})"  # noqa: S608 built from a syntax tree, values are bound
    database.execute(text, dict(bound.values))


def _refuse_twins(names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            raise ContractError(
                Finding(
                    "PPF241",
                    f"the result has two columns {seen[name.lower()]!r} and {name!r}; SQL does not tell their case apart"
                    if seen[name.lower()] != name
                    else f"the result has two columns {name!r}",
                    column=name,
                    fix="name one of them with AS, or leave one out",
                )
            )
        seen[name.lower()] = name


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
