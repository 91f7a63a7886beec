"""Contract files as they were committed: `HEAD~1:contracts/orders.yaml`, as git itself writes it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pipeproof.errors import ConfigError, Finding, Location

T = TypeVar("T")
_LONGEST = 30  # seconds that git may take to find a file


def is_revision(given: str) -> bool:
    """Return whether a name means a file of a revision: there is a colon in it, and no such file."""
    revision, mark, path = given.partition(":")
    return bool(mark and revision and path) and not path.startswith("//") and not Path(given).exists()


def from_revision(given: str, read: Callable[[Path], T]) -> T:
    """Return what is read from a file as it was in a revision.

    Args:
        given: The revision and the path from the current folder, such as `main:contracts/orders.yaml`.
        read: Reads a file.

    Raises:
        ConfigError: Git is not there or knows no such file, or the file is wrong; places name the revision.
    """
    revision, _, path = given.partition(":")
    text = _committed(revision, path, given)
    with tempfile.TemporaryDirectory(prefix="pipeproof-") as folder:
        file = Path(folder, Path(path).name)
        file.write_bytes(text)
        try:
            return read(file)
        except ConfigError as error:
            raise ConfigError(*(_placed(finding, given) for finding in error.findings)) from None


def _committed(revision: str, path: str, given: str) -> bytes:
    # Git takes paths from the top of the repository, unless they begin with a dot.
    asked = path if path.startswith(("/", "./", "../")) else f"./{path}"
    command = ["git", "--no-pager", "show", "--end-of-options", f"{revision}:{asked}"]
    try:
        done = subprocess.run(  # noqa: S603 a list of words, no shell; what follows --end-of-options is no option
            command, capture_output=True, check=False, timeout=_LONGEST, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise ConfigError(_unread(given, "there is no git on this machine")) from None
    except subprocess.TimeoutExpired:
        raise ConfigError(_unread(given, f"git took longer than {_LONGEST} s")) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git failed"]
        raise ConfigError(_unread(given, said[0].removeprefix("fatal: ")))
    return done.stdout


def _unread(given: str, why: str) -> Finding:
    fix = "check the path, or write REVISION:PATH for a file that is committed, such as HEAD~1:contracts/orders.yaml"
    return Finding("PPF357", f"{given} cannot be read: {why}", fix=fix)


def _placed(finding: Finding, given: str) -> Finding:
    where = finding.where
    return replace(finding, where=Location(given, where.line, where.column) if where else Location(given))
