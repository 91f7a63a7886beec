"""Writing a file so that readers see all of it or nothing, also when two runs write at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from pipeproof.running.publishing import Staged, exists, put, sync_folder, unwritable

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: where, the digest of its content, its size."""

    path: Path
    sha256: str
    size: int


def write(source: Path, to: Path, *, overwrite: bool, stopped: threading.Event) -> Written:
    """Copy a file: under a temporary name beside its place, synced, then renamed.

    A link at `to` stays a link; what it points to is replaced. Folders above are made.

    Raises:
        ContractError: There is a file already and `overwrite` is off, or it cannot be written there.
        InterruptedError: The step was stopped; nothing is left behind.
    """
    staged = stage(source, to, f"{uuid.uuid4().hex}", stopped)
    try:
        put(staged.temporary, staged.to, overwrite=overwrite)
        sync_folder(staged.to.parent)
    except OSError as error:
        raise unwritable(staged.to, error) from error
    finally:
        discard(staged.temporary)
    return Written(staged.to, staged.digest, staged.size)


def stage(source: Path, to: Path, mark: str, stopped: threading.Event) -> Staged:
    """Copy a file to a temporary name beside its place, synced; folders above are made.

    Args:
        source: The file.
        to: Its place; of a link, the file that it leads to.
        mark: What the temporary name is made of.
        stopped: Set when the step is to end.

    Raises:
        ContractError: It cannot be written there.
        InterruptedError: The step was stopped; nothing is left behind.
    """
    to = to.resolve()
    temporary = temporary_of(to, mark)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        digest, size = _copy(source, temporary, stopped)
    except BaseException as error:
        discard(temporary)
        if isinstance(error, OSError) and not isinstance(error, InterruptedError):
            raise unwritable(to, error) from error
        raise
    return Staged(temporary, to, digest, size)


def temporary_of(to: Path, mark: str) -> Path:
    """Return the temporary name of a file on its way to a place, whose links are followed."""
    return to.with_name(f".{mark}.tmp")


def discard(temporary: Path) -> None:
    """Remove a file that does not take its place."""
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def refuse_existing(to: Path) -> None:
    """Make sure that there is nothing at a place.

    Raises:
        ContractError: There is something.
    """
    if to.exists():
        raise exists(to)


def _copy(source: Path, to: Path, stopped: threading.Event) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as incoming, to.open("wb") as outgoing:
        while chunk := incoming.read(_CHUNK):
            if stopped.is_set():
                raise InterruptedError("stopped while copying")
            digest.update(chunk)
            size += outgoing.write(chunk)
        outgoing.flush()
        os.fsync(outgoing.fileno())
    if source.stat().st_mode & 0o100:
        mode = to.stat().st_mode
        to.chmod(mode | (mode & 0o444) >> 2)  # whoever may read it may execute it too
    return digest.hexdigest(), size
