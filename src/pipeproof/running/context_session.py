"""The embedded database that a step's context offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def open_session(inputs: Mapping[str, Mapping[str, Any]], scratch: str) -> Any:
    """Return a connection to DuckDB in memory with a view for each table that the step reads.

    It fetches no extensions, and spills into the folder of the attempt.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "temp_directory": f"{scratch}/spill",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")  # else what comes of it would depend on the machine
    for name, item in inputs.items():
        if "table" in item:
            connection.execute(
                f"CREATE VIEW {_quote(name, chr(34))} AS SELECT * FROM read_parquet({_quote(item['table'], chr(39))})"  # noqa: S608 both are quoted
            )
    return connection


def _quote(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark + mark) + mark
