"""A command that reads a table from a file: how it fails, each time in a process and a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeproof.data.shrinking.signature import Signature, of_output
from pipeproof.errors import Finding, UsageError
from pipeproof.formats import tables

if TYPE_CHECKING:
    import polars as pl

PLACE = "{table}"
_TAIL = 20_000  # bytes of what a process printed that tell how it failed


@dataclass(frozen=True, slots=True)
class Command:
    """A command with a place for the path of a table.

    Attributes:
        words: Its words; in each, `{table}` stands for the path. No shell is asked.
        name: Name of the file that it gets, whose ending tells the format.
        kind: The format.
        timeout: Seconds after which it is ended, which is a failure of its own kind.
        jobs: How many are run at once.
    """

    words: tuple[str, ...]
    name: str
    kind: str
    timeout: float = 60.0
    jobs: int = 1

    def examine(self, several: Sequence[pl.DataFrame]) -> list[Signature | None]:
        """Return how it fails on each of several tables."""
        if len(several) == 1 or self.jobs == 1:
            return [self.run(table) for table in several]
        with ThreadPoolExecutor(min(self.jobs, len(several))) as pool:
            return list(pool.map(self.run, several))

    def run(self, table: pl.DataFrame) -> Signature | None:
        """Return how it fails on a table, or None when it does not."""
        with tempfile.TemporaryDirectory(prefix="pipeproof-shrink-") as folder:
            path = Path(folder) / self.name
            tables.write(table.lazy(), path, self.kind)
            return self.run_on(path)

    def run_on(self, path: Path) -> Signature | None:
        """Return how it fails on the table in a file."""
        words = [word.replace(PLACE, str(path)) for word in self.words]
        with tempfile.TemporaryFile() as said:
            process = _start(words, said)
            try:
                code = process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                return Signature("timeout")
            finally:
                _end(process)
            if code == 0:
                return None
            said.seek(max(0, said.seek(0, os.SEEK_END) - _TAIL))
            text = said.read().decode("utf-8", "replace").replace(str(path), PLACE)
            return of_output(_ended(code), text)


def command_of(text: str) -> tuple[str, ...]:
    """Return the words of a command line.

    Raises:
        UsageError: It cannot be split into words, or has no place for the table.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        what = f"--command cannot be split into words: {error}"
        raise UsageError(Finding("PPF366", what, fix="close every quote")) from error
    if not any(PLACE in word for word in words):
        fix = f"write {PLACE} where the path of the table stands: --command 'python train.py {PLACE}'"
        raise UsageError(Finding("PPF366", f"--command has no {PLACE}", fix=fix))
    return words


def _start(words: Sequence[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 the user's own command, without a shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
    except OSError as error:
        what = f"--command cannot be started: {words[0]}: {(error.strerror or str(error)).lower()}"
        raise UsageError(Finding("PPF366", what, fix="check the name of the program")) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """End whatever the command has left in its group of processes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ended(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"
