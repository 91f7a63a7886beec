"""Where a text file is broken: the line, for those who must mend it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_LONGEST_HEADER = 10_000


def find_fault(file: Path, kind: str) -> str | None:
    """Return what is wrong with a text file and on which line, or None when nothing is found.

    Args:
        file: A file of a text format; ``.zst`` files are not looked into.
        kind: ``csv``, ``tsv`` or ``jsonl``.
    """
    if file.suffix == ".zst":
        return None
    try:
        if file.stat().st_size == 0:
            return "the file is empty"
        return _not_text(file) or (_bad_json(file) if kind == "jsonl" else _bad_csv(file, kind))
    except (OSError, EOFError) as error:
        return str(error)


def header_fault(names: list[str | None]) -> str | None:
    """Return what is wrong with the header of a CSV file, or None."""
    if sum(len(name or "") for name in names) > _LONGEST_HEADER and len(names) == 1:
        return "the file does not begin with a header"
    if any("\0" in (name or "") for name in names):
        return "the file is not text"
    twice = next((name for name in names if names.count(name) > 1), "")
    return f"column {twice!r} stands twice in the header" if twice else None


def lines_are_suspect(file: Path, separator: str, columns: int) -> bool:
    """Return whether lines may have another number of fields than the header, at a quick look.

    Quoted fields are left out of the count; where they hold line breaks, lines are suspect that are right.
    """
    import polars as pl

    line = pl.col("line").str.strip_chars_end("\r").str.replace_all(r'"[^"]*"', "")
    wrong = (line.str.count_matches(separator, literal=True) != columns - 1).any()
    return bool(pl.scan_lines(file).select(wrong).collect(engine="streaming").item())


def _open(file: Path) -> IO[bytes] | gzip.GzipFile:
    with file.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    return gzip.open(file) if packed else file.open("rb")


def _not_text(file: Path) -> str | None:
    with _open(file) as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"line {number} is not UTF-8 (byte 0x{line[error.start]:02x} at {error.start + 1})"
            if b"\0" in line:
                return f"line {number} is not text"
    return None


def _bad_json(file: Path) -> str | None:
    with _open(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                return f"line {number} is no JSON ({error})"
            if not isinstance(row, dict):
                return f"line {number} is no JSON object but {type(row).__name__}"
    return None


def _bad_csv(file: Path, kind: str) -> str | None:
    separator = "\t" if kind == "tsv" else ","
    with io.TextIOWrapper(_open(file), "utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        start = 0
        try:
            for start, fields, width in _rows(reader):
                if len(fields) != width:
                    return f"line {start} {_fields(len(fields))}, the header has {width}"
        except csv.Error as error:
            return f"line {start + 1} or later: {error}"
    return None


def _rows(reader: Any) -> Iterator[tuple[int, list[str], int]]:
    """Yield the line on which each row begins, its fields, and the number of fields of the header."""
    header: list[str] = next(reader, [])
    start = reader.line_num + 1
    for fields in reader:
        # A blank line is a row of one missing value where there is one column.
        if fields or len(header) > 1:
            yield start, fields, len(header)
        start = reader.line_num + 1


def _fields(count: int) -> str:
    if count == 0:
        return "is blank"
    return "has 1 field" if count == 1 else f"has {count} fields"


def header_of(file: Path, separator: str) -> list[str | None]:
    """Return the first line of a CSV file as its fields."""
    import polars as pl

    first: pl.DataFrame = pl.scan_csv(
        file, separator=separator, has_header=False, n_rows=1, infer_schema=False, glob=False
    ).collect()
    return list(first.row(0)) if first.height else []
