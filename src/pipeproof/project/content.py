"""The content of files and folders as it is now; what it was of large ones is kept from one plan to the next."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from pipeproof.running.seen import LARGE, digest_file_now, large_ones, recall

_NAME = "digests.json"


def content_digest(path: Path) -> str:
    """Return the digest of a file, or of a folder with all files in it; empty when there is none."""
    if path.is_dir():
        listing = hashlib.sha256()
        for file in sorted(item for item in path.rglob("*") if item.is_file()):
            named = f"{file.relative_to(path)}\0{digest_file_now(str(file))}\0"
            listing.update(named.encode(errors="surrogatepass"))
        return listing.hexdigest()
    return digest_file_now(str(path)) if path.is_file() else ""


class Digests:
    """Digests of large files with the states that they were computed in, in a file of the project's state.

    A digest holds as long as size, times, node and rights of its file are the same, on this machine; nothing is
    kept of a file that is younger than two seconds. When the file is lost, or another process writes it
    meanwhile, digests are computed again.

    Args:
        state: Folder that runs are kept in.
    """

    def __init__(self, state: Path) -> None:
        self._file = state / _NAME
        self._before: Mapping[str, object] = {}

    def load(self) -> None:
        """Take over what is kept."""
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            kept = json.loads(self._file.read_bytes())
            recall({path: (tuple(state), digest) for path, (state, digest) in kept.items()})
        self._before = dict(large_ones(LARGE))

    def save(self) -> None:
        """Keep what was computed since; where nothing was ever run, nothing is kept."""
        now = dict(large_ones(LARGE))
        if now == self._before or not self._file.parent.is_dir():
            return
        beside = self._file.with_name(f".{secrets.token_hex(8)}.{_NAME}")
        with contextlib.suppress(OSError):  # a store that cannot be written costs time here and nothing else
            beside.write_text(json.dumps(now))
            beside.replace(self._file)
        self._before = now
