"""What a folder holds, found by looking at every file of it once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pipeproof.data.folders.grouping import Group, Part, group, kinds_of_partitions, partition_of
from pipeproof.data.folders.looking import Looked, look_at
from pipeproof.data.folders.manifest import Dataset, FileFacts, LeftOut, Manifest
from pipeproof.data.folders.walking import Found, walk
from pipeproof.errors import ContractError, Finding, Location
from pipeproof.model.contract import frozen


def discover(folder: str | Path, *, leave_out: Collection[Path] = ()) -> Manifest:
    """Return what a folder holds: tables in files and in parts, other files, and what was left out.

    Links are not followed, and what is hidden is named but not looked into.

    Args:
        folder: The folder.
        leave_out: Files in it that are not of it, such as its own manifest.

    Raises:
        ContractError: There is no such folder.
    """
    root = Path(folder)
    if not root.is_dir():
        what = f"{root} is a file, not a folder" if root.exists() else f"there is no folder {root}"
        raise ContractError(Finding("PPF391", what, fix="name the folder that holds the data"))
    passed = {path.resolve() for path in leave_out}
    looked: list[Looked] = []
    left: list[LeftOut] = []
    for item in walk(root.resolve()):
        if isinstance(item, LeftOut):
            left.append(item)
        elif item.place not in passed:
            _look(item, looked, left)
    parts = {file.facts.path: file for file in looked if file.format}
    groups = group(Part(path, file.format, tuple(file.columns)) for path, file in parts.items())
    datasets = tuple(_dataset(found, [parts[path] for path in found.paths]) for found in groups)
    others = tuple(file.facts for file in looked if not file.format)
    return Manifest(root, datasets, others, tuple(sorted(left, key=lambda item: item.path)))


def unread(manifest: Manifest) -> list[Finding]:
    """Return a warning for each file that could not be read."""
    return [
        Finding("PPF397", item.why, Location(str(manifest.folder / item.path)), severity="warning")
        for item in manifest.left_out
        if item.unreadable
    ]


def _look(file: Found, looked: list[Looked], left: list[LeftOut]) -> None:
    try:
        found = look_at(file)
    except OSError as error:
        left.append(LeftOut(file.path, (error.strerror or str(error)).lower(), unreadable=True))
        return
    if found.fault:
        left.append(LeftOut(file.path, f"cannot be read as {found.format}: {found.fault}", unreadable=True))
    else:
        looked.append(found)


def _dataset(found: Group, parts: list[Looked]) -> Dataset:
    partitions = kinds_of_partitions(partition_of(path) for path in found.paths) if found.partitions else {}
    encodings = {part.encoding for part in parts}
    packings = {part.compression for part in parts}
    return Dataset(
        found.name,
        parts[0].format,
        frozen(_merged(part.columns for part in parts)),
        tuple(part.facts for part in parts),
        packings.pop() if len(packings) == 1 else "mixed",
        encodings.pop() if len(encodings) == 1 else "mixed",
        frozen(partitions),
    )


def _merged(columns: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the columns of all parts; a type that parts do not agree on is the one that holds all values."""
    merged: dict[str, str] = {}
    for part in columns:
        for name, kind in part.items():
            merged[name] = _wider(merged.get(name, kind), kind)
    return merged


def _wider(one: str, other: str) -> str:
    present = {one, other} - {"Null"} or {"Null"}
    if len(present) == 1:
        return present.pop()
    return "number" if {one, other} <= {"integer", "number"} else "string"


def files_by_path(manifest: Manifest) -> dict[str, tuple[str, FileFacts]]:
    """Return path → name of the dataset and facts, of every file."""
    return {file.path: (name, file) for name, file in manifest.all_files()}
