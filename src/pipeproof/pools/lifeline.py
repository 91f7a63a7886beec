"""Whether a run goes on, as every process on the same file system can see it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Literal

_ALIVE, _STOP = "alive", "stop"


class Lifeline:
    """A folder that tells the workers of an executor how their run stands, and theirs alone.

    A file in it is locked as long as the process of the run lives: the operating system gives the lock
    back whatever that process dies of. Another file says that the run is to end. A third kind says
    which attempts have begun, so that none begins twice.

    Args:
        folder: The folder, in that of the run; it is there while the run goes on.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._held: int | None = None

    def hold(self) -> None:
        """Say that the run goes on, until `cut` or the end of this process."""
        Path(self.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held = os.open(f"{self.folder}/{_ALIVE}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)

    def stop(self) -> None:
        """Say that what runs is to end."""
        _create(f"{self.folder}/{_STOP}")

    def cut(self) -> None:
        """Say that the run is over."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def begin(self, attempt: str) -> bool:
        """Note that work on an attempt begins; False when it has begun before."""
        return _create(f"{self.folder}/begun.{attempt}")

    def has_begun(self, attempt: str) -> bool:
        """Say whether any process has begun to work on an attempt."""
        return os.path.exists(f"{self.folder}/begun.{attempt}")  # noqa: PTH110 hot path

    def state(self) -> Literal["alive", "stopping", "over"]:
        """Say how the run stands."""
        try:
            descriptor = os.open(f"{self.folder}/{_ALIVE}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return "over"
        try:
            # A shared lock: workers that look at the same time must not take each other for the run.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return "stopping" if os.path.exists(f"{self.folder}/{_STOP}") else "alive"  # noqa: PTH110 hot path
        finally:
            os.close(descriptor)
        return "over"


def _create(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True
