"""Content kept under the digest of itself, in local files.

A file object is the file; a folder object is a JSON list of what it holds, each file an object of
its own. Objects are read-only, so that code cannot change what it was lent.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import uuid
from pathlib import Path

from pipeproof.errors import Finding, StoreError

_FOLDER = ".folder"


class LocalObjects:
    """An object store in a folder of the local file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, path: Path, *, move: bool = True) -> tuple[str, int]:
        """Take a file or folder in and return its digest and size in bytes."""
        if path.is_dir():
            return self._add_folder(path, move=move)
        return self._add_file(path, move=move)

    def path(self, digest: str) -> Path:
        """Return where a file object stands."""
        return self.root / digest[:2] / digest[2:]

    def lay_out(self, digest: str, to: Path) -> None:
        """Copy a file or folder out to `to`; the copy may be written to."""
        listing = self.path(digest + _FOLDER)
        if not listing.exists():
            _copy(self.path(digest), to)
            return
        to.mkdir(parents=True)
        for name, digest_of_file, executable in json.loads(listing.read_text()):
            place = to / name
            place.parent.mkdir(parents=True, exist_ok=True)
            _copy(self.path(digest_of_file), place)
            place.chmod(0o755 if executable else 0o644)

    def _add_file(self, path: Path, *, move: bool) -> tuple[str, int]:
        size = path.stat().st_size
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        self._place(path, self.path(digest), move=move)
        return digest, size

    def _add_folder(self, path: Path, *, move: bool) -> tuple[str, int]:
        listing, total = [], 0
        for file in sorted(path.rglob("*"), key=lambda item: str(item.relative_to(path)).encode()):
            _refuse_outside(file, path)
            if file.is_dir():
                continue
            executable = bool(file.stat().st_mode & stat.S_IXUSR)
            digest, size = self._add_file(file, move=move and not file.is_symlink())
            listing.append((str(file.relative_to(path)), digest, executable))
            total += size
        body = json.dumps(listing, separators=(",", ":"))
        digest = hashlib.sha256(b"folder\0" + body.encode()).hexdigest()
        temporary = self._temporary()
        temporary.write_text(body)
        self._place(temporary, self.path(digest + _FOLDER), move=True)
        return digest, total

    def _place(self, path: Path, to: Path, *, move: bool) -> None:
        if to.exists():
            if move:
                path.unlink()
            return
        temporary = self._temporary()
        if move:
            shutil.move(path, temporary)
        else:
            _copy(path, temporary)
        temporary.chmod(0o444)
        to.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, to)  # noqa: PTH105 atomic within one file system

    def _temporary(self) -> Path:
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex


def _copy(path: Path, to: Path) -> None:
    shutil.copyfile(path, to)
    to.chmod(0o644)


def _refuse_outside(file: Path, folder: Path) -> None:
    if file.is_symlink() and not file.resolve().is_relative_to(folder.resolve()):
        raise StoreError(
            Finding(
                "PPF503",
                f"{file.name} is a link that leaves the folder {folder.name}",
                fix="copy the file instead",
            )
        )
