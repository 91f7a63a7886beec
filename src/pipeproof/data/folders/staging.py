"""Whatever holds a table, as one lazy frame with the types of its values, checked to the last row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.data.folders import encodings
from pipeproof.data.folders.grouping import kinds_of_partitions, partition_of
from pipeproof.data.folders.losses import refuse_unwritable
from pipeproof.data.inputs import cannot_be_read, kind_of, open_table, settle
from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.formats.convert import refuse_wrong
from pipeproof.formats.databases.address import is_address
from pipeproof.formats.opening import no_content
from pipeproof.loading.places import shorten
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

_UTF_8 = "utf-8"  # folder of copies
COPY = "table.parquet"
"""Name of the copy, where a table as a whole is copied."""


def staged(given: Any, schema: TableSchema | None, encoding: str | None, room: Path) -> pl.LazyFrame:
    """Return a table as a lazy frame; what is text is copied into a folder first.

    Args:
        given: A path, the address of a table in a database (``sqlite:///shop.db#orders``), or a table.
        schema: What is known of its columns.
        encoding: How its texts are written, None to find out whether they are marked or UTF-8.
        room: A folder for copies.

    Raises:
        ContractError: It cannot be read.
    """
    if is_address(given):
        return open_table(given).frame
    if not isinstance(given, str | Path):
        return _once(open_table(given, schema).frame, room)
    path = Path(given)
    kind = kind_of(path)
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


def _read(
    path: Path, kind: str, schema: TableSchema | None, encoding: str | None, room: Path
) -> pl.LazyFrame:
    """Return the table of a file or folder that says no columns by its name."""
    if kind not in tables.TEXT:
        return open_table(path).frame
    copies = _in_utf_8(path, kind, encoding, room)
    with _named(copies):
        opened, wrong = settle(open_table(room / _UTF_8 if copies else path, schema), into=room / COPY)
    if opened.typed is not None:
        refuse_wrong(opened.typed, wrong, str(path), schema)
    return opened.frame


@contextmanager
def _named(copies: Mapping[Path, Path]) -> Iterator[None]:
    """Let what is said of copies be said of the files that they are of, whose lines are the same."""
    names = {shorten(copy): shorten(file) for file, copy in copies.items()}
    try:
        yield
    except ContractError as error:
        raise ContractError(*(_of(finding, names) for finding in error.findings)) from error


def _of(finding: Finding, names: Mapping[str, str]) -> Finding:
    where = finding.where
    return (
        replace(finding, where=replace(where, file=names.get(where.file, where.file))) if where else finding
    )


def _in_utf_8(path: Path, kind: str, encoding: str | None, room: Path) -> dict[Path, Path]:
    """Return the files with copies of them, where the texts of some are written otherwise; nothing where not."""
    files = tables.files_of(path, kind)
    for file in files:
        if fault := no_content(file):
            raise ContractError(cannot_be_read(file, kind, fault))
    wanted = encodings.known_encoding(encoding) if encoding else ""
    ways = {file: wanted or encodings.encoding_of(file) for file in files}
    guessed = [file for file, way in ways.items() if not wanted and way == "windows-1252"]
    if guessed:
        what = f"{guessed[0]} is not in UTF-8, and nothing in it says how it is written"
        fix = "say it: --encoding windows-1252 if it is of western Europe, latin-1, utf-16, ..."
        raise ContractError(Finding("PPF397", what, fix=fix))
    if set(ways.values()) == {encodings.UTF_8}:
        return {}
    folder = room / _UTF_8
    folder.mkdir()
    copies = {file: folder / f"{number:08}{tables.extension(kind)}" for number, file in enumerate(files)}
    for file, copy in copies.items():
        encodings.in_utf_8(file, ways[file], copy)
    return copies


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
