"""Content kept under the digest of itself, in local files.

A file object is the file; a folder object is a JSON list of what it holds: files, each an object of
its own with its execute bit, links that stay inside, and empty folders. Names are sorted as bytes, so
equal folders have equal digests whatever the file system says first. Objects are read-only, so that
code cannot change what it was lent, and appear under their name only when they are complete.

No fsync, which would cost milliseconds an object: an object appears whole to every process, whichever
is killed, but power loss may leave one cut short under its name. Objects are not verified when they
are read. They are when the same content is made again: one whose size differs, or up to 1 MiB whose
digest differs, is replaced by the good one.

Nothing outside of the folder that is taken in is ever moved or made read-only: what is reached by a link,
or has another name elsewhere (a hard link), is copied.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeproof.errors import Finding, StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.store.forgotten import tombstone_of

_FOLDER = ".folder"
_VERIFIED = 2**20  # bytes; hashing an object that stands already takes less than a millisecond
_FICLONE = 0x40049409  # ioctl_ficlone(2): share the blocks, where the file system can


class LocalObjects:
    """An object store in a folder of the local file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, path: Path, *, move: bool = True) -> tuple[str, int]:
        """Take a file or folder in and return its digest and size in bytes.

        Raises:
            StoreError: A link in the folder leaves it, there is something that is no file, or the
                store cannot be written to.
        """
        move = move and os.path.realpath(path) == os.path.abspath(path)  # noqa: PTH100 hot path; a link leads elsewhere
        try:
            if path.is_dir():
                return self._add_folder(path, move=move)
            return self._add_file(path, move=move)
        except OSError as error:
            what = f"{path.name} cannot be kept in {self.root}: {error.strerror or error}"
            raise StoreError(Finding("PPF503", what, fix="see that there is space and permission")) from error

    def path(self, digest: str) -> Path:
        """Return where a file object stands."""
        return self.root / digest[:2] / digest[2:]

    def is_whole(self, artifact: Artifact) -> bool:
        """Say whether the content of an artifact is there and still what its name says.

        Of a folder only the listing is looked at; its files are checked as they are laid out.
        """
        if artifact.kind in {"value", "folder"}:
            return artifact.kind == "value" or self.path(artifact.digest + _FOLDER).exists()
        path = self.path(artifact.digest)
        return path.is_file() and path.stat().st_size == artifact.size and _digest(path) == artifact.digest

    def lay_out(self, digest: str, to: Path) -> None:
        """Copy a file or folder out to `to`; the copy may be written to.

        Raises:
            StoreError: There is no such object.
        """
        listing = self.path(digest + _FOLDER)
        if listing.exists():
            self._lay_out_folder(json.loads(listing.read_text()), to)
        elif self.path(digest).exists():
            copy(self.path(digest), to)
        else:
            gone = tombstone_of(self.root.parent, digest)
            what = f"the object {digest[:12]} is not in {self.root} any more" + (
                f": {gone.says}" if gone else ""
            )
            raise StoreError(Finding("PPF503", what, fix="run the step that makes it again"))

    def _lay_out_folder(self, listing: list[dict[str, Any]], to: Path) -> None:
        to.mkdir(parents=True)
        for entry in listing:
            place = to / os.fsdecode(entry["name"].encode("latin-1"))
            place.parent.mkdir(parents=True, exist_ok=True)
            if "link" in entry:
                place.symlink_to(os.fsdecode(entry["link"].encode("latin-1")))
            elif "digest" in entry:
                copy(self.path(entry["digest"]), place)
                place.chmod(0o755 if entry.get("run") else 0o644)
            else:
                place.mkdir()

    def _add_file(self, path: Path, *, move: bool) -> tuple[str, int]:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would wait for ever
            raise StoreError(
                Finding("PPF503", f"{path} is no file and no folder", fix="write a file instead")
            )
        if (
            not move or found.st_nlink > 1
        ):  # what stays outside may change while it is read: the copy is named
            copied = self._temporary()
            copy(path, copied)
            path = copied
        size, digest = path.stat().st_size, _digest(path)
        self._place(path, self.path(digest), digest)
        return digest, size

    def _add_folder(self, path: Path, *, move: bool) -> tuple[str, int]:
        listing, total = [], 0
        for file in _inside(path):
            entry: dict[str, Any] = {"name": os.fsencode(file.relative_to(path)).decode("latin-1")}
            if file.is_symlink():
                entry["link"] = os.fsencode(_refuse_outside(file, path)).decode("latin-1")
            elif file.is_file():
                executable = bool(file.stat().st_mode & stat.S_IXUSR)
                entry["digest"], size = self._add_file(file, move=move)
                entry |= {"run": True} if executable else {}
                total += size
            elif not file.is_dir():
                raise StoreError(Finding("PPF503", f"{file} is no file and no folder", fix="remove it"))
            listing.append(entry)
        body = json.dumps(listing, separators=(",", ":"))
        digest = hashlib.sha256(b"folder\0" + body.encode()).hexdigest()
        temporary = self._temporary()
        temporary.write_text(body)
        self._place(temporary, self.path(digest + _FOLDER), hashlib.sha256(body.encode()).hexdigest())
        return digest, total

    def _place(self, path: Path, to: Path, digest: str) -> None:
        """Let a file with this digest appear under its name, complete and read-only."""
        if _is_sound(to, path.stat().st_size, digest):
            path.unlink()
            return
        if path.parent != self._incoming:
            path = Path(shutil.move(path, self._temporary()))
        path.chmod(0o400)
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.replace(path, to)  # noqa: PTH105 atomic within one file system

    @property
    def _incoming(self) -> Path:
        return self.root / "incoming"

    def _temporary(self) -> Path:
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._incoming / uuid.uuid4().hex


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _is_sound(path: Path, size: int, digest: str) -> bool:
    """Say whether an object stands there and, as far as that is quickly seen, with the right content."""
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return False
    return found == size and (size > _VERIFIED or _digest(path) == digest)


def copy(path: Path, to: Path) -> None:
    """Copy a file, sharing its blocks where the file system can; the copy may be written to."""
    with path.open("rb") as source, to.open("wb") as target:
        try:
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
        except OSError:
            shutil.copyfileobj(source, target, 2**20)
    to.chmod(0o644)


def _inside(folder: Path) -> Iterator[Path]:
    """Yield files, links and empty folders below a folder, sorted by their names as bytes."""
    found = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        found += [here / name for name in (*files, *links)]
        if not folders and not files and here != folder:
            found.append(here)
    yield from sorted(found, key=lambda file: os.fsencode(file.relative_to(folder)))


def _refuse_outside(link: Path, folder: Path) -> Path:
    """Return where a link leads, relative to itself."""
    leads_to = link.readlink()
    if leads_to.is_absolute() or not (link.parent / leads_to).resolve().is_relative_to(folder.resolve()):
        what = f"{link.relative_to(folder)} is a link that leaves the folder {folder.name}"
        raise StoreError(Finding("PPF503", what, fix="copy the file instead"))
    return leads_to
