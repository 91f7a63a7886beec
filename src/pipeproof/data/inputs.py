"""Whatever holds a table, as one lazy frame: a path, a table of a database, Polars, pandas, Arrow, DuckDB.

Arrow's capsule interface is the way in for all that have it, so that nothing is copied where Arrow allows.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding, Location, first_line, suggest
from pipeproof.formats import tables
from pipeproof.formats.casts import Typed
from pipeproof.formats.convert import settled_file
from pipeproof.formats.databases import copy_table, table_at
from pipeproof.formats.databases.address import is_address
from pipeproof.formats.faults import Fault, find_faults
from pipeproof.formats.opening import opening_faults
from pipeproof.loading.places import shorten
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

_EXACT = 2**53  # floats below it hold every integer


@dataclass(frozen=True, slots=True)
class Opened:
    """A table that can be read.

    Attributes:
        frame: The table; text formats have the types of the schema, or those that their values tell.
        name: What to call it: the name of its file without endings, or `table`.
        path: Its file or folder, None for a table in memory.
        typed: How texts became values, None where there were none to be read.
        kind: The format of its file, empty for a table in memory.
    """

    frame: pl.LazyFrame
    name: str = "table"
    path: Path | None = None
    typed: Typed | None = None
    kind: str = ""


def open_table(given: Any, schema: TableSchema | None = None) -> Opened:
    """Return a table as a lazy frame.

    Args:
        given: A path of a file or of a folder of parts; the table of a database, such as
            ``sqlite:///shop.db#orders``; a Polars frame, lazy or not; anything with Arrow's stream capsule,
            such as a pandas or Arrow table or a DuckDB relation; or a mapping of columns.
        schema: What is known of its columns: the types of text formats.

    Raises:
        ContractError: There is no such file, or it is no table; what is wrong is told with its place.
    """
    import polars as pl

    if is_address(given):
        return _open_database(given, schema)
    if isinstance(given, str | Path):
        return _open_path(Path(given), schema)
    if isinstance(given, pl.LazyFrame):
        return Opened(given)
    if isinstance(given, pl.DataFrame):
        return Opened(given.lazy())
    if hasattr(given, "__arrow_c_stream__"):
        frame = pl.DataFrame(given).drop("__index_level_0__", strict=False)
        is_pandas = type(given).__module__.partition(".")[0] == "pandas"
        return Opened((_from_pandas(frame, schema) if is_pandas and schema else frame).lazy())
    if isinstance(given, dict):
        return Opened(pl.LazyFrame(given))
    what = f"a {type(given).__name__} is no table"
    fix = "give a path, or a table of Polars, pandas, Arrow or DuckDB"
    raise ContractError(Finding("PPF391", what, fix=fix))


def table_name(given: Any) -> str:
    """Return what a table is called: as its database says, or by its file or folder without endings of formats.

    Raises:
        ContractError: It is the address of a database that is not there, or does not say which table is meant.
    """
    if is_address(given):
        return table_at(given)[2].rpartition(".")[2]
    if not isinstance(given, str | Path):
        return "table"
    return tables.without_endings(Path(given).name or Path(given).resolve().name)


def settle(
    opened: Opened, also: Mapping[str, pl.Expr] | None = None, into: Path | None = None
) -> tuple[Opened, dict[str, int]]:
    """Read the texts of a table once, so that the types that were guessed of them hold to its last row.

    Args:
        opened: The table; one in memory is returned as it is.
        also: What else to count in the same reading, by names that no column has.
        into: A Parquet file to write it to in the same reading, from which it is read from then on.

    Returns:
        The table; and column → how many values are not of the type that the schema says, where there are some,
        with what else was counted.

    Raises:
        ContractError: The file is broken behind its beginning, or has lines with too few fields.
    """
    import polars as pl

    if opened.typed is None or opened.path is None:
        return opened, {}
    with reading(opened):
        typed, counts, short = settled_file(opened.typed, opened.path, opened.kind, also, into)
    if short:
        raise ContractError(*(cannot_be_read(short[0], opened.kind, fault) for fault in short[1]))
    frame = typed.frame if into is None else pl.scan_parquet(into, glob=False)
    return replace(opened, frame=frame, typed=typed), counts


def _from_pandas(frame: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """Return a table of pandas with whole floats as integers and midnights as dates where a schema has those.

    Pandas makes floats of integers with a gap, and has no dates among its usual types.
    """
    import polars as pl

    floats: list[str] = []
    stamps: list[str] = []
    for column in schema.columns:
        values = frame[column.name] if column.name in frame.columns else pl.Series(dtype=pl.Null)
        there = values.drop_nans() if values.dtype.is_float() else values
        if column.type == "integer" and values.dtype.is_float() and _are_whole(there):
            floats.append(column.name)
        elif column.type == "date" and isinstance(values.dtype, pl.Datetime) and _are_midnights(values):
            stamps.append(column.name)
    return frame.with_columns(pl.col(floats).fill_nan(None).cast(pl.Int64), pl.col(stamps).dt.date())


def _are_whole(values: pl.Series) -> bool:
    return bool(((values == values.floor()) & (values.abs() < _EXACT)).all())


def _are_midnights(values: pl.Series) -> bool:
    return bool((values == values.dt.truncate("1d")).all())


@contextmanager
def reading(opened: Opened) -> Iterator[None]:
    """Turn what an engine says while it reads a file into findings that say where the file is broken.

    Raises:
        ContractError: The file is broken.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        if opened.path is None:
            raise
        raise ContractError(*broken_file(opened.path, opened.kind, error)) from error


