"""The log of an attempt: redacted before it reaches the disk, first and last part kept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from pipeproof.running.redact import redactor

FIRST = 4 * 2**20
LAST = 1 * 2**20


class LogFile:
    """Takes bytes as they come and keeps the first 4 MiB and the last 1 MiB of them.

    The file appears with the first byte. Secrets are masked even when they come in two pieces: the
    end of a piece that could still become a secret is held back until the next one.
    """

    def __init__(self, path: str | Path, secrets: Iterable[str] = (), *, personal: bool = False) -> None:
        self.path = path
        self.total = 0
        self._redactor = redactor(tuple(secrets), personal=personal)
        self._held = b""
        self._file: IO[bytes] | None = None
        self._written = 0
        self._tail = bytearray()
        self._dropped = 0
        self._closed = False

    def write(self, data: bytes) -> None:
        """Take the next piece; after `close` it is dropped."""
        if self._closed:
            return
        self.total += len(data)
        data = self._held + data
        # What could still become a longer secret is held before anything in it is masked.
        cut = self._redactor.settled(data)
        self._held = data[cut:]
        self._keep(self._redactor.mask_bytes(data[:cut]))

    def close(self) -> int:
        """Write what is left and return how many bytes were dropped."""
        self._keep(self._redactor.mask_bytes(self._held))
        self._held = b""
        self._closed = True
        if self._tail:
            if self._dropped:
                self._out(f"\n... {self._dropped:,} bytes dropped ...\n".encode())
            self._out(bytes(self._tail))
        if self._file is not None:
            self._file.close()
        return self._dropped

    def _keep(self, data: bytes) -> None:
        room = FIRST - self._written
        if room > 0:
            self._out(data[:room])
            data = data[room:]
        self._tail += data
        if len(self._tail) > LAST:
            surplus = len(self._tail) - LAST
            self._dropped += surplus
            del self._tail[:surplus]

    def _out(self, data: bytes) -> None:
        if not data:
            return
        if self._file is None:
            path = Path(self.path)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What the code prints may be of persons: for the owner's eyes alone.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._file.write(data)
        self._written += len(data)
