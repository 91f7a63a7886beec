"""What one file is: its bytes and digest, and of a table its rows and columns, after one look at all of it."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeproof.data.folders import encodings
from pipeproof.data.folders.manifest import FileFacts
from pipeproof.data.folders.walking import Found
from pipeproof.data.inputs import open_table, settle
from pipeproof.digest import digest_file
from pipeproof.errors import ContractError
from pipeproof.formats import tables

_MODELS = frozenset({".ubj", ".joblib", ".pkl", ".pickle", ".skops", ".lgb", ".onnx"})
_DATABASES = {b"SQLite format 3\0": 0, b"DUCK": 8}
_XGBOOST = b'{"learner"'
_ROWS = "pipeproof rows"
_PACKED = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked at.

    Attributes:
        facts: What holds for any file.
        format: Format of the table that it holds; empty for none.
        columns: Column → type.
        compression: ``gzip`` or ``zstd``, empty for none.
        encoding: How its texts are written.
        fault: Why its table cannot be read, empty where it can.
    """

    facts: FileFacts
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    compression: str = ""
    encoding: str = ""
    fault: str = ""


def look_at(file: Found) -> Looked:
    """Return what a file is.

    Raises:
        OSError: It cannot be read at all.
    """
    facts = _facts(file)
    kind = tables.format_of(file.place)
    if kind is None:
        return Looked(replace(facts, kind=_kind_of(file.place)))
    try:
        encoding = encodings.encoding_of(file.place) if kind in tables.TEXT else ""
        rows, columns = _contents(file.place, encoding)
    except ContractError as error:
        what = error.findings[0].what
        return Looked(facts, kind, fault=what.partition(f"cannot be read as {kind}: ")[2] or what)
    packed = _PACKED.get(file.place.suffix.lower(), "") if kind in tables.TEXT else ""
    return Looked(replace(facts, rows=rows), kind, columns, packed, encoding)


@contextmanager
def readable(file: Path, encoding: str) -> Iterator[Path]:
    """Give a file whose texts are in UTF-8: itself, or a copy that lasts as long as it is used."""
    if encoding in {"", encodings.UTF_8}:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="pipeproof-") as folder:
        name = file.name
        for ending in _PACKED:
            name = name.removesuffix(ending)
        copy = Path(folder) / name
        encodings.in_utf_8(file, encoding, copy)
        yield copy


def _facts(file: Found) -> FileFacts:
    about = file.place.stat()
    modified = dt.datetime.fromtimestamp(int(about.st_mtime), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return FileFacts(file.path, about.st_size, digest_file(file.place), modified)


def _kind_of(place: Path) -> str:
    with place.open("rb") as content:
        head = content.read(64)
    if place.suffix.lower() in _MODELS or head.lstrip().startswith(_XGBOOST):
        return "model"
    databases = (head[at : at + len(mark)] == mark for mark, at in _DATABASES.items())
    return "database" if any(databases) else "other"


def _contents(place: Path, encoding: str) -> tuple[int, dict[str, str]]:
    """Return the rows of a table and the types of its columns.

    Raises:
        ContractError: It cannot be read as its format.
    """
    import polars as pl

    with readable(place, encoding) as file:
        opened, counts = settle(open_table(file), {_ROWS: pl.len()})
        types = opened.frame.collect_schema()
    return counts[_ROWS], {name: tables.logical_type(dtype) for name, dtype in types.items()}