def broken_file(path: Path, kind: str, error: BaseException) -> list[Finding]:
    """Return what is wrong with a file that could not be read, as near as is found out."""
    for file in tables.files_of(path, kind):
        faults = find_faults(file, kind) if kind in tables.TEXT and file.is_file() else []
        if faults:
            return [cannot_be_read(file, kind, fault) for fault in faults]
    return [cannot_be_read(path, kind, Fault(first_line(error)))]


def _open_path(path: Path, schema: TableSchema | None) -> Opened:
    import polars as pl

    kind = kind_of(path)
    if faults := list(opening_faults(path, kind)):
        raise ContractError(*(cannot_be_read(file, kind, fault) for file, fault in faults))
    try:
        typed = tables.read(path, kind, schema)
        typed.frame.collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise ContractError(*broken_file(path, kind, error)) from error
    return Opened(typed.frame, table_name(path), path, typed, kind)


def kind_of(path: Path) -> str:
    """Return the format of a file or folder.

    Raises:
        ContractError: It is not there, or in no format that holds a table.
    """
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise ContractError(Finding("PPF391", f"{path} cannot be used: {error.strerror}")) from None
    if not there:
        try:
            beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        except OSError:
            beside = []
        fix = suggest(path.name, beside) if beside else "check the path"
        raise ContractError(Finding("PPF391", f"there is no file {path}", fix=fix))
    kind = tables.format_in(path)
    if kind is not None:
        return kind
    known = ", ".join(ending for endings in tables.SUFFIXES.values() for ending in endings)
    what = f"{path} is in no format that holds a table"
    if path.is_dir():
        what = f"the folder {path} holds no parts of one table: files of one format"
        raise ContractError(Finding("PPF392", what, fix="name a file in it, or `pipeproof data discover` it"))
    raise ContractError(Finding("PPF392", what, fix=f"known endings: {known}, of text also with .gz or .zst"))


def cannot_be_read(file: Path, kind: str, fault: Fault) -> Finding:
    """Return what is said of a broken file."""
    where = Location(shorten(file), fault.line, fault.column)
    fix = "mend the file, or give it the ending of its format"
    return Finding("PPF320", f"it cannot be read as {kind}: {fault.says}", where, fix=fix)


def _open_database(address: str, schema: TableSchema | None) -> Opened:
    """Open a table of a database by way of a copy as Parquet, which is removed when the process ends."""
    import polars as pl

    scheme, path, table = table_at(address)
    into = Path(tempfile.mkdtemp(dir=_beside())) / "table.parquet"
    copy_table(scheme, path, table, into, address, _never_stopped)
    typed = tables.cast_to(pl.scan_parquet(into, glob=False), schema)
    return Opened(typed.frame, table.rpartition(".")[2], into, typed, "parquet")


def _never_stopped(_stop: object) -> None:
    """Take what would interrupt the copying, which nobody calls here: Ctrl-C ends the process."""


@cache
def _beside() -> str:
    """Return the folder of copies of this process."""
    folder = tempfile.mkdtemp(prefix="pipeproof-tables-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
