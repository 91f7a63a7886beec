"""What an attempt at a step leaves to the next one: checkpoints, and how far its loops are. Standard library only.

A folder holds one file for each value, a journal of what was logged in finished iterations, and an index
that says which of them count. The index is replaced as a whole, after the files that it names have been
synced: whatever is killed at whatever moment, the next attempt finds one consistent state.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding
from pipeproof.running.exchange import as_json, is_table, open_as, write_table

INDEX, _JOURNAL = "index.json", "journal.jsonl"
Saved = dict[str, str]
"""How a value is kept: what it is (`as`), and the name of its file."""


class Checkpoints:
    """The checkpoints of one step, as the last commit left them.

    Args:
        folder: Where they are kept; it exists.
        scratch: Where copies of files are laid out.

    Attributes:
        progress: Loop → ``[number of the last finished iteration, whether the loop is over]``.
        journal: What earlier attempts logged in iterations that are not run again.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder, self.scratch = folder, scratch
        index = self._read_index()
        self._values: dict[str, Saved] = index.get("values", {})
        self._staged: dict[str, Saved] = {}
        self._length: int = index.get("journal", 0)
        self.progress: dict[str, list[Any]] = index.get("progress", {})
        self.journal = list(self._read_journal())
        self._remove_leftovers()

    def save(self, name: str, value: Any) -> None:
        """Write a value to a file of its own; it counts from the next commit on.

        Raises:
            ContractError: It is nothing that can be kept.
        """
        kind = _kind_of(value)
        file = f"{uuid.uuid4().hex}.{kind}"
        _WRITERS[kind](value, self.folder / file, name)
        before = self._staged.get(name)
        self._staged[name] = {"as": _type_of(value, kind), "file": file}
        if before is not None:
            _remove(self.folder / before["file"])

    def load(self, name: str, default: Any = None) -> Any:
        """Return a value as it was saved last, by this attempt or an earlier one; else the default."""
        saved = self._staged.get(name) or self._values.get(name)
        if saved is None:
            return default
        path = self.folder / saved["file"]
        kind = path.suffix[1:]
        if kind == "path":
            return self._lay_out(path)
        return _READERS[kind](path, saved["as"])

    def commit(self, entries: Iterable[Any] = ()) -> None:
        """Let all that was saved count, with what was logged on the way to it."""
        lines = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries)
        self._extend_journal(lines.encode())
        for saved in self._staged.values():
            _sync_all(self.folder / saved["file"])
        superseded = [self._values[name]["file"] for name in self._staged if name in self._values]
        self._values |= self._staged
        self._staged = {}
        self._write_index()
        for file in superseded:
            _remove(self.folder / file)

    def clear(self) -> None:
        """Remove all that is kept; the folder stays, and its lock."""
        _remove(self.folder / INDEX)  # first: without it the rest counts for nothing
        _remove(self.folder / _JOURNAL)
        self._values = {}
        self._remove_leftovers()

    @staticmethod
    def committed(folder: Path) -> int:
        """Return when something in a folder was last committed, in nanoseconds since 1970; 0 when nothing was."""
        try:
            return int(json.loads((folder / INDEX).read_text("utf-8")).get("at", time.time_ns()))
        except (FileNotFoundError, ValueError, AttributeError):
            return 0

    def _lay_out(self, path: Path) -> Path:
        """Return a copy of a file or folder, so that code which goes on writing to it harms no checkpoint."""
        (inside,) = path.iterdir()
        to = self.scratch / "checkpoints" / uuid.uuid4().hex / inside.name
        to.parent.mkdir(parents=True)
        return Path(_copy(inside, to))

    def _read_index(self) -> dict[str, Any]:
        try:
            index = json.loads((self.folder / INDEX).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return index if isinstance(index, dict) else {}

    def _write_index(self) -> None:
        index = {
            "values": self._values,
            "progress": self.progress,
            "journal": self._length,
            "at": time.time_ns(),
        }
        temporary = self.folder / f"{INDEX}.new"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(index, file)
            file.flush()
            os.fsync(file.fileno())
        _sync(self.folder)  # the names of the new files, before the index that counts on them
        temporary.replace(self.folder / INDEX)
        _sync(self.folder)

    def _read_journal(self) -> Iterator[Any]:
        if self._length:
            with (self.folder / _JOURNAL).open("rb") as file:
                yield from map(json.loads, file.read(self._length).splitlines())

    def _extend_journal(self, lines: bytes) -> None:
        """Write behind what counts; what a killed attempt wrote further on is overwritten."""
        if not lines:
            return
        with os.fdopen(os.open(self.folder / _JOURNAL, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(self._length)
            file.seek(self._length)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        self._length += len(lines)

    def _remove_leftovers(self) -> None:
        """Remove values that were written and never committed."""
        kept = {INDEX, *(saved["file"] for saved in self._values.values())}
        for path in self.folder.iterdir():
            if path.suffix[1:] in _WRITERS and path.name not in kept:
                _remove(path)


def _kind_of(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return "bytes"
    if isinstance(value, os.PathLike):
        return "path"
    if is_table(value):
        return "parquet"
    if type(value).__module__ == "numpy" and type(value).__name__ == "ndarray":
        return "npy"
    return "json"


def _type_of(value: Any, kind: str) -> str:
    """Return the class that a value is given back in; a lazy frame comes back as a frame."""
    if kind != "parquet":
        return ""
    module = type(value).__module__.partition(".")[0]
    return f"{module}.{type(value).__name__}" if module in {"pandas", "pyarrow"} else "polars.DataFrame"


def _write_bytes(value: Any, path: Path, _name: str) -> None:
    path.write_bytes(value)


def _write_path(value: Any, path: Path, name: str) -> None:
    source = Path(value)
    if not source.exists():
        raise ContractError(
            Finding("PPF263", f"the checkpoint {name!r} is the path {source}, which is not there")
        )
    path.mkdir()
    _copy(source, path / source.name)


def _write_table(value: Any, path: Path, _name: str) -> None:
    write_table(value, path)


def _write_array(value: Any, path: Path, name: str) -> None:
    import numpy as np

    if value.dtype.hasobject:
        raise ContractError(_not_kept(name, "an array of Python objects"))
    with path.open("wb") as file:
        np.save(file, value, allow_pickle=False)


def _write_json(value: Any, path: Path, name: str) -> None:
    try:
        plain = as_json(value)
    except (TypeError, ValueError):
        raise ContractError(_not_kept(name, f"{type(value).__module__}.{type(value).__qualname__}")) from None
    if lost := _changed_keys(value):
        raise ContractError(_not_kept(name, f"a mapping with the key {lost!r}, which JSON makes a text of"))
    path.write_text(json.dumps(plain), "utf-8")


def _changed_keys(value: Any) -> Any:
    """Return a key that would come back as another one, somewhere in a value; None when all is well."""
    if isinstance(value, Mapping):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        found = (_changed_keys(item) for item in value.values())
        return wrong if wrong is not None else next((key for key in found if key is not None), None)
    if isinstance(value, list | tuple):
        return next((key for key in map(_changed_keys, value) if key is not None), None)
    return None


def _not_kept(name: str, what: str) -> Finding:
    fix = "save a table, an array, bytes, a path, or values that JSON can hold"
    return Finding("PPF263", f"the checkpoint {name!r} is {what}, which cannot be kept", fix=fix)


def _read_array(path: Path, _kind: str) -> Any:
    import numpy as np

    return np.load(path, allow_pickle=False)


_WRITERS = {
    "bytes": _write_bytes,
    "json": _write_json,
    "npy": _write_array,
    "parquet": _write_table,
    "path": _write_path,
}
_READERS: dict[str, Callable[[Path, str], Any]] = {
    "bytes": lambda path, _kind: path.read_bytes(),
    "json": lambda path, _kind: json.loads(path.read_text("utf-8")),
    "npy": _read_array,
    "parquet": lambda path, kind: open_as({"table": str(path)}, kind),
}


def _copy(source: Path, to: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, to, symlinks=True)
    else:
        shutil.copyfile(source, to)
    return to


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync_all(path: Path) -> None:
    if path.is_dir():
        for place, _, files in os.walk(path):
            for name in files:
                if not os.path.islink(os.path.join(place, name)):  # noqa: PTH114, PTH118 os.walk speaks in texts
                    _sync(Path(place, name))
            _sync(Path(place))
    else:
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
