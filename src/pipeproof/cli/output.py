"""Files that a command writes besides what it prints."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.cli.say import as_json
from pipeproof.errors import Finding, UsageError
from pipeproof.formats.replacing import replacing


def probe(path: Path) -> None:
    """Find out before long work whether a file can be written after it.

    Raises:
        UsageError: It cannot.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "no permission")
        if not path.exists() or path.is_file():
            real = path.resolve()
            beside = real.with_name(f".{real.name[:100]}.{os.getpid()}")
            beside.touch()
            beside.unlink()
    except OSError as error:
        raise UsageError(_unwritable(path, error)) from error


def refuse_existing(*paths: Path, force: bool) -> None:
    """Make sure that nothing is written over unasked; pipes and devices are there to be written to.

    Raises:
        UsageError: Some of the files are there already, and nothing says that they may be replaced.
    """
    fix = "choose another name, or replace it with --force"
    there = [Finding("PPF523", f"{path} is there already", fix=fix) for path in paths if path.is_file()]
    if there and not force:
        raise UsageError(*there)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document as JSON."""
    write_text(path, as_json(document) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all; a pipe or device is written to as it is.

    Raises:
        UsageError: It cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes whole or not at all; a pipe or device is written to as it is.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        with replacing(path) as file:
            file.write_bytes(content)
    except OSError as error:
        raise UsageError(_unwritable(path, error)) from error


def _unwritable(path: Path, error: OSError) -> Finding:
    why = (error.strerror or str(error)).lower()
    return Finding(
        "PPF523", f"{path} cannot be written: {why}", fix="name a file in a folder that you may write to"
    )
