"""Queries of a contract over the whole table, asked of DuckDB."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.limits import limit_of
from pipeproof.contracts.statistics import bounds_say, is_within
from pipeproof.data.checking.conditions import without_values
from pipeproof.data.checking.limited import MEMORY as USUAL_MEMORY
from pipeproof.data.checking.limited import rows_within
from pipeproof.data.checking.result import RuleResult
from pipeproof.data.checking.spilling import MEMORY
from pipeproof.model.contract import Query, TableSchema

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_TABLE = "this_table"


def query_results(
    frame: pl.LazyFrame, schema: TableSchema, *, low_memory: bool = False
) -> Iterator[RuleResult]:
    """Yield what came of the queries of a contract.

    The table is written to a file beside, once for all queries, so that they see it with the types of the
    contract, wherever it comes from. They see nothing else: external access is off.
    """
    if not schema.queries:
        return
    import polars as pl
    import polars.selectors as cs

    ours = [name for name in frame.collect_schema() if name.startswith("pipeproof ")]
    with tempfile.TemporaryDirectory(prefix="pipeproof-check-") as folder:
        file = Path(folder) / "table.parquet"
        nulls = [name for name, kind in frame.collect_schema().items() if kind == pl.Null]
        whole = frame.drop(ours).with_columns(pl.col(nulls).cast(pl.Int32)) if nulls else frame.drop(ours)
        whole.with_columns(cs.float().fill_nan(None)).sink_parquet(file, compression="lz4")
        database = _open(file, Path(folder) / "spill", MEMORY if low_memory else USUAL_MEMORY)
        try:
            for query in schema.queries:
                yield _result(query, database, schema)
        finally:
            database.close()


def _open(file: Path, spill: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """Open a database that sees one table and nothing else."""
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    database = duckdb.connect(config=settings)
    path = _quoted(file)
    for text in (
        f"CREATE VIEW {_TABLE} AS SELECT * FROM read_parquet({path})",  # noqa: S608 a path of ours, quoted
        f"SET allowed_paths = [{path}]",
        f"SET allowed_directories = [{_quoted(spill)}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        database.execute(text).fetchall()
    return database


def _result(query: Query, database: duckdb.DuckDBPyConnection, schema: TableSchema) -> RuleResult:
    import duckdb

    limit = limit_of("", query.name, schema)
    severity = limit.severity if limit else "error"
    try:
        number = _number(rows_within(database, query.sql))
    except (duckdb.Error, ValueError, TimeoutError) as error:
        why = f"the query {query.name!r} cannot be asked: {without_values(error)}"
        return RuleResult(
            "",
            query.name,
            bounds_say(query),
            "unasked",
            severity=severity,
            why=why,
            fix="correct the contract",
            code="PPF306",
        )
    kept = is_within(query, number)
    why = "" if kept else f"{bounds_say(query)}, it is {number:.6g}"
    return RuleResult(
        "",
        query.name,
        bounds_say(query),
        "kept" if kept else "broken",
        value=number,
        severity=severity,
        why=why,
        code="PPF317",
    )


def _number(rows: list[tuple[Any, ...]]) -> float:
    """Return the single number of a result.

    Raises:
        ValueError: The result is another one.
    """
    if len(rows) != 1 or len(rows[0]) != 1:
        many = (
            "several rows" if len(rows) > 1 else f"{len(rows)} rows of {len(rows[0]) if rows else 0} columns"
        )
        raise ValueError(f"it gives {many}; one number is needed")
    (value,) = rows[0]
    try:
        number = math.nan if value is None else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"it gives a value of type {type(value).__name__}; one number is needed") from None
    if math.isnan(number):
        raise ValueError("it gives NULL or NaN; one number is needed (coalesce(..., 0) makes one of NULL)")
    return number


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
