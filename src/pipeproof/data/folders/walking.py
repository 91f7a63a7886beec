"""The files of a folder: no link is followed, nothing outside is touched, nothing is passed over in silence."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeproof.data.folders.manifest import LeftOut

_HIDDEN = (".", "_")  # as Spark, DuckDB and Polars have it: _SUCCESS, .ipynb_checkpoints


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: where it is, and where in the folder that is."""

    place: Path
    path: str


def walk(folder: Path) -> Iterator[Found | LeftOut]:
    """Yield the files of a folder in the order of their names, and what is no such file with the reason."""
    yield from _walk(folder.resolve(), folder)


def _walk(root: Path, folder: Path) -> Iterator[Found | LeftOut]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield LeftOut(_path(root, folder), _why(error), unreadable=True)
        return
    for entry in entries:
        place = Path(entry.path)
        path = _path(root, place)
        if entry.name.startswith(_HIDDEN):
            yield LeftOut(path, "hidden")
        elif entry.is_symlink():
            yield LeftOut(path, _of_link(root, place))
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(root, place)
        elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            yield Found(place, path)
        else:
            yield LeftOut(path, "no regular file")


def _path(root: Path, place: Path) -> str:
    # The parent only: a link itself must not be resolved.
    return (place.parent.resolve() / place.name).relative_to(root).as_posix() if place != root else "."


def _of_link(root: Path, place: Path) -> str:
    target = place.resolve()
    if not target.exists():
        return "a link to nothing"
    if not target.is_relative_to(root):
        return "a link out of the folder"
    return f"a link to {target.relative_to(root).as_posix()}"


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
