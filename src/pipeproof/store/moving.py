"""Files and folders on their way into the store of objects and out of it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeproof.digest import digest_file
from pipeproof.errors import Finding, StoreError

_FICLONE = 0x40049409  # ioctl_ficlone(2): share the blocks, where the file system can


def digest_and_sync(path: Path) -> str:
    """Return the digest of a large file, which goes to the disk while it is read."""
    with ThreadPoolExecutor(1) as disk:
        synced = disk.submit(sync_file, path)
        digest = digest_file(path)
        synced.result()
    return digest


def sync_file(path: Path) -> None:
    """Let a file, or the names in a folder, be on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        getattr(os, "fdatasync", os.fsync)(descriptor)  # macOS has fsync alone
    finally:
        os.close(descriptor)


def copy(path: Path, to: Path) -> None:
    """Copy a file, sharing its blocks where the file system can; the copy may be written to."""
    with path.open("rb") as source, to.open("wb") as target:
        try:
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
        except OSError:
            shutil.copyfileobj(source, target, 2**20)
    to.chmod(0o644)


def inside(folder: Path) -> Iterator[Path]:
    """Yield files, links and empty folders below a folder, sorted by their names as bytes."""
    found = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        found += [here / name for name in (*files, *links)]
        if not folders and not files and here != folder:
            found.append(here)
    yield from sorted(found, key=lambda file: os.fsencode(file.relative_to(folder)))


def refuse_outside(link: Path, folder: Path) -> Path:
    """Return where a link leads, relative to itself."""
    leads_to = link.readlink()
    if leads_to.is_absolute() or not (link.parent / leads_to).resolve().is_relative_to(folder.resolve()):
        what = f"{link.relative_to(folder)} is a link that leaves the folder {folder.name}"
        raise StoreError(Finding("PPF503", what, fix="copy the file instead"))
    return leads_to
