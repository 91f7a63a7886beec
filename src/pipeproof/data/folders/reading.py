"""A manifest from its file, with every mistake in it told with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from pipeproof.data.folders.manifest import Dataset, FileFacts, LeftOut, Manifest
from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.loading.node import Node
from pipeproof.loading.text import read
from pipeproof.loading.validate import validate
from pipeproof.model.contract import TABLE_FORMATS, frozen


def _doc(text: str) -> dict[str, str]:
    return {"doc": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileSpec:
    bytes: int = field(metadata=_doc("The size of the file."))
    sha256: str = field(metadata=_doc("The digest of its content, 64 hexadecimal digits."))
    modified: str = field(default="", metadata=_doc("When it was written last."))
    rows: int | None = field(default=None, metadata=_doc("How many rows it holds."))
    kind: str = field(default="", metadata=_doc("What it is where it is no table."))


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatasetSpec:
    format: str = field(metadata=_doc(f"One of {', '.join(TABLE_FORMATS)}."))
    columns: dict[str, str] = field(metadata=_doc("Column and type."))
    files: dict[str, _FileSpec] = field(metadata=_doc("Its parts by their paths in the folder."))
    rows: int | None = field(default=None, metadata=_doc("Rows of all parts."))
    bytes: int | None = field(default=None, metadata=_doc("Bytes of all parts."))
    compression: str = field(default="", metadata=_doc("How its files are packed."))
    encoding: str = field(default="", metadata=_doc("How its texts are written."))
    partitions: dict[str, str] = field(default_factory=dict, metadata=_doc("Columns that folders say."))


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeftOutSpec:
    why: str = field(metadata=_doc("Why it was left out."))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ManifestSpec:
    schema: Literal["pipeproof.manifest/1"] = field(metadata=_doc("`pipeproof.manifest/1`."))
    folder: str = field(metadata=_doc("The folder, as seen from this file."))
    datasets: dict[str, _DatasetSpec] = field(default_factory=dict, metadata=_doc("Tables by name."))
    files: dict[str, _FileSpec] = field(default_factory=dict, metadata=_doc("Files that are no tables."))
    left_out: dict[str, _LeftOutSpec] = field(
        default_factory=dict, metadata=_doc("What was left out, and why.")
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest and the file that it was read from, to say where in it something stands."""

    manifest: Manifest
    node: Node


def read_manifest(path: str | Path) -> Manifest:
    """Return the manifest that a file holds.

    Raises:
        ConfigError: It cannot be read, or has mistakes; says all of them with line and column.
    """
    return read_written(Path(path)).manifest


def read_written(path: Path) -> Written:
    """Return the manifest that a file holds, with its nodes.

    Raises:
        ConfigError: As `read_manifest` says.
    """
    node = read(path, str(path))
    problems: list[Finding] = []
    spec = validate(_ManifestSpec, node.plain, node, (), problems, what="the manifest")
    if spec is not None:
        problems += _mistakes(spec, node)
    if problems or spec is None:
        raise ConfigError(*problems)
    return Written(_manifest(spec, path), node)


def _mistakes(spec: _ManifestSpec, node: Node) -> list[Finding]:
    found: list[Finding] = []
    seen: dict[str, str] = {}
    for name, dataset in spec.datasets.items():
        at: tuple[str | int, ...] = ("datasets", name)
        if dataset.format not in TABLE_FORMATS:
            what = f"dataset {name!r} has the format {dataset.format!r}, which holds no table"
            fix = suggest(dataset.format, TABLE_FORMATS)
            found.append(Finding("PPF390", what, node.locate((*at, "format")), fix=fix))
        found += _wrong_files(dataset.files, node, at, seen)
    return found + _wrong_files(spec.files, node, (), seen)


def _wrong_files(
    files: dict[str, _FileSpec], node: Node, at: tuple[str | int, ...], seen: dict[str, str]
) -> list[Finding]:
    """Return what is wrong with files of a manifest; `seen` gathers where each path stands."""
    found = []
    for path, facts in files.items():
        place = node.locate_key((*at, "files", path))
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not path:
            what, fix = f"{path!r} leads out of the folder", "write paths as seen from the folder"
            found.append(Finding("PPF390", what, place, fix=fix))
        if path in seen:
            what, fix = f"{path} stands here again; the first is in {seen[path]}", "keep one of them"
            found.append(Finding("PPF390", what, place, fix=fix))
        seen.setdefault(path, f"line {place.line}")
        if len(facts.sha256) != 64 or not set(facts.sha256) <= set("0123456789abcdef"):  # noqa: PLR2004 hexadecimal digits of SHA-256
            what = f"{facts.sha256[:70]!r} is no SHA-256: 64 digits from 0 to f are needed"
            where = node.locate((*at, "files", path, "sha256"))
            found.append(Finding("PPF390", what, where, fix="write the manifest anew with `data discover`"))
    return found


def _manifest(spec: _ManifestSpec, path: Path) -> Manifest:
    datasets = tuple(
        Dataset(
            name,
            dataset.format,
            frozen(dataset.columns),
            tuple(_facts(file, facts) for file, facts in dataset.files.items()),
            dataset.compression,
            dataset.encoding,
            frozen(dataset.partitions),
        )
        for name, dataset in spec.datasets.items()
    )
    files = tuple(_facts(file, facts) for file, facts in spec.files.items())
    left = tuple(LeftOut(item, said.why) for item, said in spec.left_out.items())
    return Manifest(path.parent / spec.folder, datasets, files, left)


def _facts(path: str, spec: _FileSpec) -> FileFacts:
    return FileFacts(path, spec.bytes, spec.sha256, spec.modified, spec.rows, spec.kind)
