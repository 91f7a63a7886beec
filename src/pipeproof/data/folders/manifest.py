"""What a folder holds, as plain values: datasets with their files, other files, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeproof.model.contract import frozen

SCHEMA = "pipeproof.manifest/1"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file.

    Attributes:
        path: Where it is in the folder, with ``/`` between the parts.
        size: Its bytes.
        sha256: Digest of its content.
        modified: When it was written last, in UTC, as ISO 8601.
        rows: How many rows it holds, None where it is no table.
        kind: What it is where it is no table: ``model``, ``database`` or ``other``.
    """

    path: str
    size: int
    sha256: str
    modified: str = ""
    rows: int | None = None
    kind: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as they stand in a manifest, where the path is the key."""
        facts = {
            "kind": self.kind or None,
            "rows": self.rows,
            "bytes": self.size,
            "sha256": self.sha256,
            "modified": self.modified or None,
        }
        return {name: value for name, value in facts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table in one file or in parts.

    Attributes:
        name: What it is called.
        format: One of `TABLE_FORMATS`.
        columns: Column → its type, in order; those of partitions are not among them.
        files: Its parts, in the order of their names.
        compression: ``gzip`` or ``zstd``, empty for none; of text formats only.
        encoding: How its texts are written; of text formats only.
        partitions: Column that folders say (``year=2013``) → its type.
    """

    name: str
    format: str
    columns: Mapping[str, str]
    files: tuple[FileFacts, ...]
    compression: str = ""
    encoding: str = ""
    partitions: Mapping[str, str] = field(default_factory=frozen)

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(file.rows or 0 for file in self.files)

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(file.size for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return the dataset as it stands in a manifest, where the name is the key."""
        told: dict[str, Any] = {"format": self.format}
        if self.compression:
            told["compression"] = self.compression
        if self.encoding:
            told["encoding"] = self.encoding
        told |= {"rows": self.rows, "bytes": self.size}
        if self.partitions:
            told["partitions"] = dict(self.partitions)
        told["columns"] = dict(self.columns)
        told["files"] = {file.path: file.to_dict() for file in self.files}
        return told


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in the folder that the manifest says nothing about, and why."""

    path: str
    why: str
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds.

    Attributes:
        folder: The folder.
        datasets: Tables, by name.
        files: Files that are no tables.
        left_out: What is hidden, leads elsewhere or cannot be read.
    """

    folder: Path
    datasets: tuple[Dataset, ...] = ()
    files: tuple[FileFacts, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __getitem__(self, name: str) -> Dataset:
        return next(dataset for dataset in self.datasets if dataset.name == name)

    def all_files(self) -> Iterator[tuple[str, FileFacts]]:
        """Yield every file with the name of its dataset, which is empty for one that is no table."""
        for dataset in self.datasets:
            yield from ((dataset.name, file) for file in dataset.files)
        yield from (("", file) for file in self.files)

    def to_dict(self, folder: str = "") -> dict[str, Any]:
        """Return the manifest as plain data.

        Args:
            folder: How it names its folder, such as a path from the place where it is written.
        """
        told: dict[str, Any] = {"schema": SCHEMA, "folder": folder or self.folder.as_posix()}
        told["datasets"] = {dataset.name: dataset.to_dict() for dataset in self.datasets}
        if self.files:
            told["files"] = {file.path: file.to_dict() for file in self.files}
        if self.left_out:
            told["left_out"] = {item.path: {"why": item.why} for item in self.left_out}
        return told
