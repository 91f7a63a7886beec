"""Content kept under the digest of itself, in local files.

A file object is the file; a folder object is a JSON list of what it holds: files, each an object of
its own with its execute bit, links that stay inside, and empty folders. Names are sorted as bytes, so
equal folders have equal digests whatever the file system says first. Objects are read-only, so that
code cannot change what it was lent, and appear under their name only when they are complete.

A file reaches the disk before it gets its name, so that after power loss an object is whole or not there.
That costs 0.2 ms a file, and the time of the disk for large ones, in which they are hashed as well. An object whose
size is not what it was is not there for anybody who asks. Before a step reads one of up to 1 MiB it is hashed, once
in a process, and larger ones when a run is verified or replayed; one that is damaged is set aside (`refuse_damaged`).
One that is made again replaces what stands there with another size, or up to 1 MiB with another digest.

Whoever adds an object, or finds that one is whole, sets its time to now, under a lock that is shared among them.
`sweep` removes under the same lock, held alone, what nobody needs and nobody touched of late: so an object that
was found a moment ago is not removed before the ledger says who needs it.

Nothing outside of the folder that is taken in is ever moved or made read-only: what is reached by a link,
or has another name elsewhere (a hard link), is copied.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeproof.digest import digest_file
from pipeproof.errors import ROOM, Finding, StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.store.forgotten import tombstone_of
from pipeproof.store.moving import copy, digest_and_sync, inside, refuse_outside, sync_file

LISTING = ".folder"
"""Ends the name of the list of what a folder holds."""
DAMAGED = "damaged"
"""The folder of objects whose content is not what their names say."""
NAME = re.compile(r"[0-9a-f]{64}(\.folder)?")
"""What names of objects look like."""
_VERIFIED = 2**20  # bytes; hashing an object that stands already takes less than a millisecond
_LARGE = 16 * 2**20  # bytes; below, a thread that writes to the disk meanwhile does not pay


class LocalObjects:
    """An object store in a folder of the local file system.

    Args:
        root: The folder.
        durable: Whether what is kept survives power loss.
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root, self.durable = root, durable
        self._lock = root / "lock"
        self._sound: set[str] = set()  # names of objects that this process has hashed

    @property
    def notes(self) -> tuple[str, ...]:
        """What a record must say of where objects are: nothing, they are where they should be."""
        return ()

    @property
    def apart(self) -> LocalObjects:
        """The store for trials, whose made data stay on this machine and need not survive power loss."""
        return LocalObjects(self.root, durable=False)

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
            raise self.unwritable(path.name, error) from error

    def path(self, digest: str) -> Path:
        """Return where a file object stands."""
        return self.place(digest)

    def place(self, name: str) -> Path:
        """Return where an object of this name stands, or would."""
        return self.root / name[:2] / name[2:]

    def has(self, artifact: Artifact) -> bool:
        """Say whether the content of an artifact is there, with the size it should have; `sweep` leaves it for now.

        Values in the ledger have no object.
        """
        if artifact.is_inline:
            return True
        name = _name_of(artifact)
        return self.touch(name) and self._size(name) == artifact.size

    def refuse_damaged(self, artifact: Artifact, *, thorough: bool = False) -> None:
        """Make sure that what is here of an artifact is what its name says; what is not is set aside, to be made again.

        Args:
            artifact: The artifact.
            thorough: Hash large files too, and those that this process has hashed before.

        Raises:
            StoreError: It is damaged.
        """
        if artifact.is_inline:
            return
        name = _name_of(artifact)
        damaged = [one for one in (name, *self.files_of(name)) if self._is_damaged(one, thorough=thorough)]
        for one in damaged:
            self._set_aside(one)
        if damaged:
            what = f"the object {damaged[0][:12]} in {self.root} is damaged: its content is not what its name says"
            fix = "it was set aside: run the pipeline again, which makes it anew; then see what is wrong with the disk"
            raise StoreError(Finding("PPF517", what, fix=fix))

    def _is_damaged(self, name: str, *, thorough: bool) -> bool:
        if name in self._sound and not thorough:
            return False
        path = self.place(name)
        try:
            if path.stat().st_size > _VERIFIED and not thorough:
                return False
            digest = (
                digest_of_listing(path.read_bytes()) + LISTING
                if name.endswith(LISTING)
                else digest_file(path)
            )
        except FileNotFoundError:  # whoever reads it says so
            return False
        self._sound |= {name} if digest == name else set()
        return digest != name

    def _set_aside(self, name: str) -> None:
        aside = self.root / DAMAGED
        aside.mkdir(mode=0o700, exist_ok=True)
        self._sound.discard(name)
        with self.together(alone=True), contextlib.suppress(FileNotFoundError):
            self.place(name).replace(aside / name)

    def _size(self, name: str) -> int:
        """Return the bytes of a file, or of all files in a folder."""
        names = (
            (name,)
            if not name.endswith(LISTING)
            else (e["digest"] for e in self._listing(name) if "digest" in e)
        )
        try:
            return sum(self.place(one).stat().st_size for one in names)
        except FileNotFoundError:
            return -1

    def is_whole(self, artifact: Artifact) -> bool:
        """Say whether the content of an artifact is there and still what its name says.

        Of the files in a folder it is only looked whether they are there.
        """
        if not self.has(artifact):
            return False
        if artifact.kind == "folder" or artifact.is_inline:
            return True
        return digest_file(self.place(artifact.digest)) == artifact.digest

    def touch(self, name: str) -> bool:
        """Say whether an object is there, a folder with all its files, and that somebody needs it now."""
        if not self.place(name).is_file():
            return False
        with self.together():
            return all(_touch(self.place(one)) for one in (name, *self.files_of(name)))

    def files_of(self, name: str) -> tuple[str, ...]:
        """Return the names of the files in a folder that is here; none if the object is no folder's listing."""
        return tuple(dict.fromkeys(entry["digest"] for entry in self._listing(name) if "digest" in entry))

    def _listing(self, name: str) -> list[dict[str, Any]]:
        if not name.endswith(LISTING):
            return []
        try:
            entries = json.loads(self.place(name).read_text())
        except (OSError, ValueError):
            return []
        good = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
        return entries if good else []

    def lay_out(self, digest: str, to: Path) -> None:
        """Copy a file or folder out to `to`; the copy may be written to.

        Raises:
            StoreError: There is no such object, or a file of a folder is gone.
        """
        listing = self.place(digest + LISTING)
        if listing.exists():
            self._lay_out_folder(json.loads(listing.read_text()), to)
        else:
            self._lay_out_file(digest, to)

    def names(self) -> Iterator[str]:
        """Yield the names of all objects."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            name = path.parent.name + path.name
            if NAME.fullmatch(name):
                yield name

    def remove(self, name: str) -> None:
        """Remove an object, whoever needs it."""
        self.place(name).unlink(missing_ok=True)

    def check(self) -> None:
        """Write, read and remove something small.

        Raises:
            StoreError: One of them cannot be done.
        """
        try:
            with self.temporary() as scratch:
                scratch.write_bytes(b"probe")
                scratch.read_bytes()
        except OSError as error:
            raise self.unwritable("something small", error) from error

    @contextlib.contextmanager
    def temporary(self) -> Iterator[Path]:
        """Give the path of a file on its way in; it is gone afterwards unless it was kept."""
        incoming = self.root / "incoming"
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = incoming / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def keep(self, path: Path, name: str, digest: str) -> None:
        """Let a temporary file with this digest appear under its name: complete and read-only, and on the disk before."""
        to, size = self.place(name), path.stat().st_size
        with self.together():
            stands = _is_sound(to, size, digest) and _touch(to)
        if self.durable:
            sync_file(to if stands else path)  # what stands may come from a trial
        if not stands or size <= _VERIFIED:
            self._sound.add(name)
        if stands:
            return
        path.chmod(0o400)
        if not to.parent.is_dir():
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.durable:
                sync_file(self.root)
        with self.together():
            os.utime(path)
            os.replace(path, to)  # noqa: PTH105 atomic within one file system

    @contextlib.contextmanager
    def together(self, *, alone: bool = False) -> Iterator[None]:
        """Hold the store's lock: with others who say what they need, or `alone` to remove what nobody does."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self._lock, flags, 0o600)
        except FileNotFoundError:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def unwritable(self, what: str, error: OSError) -> StoreError:
        """Return the error for something that cannot be kept here."""
        said = f"{what} cannot be kept in {self.root}: {error.strerror or error}"
        fix = ROOM if error.errno == errno.ENOSPC else "see that there is space and permission"
        return StoreError(Finding("PPF503", said, fix=fix))

    def _lay_out_file(self, digest: str, to: Path) -> None:
        try:
            copy(self.place(digest), to)
        except FileNotFoundError as error:
            if to.parent.is_dir() and not self.place(digest).exists():
                raise self._gone(digest) from error
            raise

    def _gone(self, digest: str) -> StoreError:
        gone = tombstone_of(self.root.parent, digest)
        what = f"the object {digest[:12]} is not in {self.root} any more" + (f": {gone.says}" if gone else "")
        return StoreError(Finding("PPF503", what, fix="run the step that makes it again"))

    def _lay_out_folder(self, listing: list[dict[str, Any]], to: Path) -> None:
        to.mkdir(parents=True)
        for entry in listing:
            place = to / os.fsdecode(entry["name"].encode("latin-1"))
            place.parent.mkdir(parents=True, exist_ok=True)
            if "link" in entry:
                place.symlink_to(os.fsdecode(entry["link"].encode("latin-1")))
            elif "digest" in entry:
                self._lay_out_file(entry["digest"], place)
                place.chmod(0o755 if entry.get("run") else 0o644)
            else:
                place.mkdir()

    def _add_file(self, path: Path, *, move: bool) -> tuple[str, int]:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would wait for ever
            raise StoreError(
                Finding("PPF503", f"{path} is no file and no folder", fix="write a file instead")
            )
        with self.temporary() as arriving:
            if move and found.st_nlink == 1:
                shutil.move(path, arriving)
            else:  # what stays outside may change while it is read: the copy is named
                copy(path, arriving)
            size = arriving.stat().st_size
            digest = digest_and_sync(arriving) if self.durable and size >= _LARGE else digest_file(arriving)
            self.keep(arriving, digest, digest)
        return digest, size

    def _add_folder(self, path: Path, *, move: bool) -> tuple[str, int]:
        listing, total = [], 0
        for file in inside(path):
            entry: dict[str, Any] = {"name": os.fsencode(file.relative_to(path)).decode("latin-1")}
            if file.is_symlink():
                entry["link"] = os.fsencode(refuse_outside(file, path)).decode("latin-1")
            elif file.is_file():
                executable = bool(file.stat().st_mode & stat.S_IXUSR)
                entry["digest"], size = self._add_file(file, move=move)
                entry |= {"run": True} if executable else {}
                total += size
            elif not file.is_dir():
                raise StoreError(Finding("PPF503", f"{file} is no file and no folder", fix="remove it"))
            listing.append(entry)
        body = json.dumps(listing, separators=(",", ":")).encode()
        digest = digest_of_listing(body)
        with self.temporary() as arriving:
            arriving.write_bytes(body)
            self.keep(arriving, digest + LISTING, hashlib.sha256(body).hexdigest())
        return digest, total


def _name_of(artifact: Artifact) -> str:
    return artifact.digest + (LISTING if artifact.kind == "folder" else "")


def digest_of_listing(body: bytes) -> str:
    """Return the digest of a folder with this listing; no file with the same bytes has it."""
    return hashlib.sha256(b"folder\0" + body).hexdigest()


def _touch(path: Path) -> bool:
    """Set the time of an object to now, and say whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError:  # a store that can only be read: nobody removes from it either
        return path.exists()
    return True


def _is_sound(path: Path, size: int, digest: str) -> bool:
    """Say whether an object stands there and, as far as that is quickly seen, with the right content."""
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return False
    return found == size and (size > _VERIFIED or digest_file(path) == digest)
