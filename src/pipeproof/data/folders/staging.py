"""Whatever holds a table, as one lazy frame with the types of its values, checked to the last row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.data.folders import encodings
from pipeproof.data.folders.grouping import kinds_of_partitions, partition_of
from pipeproof.data.folders.losses import refuse_unwritable
from pipeproof.data.inputs import open_table
from pipeproof.errors import ContractError, Finding, Location
from pipeproof.formats import tables
from pipeproof.formats.convert import to_parquet
from pipeproof.formats.databases import copy_table, names_of_tables
from pipeproof.formats.databases.address import SCHEMES, database_file
from pipeproof.formats.opening import opening_faults
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

COPY = "table.parquet"
"""Name of the copy, where a table as a whole is copied."""


def staged(given: Any, schema: TableSchema | None, encoding: str | None, room: Path) -> pl.LazyFrame:
    """Return a table as a lazy frame; what is text or in a database is copied into a folder first.

    Args:
        given: A path, the address of a table in a database (``sqlite:///shop.db#orders``), or a table.
        schema: What is known of its columns.
        encoding: How its texts are written, None to find out whether they are marked or UTF-8.
        room: A folder for copies.

    Raises:
        ContractError: It cannot be read.
    """
    if isinstance(given, str) and given.partition(":")[0].lower() in SCHEMES:
        return _from_database(given, room)
    if not isinstance(given, str | Path):
        return _once(open_table(given, schema).frame, room)
    path = Path(given)
    if not path.exists():
        raise ContractError(Finding("PPF391", f"there is no file {path}", fix="check the path"))
    kind = tables.format_in(path)
    if kind is None:
        raise ContractError(_no_format(path))
    files = tables.files_of(path, kind)
    folders = {
        file: partition_of(file.relative_to(path).as_posix()) if path.is_dir() else {} for file in files
    }
    if not any(folders.values()):
        return _read(path, kind, schema, encoding, room)
    return _partitioned(folders, kind, schema, encoding, room)


def _once(frame: pl.LazyFrame, room: Path) -> pl.LazyFrame:
    """Return a frame that is not computed again each time something is asked of it."""
    import polars as pl

    refuse_unwritable(frame.collect_schema(), "parquet")
    into = room / COPY
    tables.write(frame, into, "parquet")
    return pl.scan_parquet(into, glob=False)


def _from_database(address: str, room: Path) -> pl.LazyFrame:
    import polars as pl

    where, _, table = address.partition("#")
    scheme, path = database_file(where, Path(), where)
    if not table:
        names = names_of_tables(scheme, path, where)
        if len(names) != 1:
            fix = f"write {where}#TABLE; it has: {', '.join(names) or 'none'}"
            raise ContractError(Finding("PPF392", f"{where} names no table", fix=fix))
        table = names[0]
    into = room / COPY
    copy_table(scheme, path, table, into, where, lambda _stop: None)
    return pl.scan_parquet(into, glob=False)


def _no_format(path: Path) -> Finding:
    known = ", ".join(ending for endings in tables.SUFFIXES.values() for ending in endings)
    if path.is_dir():
        what = f"{path} holds no files of one table format only"
        return Finding("PPF392", what, fix="name one file, or see what there is with `data discover`")
    return Finding("PPF392", f"{path} is in no format that holds a table", fix=f"known endings: {known}")


def _read(
    path: Path, kind: str, schema: TableSchema | None, encoding: str | None, room: Path
) -> pl.LazyFrame:
    """Return the table of a file or folder that says no columns by its name."""
    import polars as pl

    if kind not in tables.TEXT:
        return tables.scan(path, kind)
    source = _in_utf_8(path, kind, encoding, room)
    for file, fault in opening_faults(source, kind):
        where = Location(str(path if path.is_file() else file), fault.line, fault.column)
        fix = "mend the file, or give it the ending of its format"
        raise ContractError(Finding("PPF397", f"it cannot be read as {kind}: {fault.says}", where, fix=fix))
    into = room / COPY
    to_parquet(source, kind, schema, into, str(path))
    return pl.scan_parquet(into, glob=False)


def _in_utf_8(path: Path, kind: str, encoding: str | None, room: Path) -> Path:
    """Return the file or folder, or a copy of it where its texts are written otherwise."""
    files = tables.files_of(path, kind)
    wanted = encodings.known_encoding(encoding) if encoding else ""
    ways = {file: wanted or encodings.encoding_of(file) for file in files}
    guessed = [file for file, way in ways.items() if not wanted and way == "windows-1252"]
    if guessed:
        what = f"{guessed[0]} is not in UTF-8, and nothing in it says how it is written"
        fix = "say it: --encoding windows-1252 if it is of western Europe, latin-1, utf-16, ..."
        raise ContractError(Finding("PPF397", what, fix=fix))
    if set(ways.values()) == {encodings.UTF_8}:
        return path
    folder = room / "utf-8"
    folder.mkdir()
    for number, (file, way) in enumerate(ways.items()):
        encodings.in_utf_8(file, way, folder / f"{number:08}{tables.extension(kind)}")
    return folder


def _partitioned(
    folders: Mapping[Path, Mapping[str, str | None]],
    kind: str,
    schema: TableSchema | None,
    encoding: str | None,
    room: Path,
) -> pl.LazyFrame:
    """Return the table of files in folders like ``year=2013``, which say columns that the files have not."""
    import polars as pl

    types = kinds_of_partitions(folders.values())
    dtypes: dict[str, Any] = {"integer": pl.Int64, "date": pl.Date, "string": pl.String}
    frames = []
    for number, (file, said) in enumerate(folders.items()):
        own = room / f"{number:08}"
        own.mkdir()
        frame = _read(file, kind, schema, encoding, own)
        # A file that has the column too is believed: its value is the one that was there first.
        new = {name: value for name, value in said.items() if name not in frame.collect_schema()}
        columns = [
            pl.lit(value, pl.String).cast(dtypes[types[name]]).alias(name) for name, value in new.items()
        ]
        frames.append(frame.with_columns(columns))
    return pl.concat(frames, how="diagonal_relaxed")
