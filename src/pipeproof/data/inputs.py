"""Whatever holds a table, as one lazy frame: a path, Polars, pandas, Arrow, DuckDB.

Arrow's capsule interface is the way in for all that have it, so that nothing is copied where Arrow allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.formats.casts import Typed
from pipeproof.model.contract import TABLE_FORMATS, TableSchema

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Opened:
    """A table that can be read.

    Attributes:
        frame: The table; text formats have the types of the schema, or those that their values tell.
        name: What to call it: the name of its file without endings, or `table`.
        path: Its file or folder, None for a table in memory.
        typed: How texts became values, None where there were none to be read.
    """

    frame: pl.LazyFrame
    name: str = "table"
    path: Path | None = None
    typed: Typed | None = None


def open_table(given: Any, schema: TableSchema | None = None) -> Opened:
    """Return a table as a lazy frame.

    Args:
        given: A path; a Polars frame, lazy or not; anything with Arrow's stream capsule, such as a
            pandas or Arrow table or a DuckDB relation; or a mapping of columns.
        schema: What is known of its columns: the types of text formats.

    Raises:
        ContractError: There is no such file, or it is no table.
    """
    import polars as pl

    if isinstance(given, str | Path):
        return _open_path(Path(given), schema)
    if isinstance(given, pl.LazyFrame):
        return Opened(given)
    if isinstance(given, pl.DataFrame):
        return Opened(given.lazy())
    if hasattr(given, "__arrow_c_stream__"):
        frame = pl.DataFrame(given)
        return Opened(frame.drop("__index_level_0__", strict=False).lazy())
    if isinstance(given, dict):
        return Opened(pl.LazyFrame(given))
    what = f"a {type(given).__name__} is no table"
    fix = "give a path, or a table of Polars, pandas, Arrow or DuckDB"
    raise ContractError(Finding("PPF391", what, fix=fix))


def _open_path(path: Path, schema: TableSchema | None) -> Opened:
    if not path.exists():
        raise ContractError(Finding("PPF391", f"there is no file {path}", fix="check the path"))
    kind = tables.format_in(path)
    if kind is None:
        known = ", ".join(ending for endings in tables.SUFFIXES.values() for ending in endings)
        what = f"{path} is in no format that holds a table"
        raise ContractError(Finding("PPF392", what, fix=f"known endings: {known}"))
    typed = tables.read(path, kind, schema)
    name = path.name
    while kind in TABLE_FORMATS and "." in name.lstrip(".") and not path.is_dir():
        name = name.rpartition(".")[0]
    return Opened(typed.frame, name, path, typed)
