"""A table in another format: whole or not at all, streaming, with what the new format cannot hold said."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.data.folders.losses import Lost, lost_in, refuse_unwritable
from pipeproof.data.folders.staging import COPY, staged
from pipeproof.data.inputs import broken_file
from pipeproof.errors import ContractError, Finding, UsageError, suggest
from pipeproof.formats import tables
from pipeproof.model.contract import TABLE_FORMATS, TableSchema

if TYPE_CHECKING:
    import polars as pl

_MOST_PARTITIONS = 10_000  # more are a column that was meant for rows
_PACKINGS = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written.

    Attributes:
        path: The file or folder.
        format: One of `TABLE_FORMATS`.
        rows: Rows of the table.
        columns: Column → type.
        size: Bytes of all files.
        files: How many files were written.
        lost: What the format could not hold as it was.
    """

    path: Path
    format: str
    rows: int
    columns: dict[str, str]
    size: int
    files: int = 1
    lost: tuple[Lost, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what was written as plain data."""
        return {
            "schema": "pipeproof.converted/1",
            "path": self.path.as_posix(),
            "format": self.format,
            "rows": self.rows,
            "columns": dict(self.columns),
            "bytes": self.size,
            "files": self.files,
            "lost": [{"column": one.column, "was": one.was, "becomes": one.becomes} for one in self.lost],
        }


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a table goes: one file, or a folder of parts that end alike."""

    path: Path
    kind: str
    ending: str
    by: tuple[str, ...] = ()
    part_rows: int | None = None

    @property
    def in_parts(self) -> bool:
        return bool(self.by) or self.part_rows is not None


def convert(
    source: Any,
    into: str | Path,
    *,
    to: str | None = None,
    by: Sequence[str] = (),
    part_rows: int | None = None,
    encoding: str | None = None,
    schema: TableSchema | None = None,
    force: bool = False,
) -> Converted:
    """Write a table in another format; what stands there already stays until the new one is whole.

    Args:
        source: A file, a folder of parts, a table of a database (``sqlite:///shop.db#orders``), or a table of
            Polars, pandas, Arrow or DuckDB.
        into: The file, whose ending says the format (``.csv.gz``, ``.parquet``, ...), or the folder of parts.
        to: The format where the ending does not say it: ``parquet``, ``csv.gz``, ...; for parts Parquet unless given.
        by: Columns that name folders: ``year=2013/part-00000.parquet``.
        part_rows: Most rows of a part.
        encoding: How the texts of the source are written, such as ``latin-1``; marked ones and UTF-8 are found.
        schema: Types of the columns of a text source; others are told by their values, all of them.
        force: Whether to put it in the place of what is there.

    Raises:
        ContractError: The source cannot be read, or the format cannot hold it.
        UsageError: It cannot be written there.
    """
    target = _target(Path(into), to, tuple(by), part_rows)
    _refuse_place(source, target.path, force=force)
    with _room_beside(target.path) as room, _told(source):
        frame = staged(source, schema, encoding, room)
        have = frame.collect_schema()
        refuse_unwritable(have, target.kind)
        rows = _rows(frame)
        made = _write_parts(frame, target, room) if target.in_parts else _write_file(frame, target, room)
        files = [file for file in made.rglob("*") if file.is_file()] if made.is_dir() else [made]
        lost = lost_in(frame.drop(target.by), min(files), target.kind)
        size = sum(file.stat().st_size for file in files)
        _put(made, target.path, room)
    columns = {name: tables.logical_type(kind) for name, kind in have.items()}
    return Converted(target.path, target.kind, rows, columns, size, len(files), lost)


def _target(path: Path, to: str | None, by: tuple[str, ...], part_rows: int | None) -> _Target:
    """Return where a table goes.

    Raises:
        UsageError: Neither the name nor `to` says a format, or they say different ones.
    """
    if to is not None:
        kind, ending = _said(to)
    elif by or part_rows:
        kind, ending = "parquet", tables.extension("parquet")
    else:
        kind, ending = tables.format_of(path) or "", path.name
    in_parts = bool(by) or part_rows is not None
    named = tables.format_of(path)
    if not kind:
        known = ", ".join(map(tables.extension, TABLE_FORMATS))
        what = f"{path} has no ending of a format that holds a table"
        fix = f"end it in one of {known}, or say --to; for a folder of parts give --by or --part-rows"
        raise UsageError(Finding("PPF392", what, fix=fix))
    if named and (in_parts or named != kind):
        what = f"{path} is the name of a file" if in_parts else f"{path} ends in another format than {to}"
        fix = "name a folder for parts" if in_parts else "correct the name, or leave out --to"
        raise UsageError(Finding("PPF398", what, fix=fix))
    return _Target(path, kind, ending, by, part_rows)


def _said(to: str) -> tuple[str, str]:
    """Return the format and the ending that a word such as ``csv.gz`` stands for."""
    kind, _, packing = to.lower().lstrip(".").partition(".")
    if kind not in TABLE_FORMATS:
        raise UsageError(
            Finding("PPF392", f"{to!r} is no format of tables", fix=suggest(kind, TABLE_FORMATS))
        )
    if packing and (f".{packing}" not in _PACKINGS or kind not in tables.TEXT):
        what = f"{to!r}: {kind} cannot be packed as {packing}"
        fix = "csv, tsv and jsonl can be packed as gz or zst; the others are packed inside"
        raise UsageError(Finding("PPF392", what, fix=fix))
    return kind, tables.extension(kind) + (f".{packing}" if packing else "")


def _refuse_place(source: Any, path: Path, *, force: bool) -> None:
    """Make sure that something may be written to a place.

    Raises:
        UsageError: There is something already, or it is the source, or the folder is missing.
    """
    place = path.resolve()
    if isinstance(source, str | Path):
        own = Path(source).resolve()
        if own == place or own.is_relative_to(place) or place.is_relative_to(own):
            what = f"{path} is the source, or in it" if own != place else f"{path} is the source itself"
            raise UsageError(Finding("PPF398", what, fix="write to another place"))
    if not place.parent.is_dir():
        what = f"there is no folder {path.parent}"
        raise UsageError(Finding("PPF398", what, fix="make it, or correct the path"))
    if os.path.lexists(path) and not force:
        what = f"{path} is there already"
        raise UsageError(Finding("PPF398", what, fix="choose another name, or replace it with --force"))


@contextmanager
def _room_beside(path: Path) -> Iterator[Path]:
    """Give a folder on the same disk for what is not whole yet; it is gone afterwards."""
    room = path.parent / f".{path.name[:100]}.{os.getpid()}.new"
    try:
        room.mkdir()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        fix = "name a place that you may write to"
        raise UsageError(Finding("PPF398", f"{path} cannot be written: {why}", fix=fix)) from error
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _told(source: Any) -> Iterator[None]:
    """Turn what the engine says of a broken source into a finding.

    Raises:
        ContractError: It cannot be read.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        path = Path(source) if isinstance(source, str | Path) and Path(source).exists() else None
        if path is None:
            raise
        raise ContractError(*broken_file(path, tables.format_in(path) or "", error)) from error


def _write_file(frame: pl.LazyFrame, target: _Target, room: Path) -> Path:
    whole = room / "whole"
    whole.mkdir()
    made = whole / f"table{target.ending}" if target.ending.startswith(".") else whole / target.ending
    copied = room / COPY
    if target.kind == "parquet" and copied.exists():
        copied.rename(made)  # the source was copied into what is wanted
    else:
        tables.write(frame, made, target.kind)
    return made


def _write_parts(frame: pl.LazyFrame, target: _Target, room: Path) -> Path:
    import polars as pl

    _refuse_columns(frame, target.by)
    whole = room / "whole"
    whole.mkdir()
    parts = pl.PartitionBy(
        whole,
        key=list(target.by) or None,
        include_key=False if target.by else None,
        max_rows_per_file=target.part_rows,
        approximate_bytes_per_file=None,
    )
    named = Path(f"part{target.ending}")
    tables.writing(frame, named, target.kind, parts).collect(engine="streaming")
    for file in sorted(file for file in whole.rglob("*") if file.is_file()):
        file.rename(file.with_name(f"part-{int(file.name.partition('.')[0]):05}{target.ending}"))
    return whole


def _refuse_columns(frame: pl.LazyFrame, by: Sequence[str]) -> None:
    """Make sure that columns can name folders.

    Raises:
        UsageError: They are not there, are all there are, or have too many values.
    """
    import polars as pl

    have = frame.collect_schema().names()
    missing = [name for name in by if name not in have]
    if missing:
        what = f"there is no column {missing[0]!r} to part by"
        raise UsageError(Finding("PPF398", what, fix=suggest(missing[0], have)))
    if by and len(set(by)) == len(have):
        what = "no column is left when all of them name folders"
        raise UsageError(Finding("PPF398", what, fix="part by fewer columns"))
    if by:
        folders = frame.select(pl.struct(by).n_unique()).collect(engine="streaming").item()
        if folders > _MOST_PARTITIONS:
            what = f"parts by {', '.join(by)} would be {folders:,} folders"
            raise UsageError(
                Finding("PPF398", what, fix="part by a column with fewer values, or by --part-rows")
            )


def _rows(frame: pl.LazyFrame) -> int:
    import polars as pl

    return int(frame.select(pl.len()).collect(engine="streaming").item())


def _put(made: Path, path: Path, room: Path) -> None:
    """Put what is whole in its place; what stood there is kept until then."""
    if path.is_dir() and not path.is_symlink():
        old = room / "old"
        path.rename(old)
        try:
            made.rename(path)
        except OSError:
            old.rename(path)
            raise
    elif made.is_dir() and os.path.lexists(path):
        path.unlink()
        made.rename(path)
    else:
        made.replace(path)
