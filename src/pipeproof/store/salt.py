"""The key of a project's hashes: nobody can find out from keys alone, by trying, what a variable held."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

_NAME = "salt"
_BYTES = 32


def read_salt(state: Path) -> bytes:
    """Return the salt of a project; a new one when it has none yet, for `keep_salt` to keep."""
    try:
        return (state / _NAME).read_bytes()
    except OSError:
        return secrets.token_bytes(_BYTES)


def keep_salt(state: Path, salt: bytes) -> None:
    """Keep a salt if there is none; when two processes do so at once the first stays.

    What the other one made under its own is then never taken again, which costs time and nothing else.

    Raises:
        OSError: It cannot be written.
    """
    path = state / _NAME
    if path.exists():
        return
    beside = path.with_name(f".{secrets.token_hex(8)}.{_NAME}")
    beside.touch(0o600)
    try:
        beside.write_bytes(salt)
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)  # unlike a rename it never takes the place of another
    finally:
        beside.unlink()
