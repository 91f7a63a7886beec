"""A file in any table format to Parquet, in one pass, with every value that is not of its type counted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.contracts.personal import kind_of_column
from pipeproof.contracts.personal_texts import shown
from pipeproof.errors import ContractError, Finding, first_line
from pipeproof.formats import faults, tables
from pipeproof.formats.casts import Typed, settled
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

_EXAMPLES = 3
_ROW = "pipeproof row"
_LAST = "pipeproof last"


def to_parquet(path: Path, kind: str, schema: TableSchema | None, into: Path, what: str) -> None:
    """Read a table from a file or folder and write it as Parquet, with the types of its schema.

    Args:
        path: The file or folder.
        kind: One of `TABLE_FORMATS`.
        schema: What is known of the columns; other columns of text formats get the type of their values.
        into: The Parquet file.
        what: What the table is, for messages: "output 'clean' of prepare".

    Raises:
        ContractError: It cannot be read as its format, or has values that are not of their types.
    """
    import polars as pl

    try:
        _refuse_header(path, kind, what)
        typed = _empty_lines(path, kind, schema) or tables.read(path, kind, schema)
        typed, wrong, short = settled_file(typed, path, kind, into=into)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise ContractError(_unreadable(path, kind, what, error)) from error
    if short:
        raise ContractError(_broken(path, short[0], kind, what, short[1][0].says))
    refuse_wrong(typed, wrong, what, schema)


def _empty_lines(path: Path, kind: str, schema: TableSchema | None) -> Typed | None:
    """Return the table without rows that an empty file of JSON lines is, if its columns are known."""
    import polars as pl

    if kind != "jsonl" or not schema or not all(map(_is_blank, tables.files_of(path, kind))):
        return None
    nulls = pl.LazyFrame({column.name: [] for column in schema.columns}, schema_overrides=None)
    return tables.cast_to(nulls.cast(pl.Null), schema)


def narrow_dates(path: Path, schema: TableSchema | None) -> None:
    """Make dates of the timestamps at midnight in a Parquet file, where a schema wants dates: pandas has none.

    Args:
        path: The file; it is written anew when something changes.
        schema: What the table should be like.
    """
    wanted = {column.name for column in schema.columns if column.type == "date"} if schema else set()
    if not wanted:
        return
    import polars as pl

    frame = pl.scan_parquet(path, glob=False)
    stamps = [
        name
        for name, kind in frame.collect_schema().items()
        if name in wanted and isinstance(kind, pl.Datetime)
    ]
    at_midnight = ((pl.col(name) == pl.col(name).dt.truncate("1d")).all() for name in stamps)
    days = (
        [
            name
            for name, whole in zip(stamps, frame.select(at_midnight).collect().row(0), strict=True)
            if whole
        ]
        if stamps
        else []
    )
    if days:
        beside = path.with_name(f"{path.name}.dates")
        tables.write(frame.with_columns(pl.col(days).dt.date()), beside, "parquet")
        beside.replace(path)


def _is_blank(file: Path) -> bool:
    """Say whether a file holds nothing, or the one line break that pandas writes for no rows."""
    return file.stat().st_size <= len(b"\r\n") and not file.read_bytes().strip()


def settled_file(
    typed: Typed, path: Path, kind: str, also: Mapping[str, pl.Expr] | None = None, into: Path | None = None
) -> tuple[Typed, dict[str, int], tuple[Path, list[faults.Fault]] | None]:
    """Settle the types of a table that is read from a file or folder, see `casts.settled`.

    Args:
        typed: The table.
        path: Where it is read from.
        kind: One of `TABLE_FORMATS`.
        also: What else to count in the same reading.
        into: A Parquet file to write it to in the same reading.

    Returns:
        The table; what was counted; and the first file with lines that have too few fields, with those lines.
    """
    import polars as pl

    have = typed.raw.collect_schema().names()
    last = {_LAST: pl.col(have[-1]).is_null().sum()} if kind in tables.SEPARATORS else {}
    sink = None if into is None else partial(tables.writing, path=into, kind="parquet")
    typed, counts = settled(typed, {**(also or {}), **last}, sink)
    short = counts.pop(_LAST, 0) and faults.short_lines(tables.files_of(path, kind), kind, len(have))
    return typed, counts, short or None


def refuse_wrong(typed: Typed, wrong: Mapping[str, int], what: str, schema: TableSchema | None) -> None:
    """Refuse a table with values that are not of their types, with the first of them.

    Raises:
        ContractError: There are such values.
    """
    if wrong:
        raise ContractError(*(_miscast(typed, name, count, what, schema) for name, count in wrong.items()))


def _miscast(typed: Typed, name: str, count: int, what: str, schema: TableSchema | None) -> Finding:
    import polars as pl

    rows = (
        typed.raw.with_row_index(_ROW)
        .filter(typed.wrong(name))
        .select(_ROW, pl.col(name))
        .head(_EXAMPLES)
        .collect(engine="streaming")
        .rows()
    )
    kind = kind_of_column(name, schema)
    values = "value that is" if count == 1 else "values that are"
    return Finding(
        "PPF302",
        f"{what}: column {name!r} has {count:,} {values} not of its type",
        column=name,
        evidence=", ".join(f"row {row + 1}: {shown(value, kind)}" for row, value in rows),
        fix="write them as the contract says, or change the type",
    )


def _refuse_header(path: Path, kind: str, what: str) -> None:
    if kind in tables.SEPARATORS:
        for file in tables.files_of(path, kind):
            if fault := faults.header_fault(faults.header_of(file, tables.SEPARATORS[kind])):
                raise ContractError(_broken(path, file, kind, what, fault))


def _unreadable(path: Path, kind: str, what: str, error: BaseException) -> Finding:
    for file in tables.files_of(path, kind):
        if file.is_file() and (fault := _fault_of(file, kind)):
            return _broken(path, file, kind, what, fault)
    return _finding(what, kind, first_line(error))


def _fault_of(file: Path, kind: str) -> str | None:
    try:
        if file.stat().st_size == 0:
            return "the file is empty"
    except OSError as error:
        return error.strerror
    return faults.find_fault(file, kind) if kind in tables.TEXT else None


def _broken(path: Path, file: Path, kind: str, what: str, fault: str) -> Finding:
    return _finding(what, kind, f"{file.relative_to(path)}: {fault}" if path.is_dir() else fault)


def _finding(what: str, kind: str, fault: str) -> Finding:
    fix = "mend the file, or name another format"
    return Finding("PPF208", f"{what} cannot be read as {kind}: {fault}", fix=fix)
