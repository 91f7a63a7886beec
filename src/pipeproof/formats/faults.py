"""Where a text file is broken: line and column of the first few bad places, for those who must mend it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeproof.formats.limits import LONGEST_LINE

if TYPE_CHECKING:
    import polars as pl

MOST = 3
"""How many bad places are told."""
_LONGEST_HEADER = 10_000
_LOOKED_AT = (
    2**30
)  # bytes of text; what is broken later is told without its place, in seconds instead of minutes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a file; line and column count from 1, 0 means the whole.

    Attributes:
        says: What is wrong, with the line in words.
        line: The line.
        column: The character of the line.
    """

    says: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.says


def find_fault(file: Path, kind: str) -> str | None:
    """Return what is wrong with a text file and on which line, or None when nothing is found.

    Args:
        file: A file of a text format; ``.zst`` files are not looked into.
        kind: ``csv``, ``tsv`` or ``jsonl``.
    """
    found = find_faults(file, kind, most=1)
    return found[0].says if found else None


def find_faults(file: Path, kind: str, most: int = MOST) -> list[Fault]:
    """Return the first bad places of a text file, in their order.

    Args:
        file: A file of a text format; ``.zst`` files are not looked into.
        kind: ``csv``, ``tsv`` or ``jsonl``.
        most: How many places at most.
    """
    if file.suffix == ".zst":
        return []
    try:
        if file.stat().st_size == 0:
            return [Fault("the file is empty")]
        no_text = list(islice(_not_text(file), most))
        if no_text:
            return no_text
        found = _bad_json(file) if kind == "jsonl" else _bad_csv(file, kind)
        return list(islice(found, most))
    except (OSError, EOFError, zlib.error) as error:
        return [Fault(str(error).lower() or type(error).__name__)]


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


def short_lines(files: Iterable[Path], kind: str, columns: int) -> tuple[Path, list[Fault]] | None:
    """Return the first file with lines that have too few fields, which Polars fills with nulls, and those lines.

    Args:
        files: Files of one table.
        kind: ``csv`` or ``tsv``.
        columns: How many it has.
    """
    for file in files:
        suspect = columns > 1 and lines_are_suspect(file, _separator(kind), columns)
        if suspect and (found := find_faults(file, kind)):
            return file, found
    return None


def _separator(kind: str) -> str:
    return "\t" if kind == "tsv" else ","


def open_bytes(file: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file as bytes, unpacked if gzip packed it."""
    with file.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    return gzip.open(file) if packed else file.open("rb")


def _lines(stream: IO[bytes] | gzip.GzipFile) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers, as far as is looked at; what is too long comes in parts."""
    number, looked, whole = 1, 0, True
    while looked < _LOOKED_AT and (line := stream.readline(LONGEST_LINE)):
        yield number, line
        looked += len(line)
        whole = line.endswith(b"\n")
        number += whole


def _not_text(file: Path) -> Iterator[Fault]:
    with open_bytes(file) as stream:
        for number, line in _lines(stream):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                says = f"line {number} is not UTF-8 (byte 0x{line[error.start]:02x} at {error.start + 1})"
                yield Fault(says, number, error.start + 1)
                continue
            if b"\0" in line:
                yield Fault(f"line {number} is not text", number, line.index(b"\0") + 1)


def _bad_json(file: Path) -> Iterator[Fault]:
    with open_bytes(file) as stream:
        for number, line in _lines(stream):
            if not line.strip():
                continue
            try:
                row = json.loads(line, parse_constant=_refuse)
            except json.JSONDecodeError as error:
                yield Fault(f"line {number} is no JSON ({error})", number, error.colno)
            except (ValueError, RecursionError) as error:
                yield Fault(f"line {number} is no JSON ({error})", number, 1)
            else:
                if not isinstance(row, dict):
                    yield Fault(f"line {number} is no JSON object but {type(row).__name__}", number, 1)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no value of JSON")


def _bad_csv(file: Path, kind: str) -> Iterator[Fault]:
    separator = _separator(kind)
    csv.field_size_limit(LONGEST_LINE)
    with io.TextIOWrapper(open_bytes(file), "utf-8-sig", newline="") as text:
        kept = _Kept(text)
        reader = csv.reader(kept, delimiter=separator, strict=True)
        try:
            for start, fields, width in _rows(reader, kept):
                if len(fields) != width:
                    says = f"line {start} {_fields(len(fields))}, the header has {width}"
                    yield Fault(says, *kept.place(start, separator, width))
        except csv.Error as error:
            start = kept.start
            line, column = kept.opening_quote(start)
            yield Fault(f"line {start} or later: {error}", line, column)


class _Kept:
    """Hands lines on and keeps those of the row that is being read, up to a size."""

    def __init__(self, lines: Any) -> None:
        self._lines = iter(lines)
        self._row: list[str] = []
        self._size = self._looked = 0
        self.start = 1

    def __iter__(self) -> _Kept:
        return self

    def __next__(self) -> str:
        line: str = next(self._lines)
        self._looked += len(line)
        if self._looked > _LOOKED_AT:
            raise StopIteration
        self._size += len(line)
        if self._size < LONGEST_LINE:
            self._row.append(line)
        return line

    def begin(self, line: int) -> None:
        """Forget the row before; another begins on this line."""
        self.start, self._row, self._size = line, [], 0

    def place(self, start: int, separator: str, width: int) -> tuple[int, int]:
        """Return line and column of the first field too many in the row, or of its end where some are missing."""
        count, quoted = 1, False
        for offset, line in enumerate(self._row):
            for position, character in enumerate(line):
                quoted ^= character == '"'
                count += character == separator and not quoted
                if count > width:
                    return start + offset, position + 2
        last = self._row[-1].rstrip("\r\n") if self._row else ""
        return start + max(0, len(self._row) - 1), len(last) + 1

    def opening_quote(self, start: int) -> tuple[int, int]:
        """Return line and column of the quote that opened last."""
        place, quoted = (start, 1), False
        for offset, line in enumerate(self._row):
            for position, character in enumerate(line):
                if character == '"':
                    quoted = not quoted
                    place = (start + offset, position + 1) if quoted else place
        return place


def _rows(reader: Any, kept: _Kept) -> Iterator[tuple[int, list[str], int]]:
    """Yield the line on which each row begins, its fields, and the number of fields of the header."""
    header: list[str] = next(reader, [])
    kept.begin(reader.line_num + 1)
    for fields in reader:
        # A blank line is a row of one missing value where there is one column.
        if fields or len(header) > 1:
            yield kept.start, fields, len(header)
        kept.begin(reader.line_num + 1)


def _fields(count: int) -> str:
    if count == 0:
        return "is blank"
    return "has 1 field" if count == 1 else f"has {count} fields"


def header_of(file: Path, separator: str) -> list[str | None]:
    """Return the first line of a CSV file as its fields."""
    import polars as pl

    first: pl.DataFrame = pl.scan_csv(
        file,
        separator=separator,
        has_header=False,
        n_rows=1,
        infer_schema=False,
        truncate_ragged_lines=True,  # lines after the header that are too long are told by who reads them
        glob=False,
    ).collect()
    return list(first.row(0)) if first.height else []
