"""Writing a file so that readers see all of it or nothing, also when two runs write at once."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import ContractError, Finding

_CHUNK = 1 << 20
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


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
    to = to.resolve()
    temporary = to.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        digest, size = _copy(source, temporary, stopped)
        _put(temporary, to, overwrite=overwrite)
        _sync(to.parent)
    except (PermissionError, NotADirectoryError, IsADirectoryError) as error:
        what = f"{to} cannot be written: {(error.strerror or str(error)).lower()}"
        raise ContractError(Finding("PPF213", what, fix="check the path and its permissions")) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return Written(to, digest, size)


def refuse_existing(to: Path) -> None:
    """Make sure that there is nothing at a place.

    Raises:
        ContractError: There is something.
    """
    if to.exists():
        raise _exists(to)


def _exists(to: Path) -> ContractError:
    return ContractError(
        Finding(
            "PPF212",
            f"{to} is there already, and `overwrite` is false",
            fix="remove it, write to another name (such as one with {partition_date}), or set overwrite: true",
        )
    )


def _copy(source: Path, to: Path, stopped: threading.Event) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as incoming, to.open("xb") as outgoing:
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


def _put(temporary: Path, to: Path, *, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(to)
        return
    try:
        os.link(temporary, to)  # unlike a rename, a link never takes the place of a file
    except FileExistsError:
        raise _exists(to) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        refuse_existing(to)
        temporary.replace(to)


def _sync(folder: Path) -> None:
    """Make a rename survive a loss of power, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
