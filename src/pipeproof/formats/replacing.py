"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST_NAME = 50  # characters of the name that are kept, so that no file system finds it too long


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[Path]:
    """Give a file to write to, which takes the place of another when it is complete.

    It is beside that file and ends as it does. If anything is raised it is removed, and what was there stays. Where
    the permissions are to be narrower than usual, nobody but the owner can read it at any time. A pipe or device is
    written to as it is.

    Args:
        path: The file; of a link, the file that it leads to.
        mode: Its permissions; unless given, those of the file that is there, or the usual ones.

    Raises:
        OSError: It cannot be written.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    real = path.resolve()
    if mode is None and real.exists():
        mode = stat.S_IMODE(real.stat().st_mode)
    beside = real.with_name(f".{os.urandom(8).hex()}.{real.name[-_LONGEST_NAME:]}")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600))
    try:
        yield beside
        if mode is not None:
            beside.chmod(mode)  # a writer may have made the file anew
        beside.replace(real)
    finally:
        beside.unlink(missing_ok=True)
