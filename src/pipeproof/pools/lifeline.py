"""Whether a run goes on, as every process on the same file system can see it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Literal

_ALIVE, _STOP, _BEGUN = "alive", "stop", "begun"


class Lifeline:
    """A folder that tells the workers of an executor how their run stands, and theirs alone.

    A file in it is locked as long as the process of the run lives: the operating system gives the lock
    back whatever that process dies of. A second file says that the run is to end. A third one holds a byte
    for each job that was handed out, which says that it has begun, so that none begins twice.

    Args:
        folder: The folder, in that of the run; it is there while the run goes on.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._held: int | None = None

    def hold(self) -> None:
        """Say that the run goes on, until `cut` or the end of this process.

        Raises:
            FileExistsError: The folder tells of an earlier part of the run.
        """
        Path(self.folder).mkdir(mode=0o700, parents=True)
        Path(self.folder, _BEGUN).touch(0o600)
        self._held = os.open(f"{self.folder}/{_ALIVE}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)

    def stop(self) -> None:
        """Say that what runs is to end."""
        with contextlib.suppress(
            FileNotFoundError
        ):  # somebody removed the folder: to workers the run is over
            Path(self.folder, _STOP).touch(0o600)

    def cut(self) -> None:
        """Say that the run is over."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def begin(self, number: int) -> bool:
        """Note that work on a job begins; False when it has begun before."""
        # A byte of a file that is there: to make a file a job took 20 times as long.
        descriptor = os.open(f"{self.folder}/{_BEGUN}", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_set(descriptor, number):
                return False
            os.pwrite(descriptor, b"\1", number)
        finally:
            os.close(descriptor)
        return True

    def has_begun(self, number: int) -> bool:
        """Say whether any process has begun to work on a job."""
        try:
            descriptor = os.open(f"{self.folder}/{_BEGUN}", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return _is_set(descriptor, number)
        finally:
            os.close(descriptor)

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


def _is_set(descriptor: int, number: int) -> bool:
    return os.pread(descriptor, 1, number) == b"\1"
