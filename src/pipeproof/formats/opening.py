"""What can be told of a file before it is read: that it is none, is of another kind, or would exhaust the memory."""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from pipeproof.formats import tables
from pipeproof.formats.faults import Fault, header_fault, header_of, open_bytes
from pipeproof.formats.limits import LONGEST_LINE, endless_line

_START = 64 * 1024
_MAGIC = (
    (b"PAR1", "parquet", "a Parquet file"),
    (b"ARROW1", "arrow", "an Arrow file"),
    (b"\x1f\x8b", "", "compressed by gzip"),
    (b"\x28\xb5\x2f\xfd", "", "compressed by Zstandard"),
    (b"SQLite format 3", "", "a SQLite database: write sqlite:///FILE#TABLE"),
    (b"PK\x03\x04", "", "a ZIP archive, such as an Excel file"),
    (b"%PDF", "", "a PDF file"),
    (b"\xff\xfe", "", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "", "text in UTF-16: save it as UTF-8"),
)
_PACKED = (".gz", ".zst")
_SEPARATORS = {";": "a semicolon", "\t": "a tab", "|": "a bar", ",": "a comma"}
_LINES = 5


def opening_faults(path: Path, kind: str) -> Iterator[tuple[Path, Fault]]:
    """Yield what is wrong with a file, or with the parts of a folder, as far as a look at their beginnings tells.

    Nothing is waited for: a pipe or device is refused, and so is a line that never ends.

    Args:
        path: A file, or a folder of parts.
        kind: The table format that its name stands for.
    """
    for file in tables.files_of(path, kind):
        if fault := _fault(file, kind):
            yield file, fault


def no_content(file: Path) -> Fault | None:
    """Return what is wrong with a file that has no content to be read: it is none, is closed, or is empty.

    Raises:
        OSError: It cannot be looked at.
    """
    about = file.stat()
    if not stat.S_ISREG(about.st_mode):
        return Fault(f"it is {_special(about.st_mode)}, which has no end")
    if not os.access(file, os.R_OK):
        return Fault("permission denied")
    return None if about.st_size else Fault("the file is empty")


def _fault(file: Path, kind: str) -> Fault | None:
    try:
        if fault := no_content(file):
            return fault
        return _by_content(file, kind) or (_of_text(file, kind) if kind in tables.TEXT else None)
    except (OSError, EOFError, zlib.error) as error:
        said = getattr(error, "strerror", None) or str(error)
        return Fault(said[:1].lower() + said[1:])


def _special(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a folder"))
    return next((word for test, word in kinds if test(mode)), "a device")


def _by_content(file: Path, kind: str) -> Fault | None:
    """Return what is wrong when a file begins like one of another kind."""
    with file.open("rb") as stream:
        start = stream.read(16)
    packed = file.name.lower().endswith(_PACKED)
    for magic, of, words in _MAGIC:
        if start.startswith(magic) and of != kind and not (packed and words.startswith("compressed")):
            return Fault(f"its name says {kind}, but it is {words}", 1, 1)
    return None


def _of_text(file: Path, kind: str) -> Fault | None:
    begin = endless_line(file)
    if begin is not None:
        at = f"after {begin:,} bytes" if begin else "at its start"
        return Fault(f"a line that begins {at} has more than {LONGEST_LINE:,} bytes")
    if file.name.lower().endswith(".zst"):
        return None
    with open_bytes(file) as stream:
        start = stream.read(_START)
    if b"\r" in start and b"\n" not in start:
        return Fault(
            "its lines end with a carriage return alone: save it with line feeds", 1, start.index(b"\r") + 1
        )
    if kind == "jsonl":
        return Fault("it is a JSON list, not a line for each row", 1, 1) if _is_list(start) else None
    return _of_header(file, kind, start)


def _is_list(start: bytes) -> bool:
    return start.lstrip().startswith(b"[") and b"\n" not in start.strip()[:1]


def _of_header(file: Path, kind: str, start: bytes) -> Fault | None:
    import polars as pl

    if start.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return Fault(f"its name says {kind}, but it is a page or document", 1, 1)
    if not start.strip():
        return Fault("the file is blank")
    separator = tables.SEPARATORS[kind]
    with contextlib.suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # What is no text further on is told with its place when the table is read.
        if said := header_fault(header_of(file, separator)):
            return Fault(said, 1, 1)
    return _other_separator(start, separator, kind)


def _other_separator(start: bytes, separator: str, kind: str) -> Fault | None:
    """Return the fault of lines that are separated by another character, each into the same number of fields."""
    lines = start.decode("utf-8", "replace").splitlines()[: _LINES + 1]
    lines = lines if len(start) < _START else lines[:-1]
    if any(separator in line for line in lines):
        return None
    for other, name in _SEPARATORS.items():
        counts = {line.count(other) for line in lines if line}
        if other != separator and len(counts) == 1 and counts.pop() > 0:
            return Fault(
                f"its fields are separated by {name}, not by {_SEPARATORS[separator]} as in {kind}",
                1,
                lines[0].index(other) + 1,
            )
    return None
