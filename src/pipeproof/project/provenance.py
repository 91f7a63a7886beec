"""What a run was made with, besides its inputs: the revision of the code, its changes, interpreter, packages."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from pipeproof.digest.packages import installed
from pipeproof.project.revision import Head, read_head
from pipeproof.running.redact import Redactor

_PATIENCE = 2.0  # seconds that git has
_LARGEST = 1_000_000  # bytes of a diff that are kept
_WITHOUT = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
)  # set in hooks, for another repository
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_DIFF = ("diff", "HEAD", "--no-ext-diff", "--no-textconv", "--no-color")
_OTHERS = ("ls-files", "--others", "--exclude-standard", "-z")


class Surroundings:
    """What is around a run that begins; git works while the run is prepared.

    Args:
        root: Folder of the project.
    """

    def __init__(self, root: Path) -> None:
        self._began = time.monotonic()
        self._head = read_head(root)
        self._diff = _Git(root, _DIFF) if self._head else None
        self._others = _Git(root, _OTHERS) if self._head else None

    def read(self, secrets: Iterable[str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what the record says of it, and the texts behind the digests in that.

        Args:
            secrets: What must not stand in the changes that are kept.
        """
        found = installed()
        packages = json.dumps(dict(found), separators=(",", ":"))
        texts = {_digest(packages): packages}
        about: dict[str, Any] = {
            "interpreter": f"{platform.python_implementation()} {platform.python_version()} {sys.executable}",
            "packages": {"count": len(found), "digest": _digest(packages)},
        }
        if self._head is not None:
            about["git"] = self._revision(self._head, secrets, texts)
        return about, texts

    def close(self) -> None:
        """End git where nobody came to read what it says."""
        for git in (self._diff, self._others):
            if git is not None:
                git.close()

    def _revision(self, head: Head, secrets: Iterable[str], texts: dict[str, str]) -> dict[str, Any]:
        until = self._began + _PATIENCE
        diff = self._diff.said(until) if self._diff else None
        others = self._others.said(until) if self._others else None
        told: dict[str, Any] = {"revision": head.revision, "branch": head.branch}
        if diff is None:  # no git, too slow, or no commit yet
            return {**told, "dirty": None}
        told |= {"dirty": bool(diff), "untracked": None if others is None else others.count(b"\0")}
        if diff:
            text = Redactor(secrets).mask(_cut(diff))
            texts[_digest(text)] = text
            told["diff"] = _digest(text)
        return told


class _Git:
    """A question to git that is answered beside us, into a file without a name.

    No program that a repository's configuration names is started for it: no pager, monitor or way to show differences.
    """

    def __init__(self, root: Path, words: tuple[str, ...]) -> None:
        self._answer: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed by `close`
        self._process: subprocess.Popen[bytes] | None = None
        environment = {name: value for name, value in os.environ.items() if name not in _WITHOUT}
        with contextlib.suppress(OSError):  # there is no git
            self._process = subprocess.Popen(  # noqa: S603 fixed words
                [*_GIT, *words],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self._answer,
                stderr=subprocess.DEVNULL,
            )

    def said(self, until: float) -> bytes | None:
        """Return what it said, as far as it is kept, waiting until then; None when it could not say."""
        if self._process is None or not _ended_well(self._process, until):
            return None
        self._answer.seek(0)
        return self._answer.read(_LARGEST + 1)

    def close(self) -> None:
        """Let go of the file, and of git if it is still at work."""
        if self._process is not None:
            _ended_well(self._process, 0)
        self._answer.close()


def _ended_well(process: subprocess.Popen[bytes], until: float) -> bool:
    """Say whether a process ended well by then; one that has not ended is ended."""
    try:
        return process.wait(max(until - time.monotonic(), 0)) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def _cut(diff: bytes) -> str:
    """Return a diff as text, without what is over the most that is kept."""
    text = diff[:_LARGEST].decode("utf-8", "replace")
    return text if len(diff) <= _LARGEST else f"{text}\n... cut off after {_LARGEST:,} bytes\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
