"""Which files are parts of one table: told by folders like ``year=2013`` and by numbers at the end of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from pipeproof.formats.tables import endings_of, without_endings

_PARTITION = re.compile(r"(?P<column>[^=/]+)=(?P<value>[^/]*)")
# part-00000, orders_2, sales-2013-01, and what Spark writes: part-00000-<uuid>-c000.snappy
_NUMBERED = re.compile(r"(?P<stem>.*?)[-_. ]*\d+([-_.]\d+)*(-[0-9a-f]{8}-[0-9a-f-]{27}.*)?", re.IGNORECASE)
_PLAIN = frozenset({"", "part", "parts", "chunk", "data", "block", "file", "shard"})
"""Stems that say nothing: parts called so are named by their folder."""
_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Part:
    """A file that holds a table or a part of one.

    Attributes:
        path: Where it is in the folder.
        format: Format of the table.
        alike: What all parts of a table have in common, such as the names of its columns.
    """

    path: str
    format: str
    alike: Any = None


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are one table, and the columns that their folders say."""

    name: str
    paths: tuple[str, ...]
    partitions: tuple[str, ...] = ()


def partition_of(path: str) -> dict[str, str | None]:
    """Return the columns that the folders of a path say, as text; None where Hive says that there is no value."""
    found = {}
    for folder in PurePosixPath(path).parts[:-1]:
        if match := _PARTITION.fullmatch(folder):
            value = unquote(match["value"])
            found[unquote(match["column"])] = None if value == _NULL else value
    return found


def group(parts: Iterable[Part]) -> list[Group]:
    """Return the tables that files make up, each with a name of its own, ordered by name.

    Parts in folders of the same partitions are one table. Files beside each other whose names differ
    by a number at the end are one table if they are alike.
    """
    together: dict[Any, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.path):
        together.setdefault(_kinship(part), []).append(part)
    tables: list[list[Part]] = []
    for key, members in together.items():
        numbered = key[0] == "numbered" and len(members) == 1
        tables += [[member] for member in members] if numbered else [members]
    return _named(tables)


def _kinship(part: Part) -> tuple[Any, ...]:
    """Return what a file shares with all parts of its table, and with nothing else."""
    keys = tuple(partition_of(part.path))
    if keys:
        return "partitioned", _base(part.path), keys, part.format
    path = PurePosixPath(part.path)
    if match := _NUMBERED.fullmatch(without_endings(path.name)):
        return "numbered", path.parent, match["stem"].lower(), part.format, endings_of(path.name), part.alike
    return "alone", part.path


def _named(tables: list[list[Part]]) -> list[Group]:
    """Name each table as shortly as it can be told from the others."""
    spellings: list[Callable[[list[Part]], str]] = [_short, _long, _path, lambda parts: f"./{_path(parts)}"]
    names: dict[int, str] = {}
    for spelling in spellings:
        said = {index: spelling(parts) for index, parts in enumerate(tables) if index not in names}
        given = [*said.values(), *names.values()]
        names |= {index: name for index, name in said.items() if given.count(name) == 1}
    groups = [
        Group(names[index], tuple(part.path for part in parts), tuple(partition_of(parts[0].path)))
        for index, parts in enumerate(tables)
    ]
    return sorted(groups, key=lambda found: found.name)


def _path(parts: list[Part]) -> str:
    return parts[0].path


def _short(parts: list[Part]) -> str:
    return PurePosixPath(_long(parts)).name


def _long(parts: list[Part]) -> str:
    """Return the path of a table without endings: that of its file, or of what its parts have in common."""
    path = parts[0].path
    if partition_of(path):
        return str(_base(path)) if _base(path).name else "table"
    parent, stem = PurePosixPath(path).parent, without_endings(PurePosixPath(path).name)
    match = _NUMBERED.fullmatch(stem) if len(parts) > 1 else None
    if match is None:
        return str(parent / stem)
    if match["stem"].lower() in _PLAIN and parent.name:
        return str(parent)
    return str(parent / (match["stem"] or "table"))


def _base(path: str) -> PurePosixPath:
    """Return the folder above those that name partitions."""
    folders = PurePosixPath(path).parts[:-1]
    first = next(index for index, folder in enumerate(folders) if _PARTITION.fullmatch(folder))
    return PurePosixPath(*folders[:first])


def kinds_of_partitions(partitions: Iterable[Mapping[str, str | None]]) -> dict[str, str]:
    """Return column → type of the columns that folders say: integer or date where all values are, or string."""
    values: dict[str, list[str]] = {}
    for partition in partitions:
        for column, value in partition.items():
            values.setdefault(column, []).extend([] if value is None else [value])
    return {column: _kind(found) for column, found in values.items()}


def _kind(values: list[str]) -> str:
    if values and all(re.fullmatch(r"-?\d{1,18}", value) for value in values):
        return "integer"
    if values and all(re.fullmatch(r"\d{4}-[01]\d-[0-3]\d", value) for value in values):
        return "date"
    return "string"
