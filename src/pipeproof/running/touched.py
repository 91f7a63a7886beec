"""Whether an exception is the seal's doing: what the code of a trial wanted to touch. Standard library only."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

_REFUSED = frozenset({errno.EACCES, errno.EROFS, errno.EXDEV})
_NETWORK = "reach the network"
# What libraries say that open files by themselves, without an OSError.
_SAID = ("permission denied", "os error 13", "read-only file system")
_SAID_BY_SQLITE = ("readonly database", "unable to open database file")
_STARTING = frozenset({"_execute_child", "_posix_spawn", "_execvpe", "execv", "execve"})
_DEEPEST = 20


def touched(error: BaseException, inside: str) -> str:
    """Return what the code wanted when the seal refused it, as words behind "wanted to"; empty for other errors.

    Args:
        error: What the code raised, or a library for it.
        inside: Folder in which it may write.
    """
    within = Path(inside).resolve()
    led = list(_behind(error))
    # What the system says is surer than what a message says, so it is asked first.
    said = (*(_by_system(one, within) for one in led), *map(_by_message, led))
    return next(filter(None, said), "")


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that led to it."""
    waiting, seen = [error], 0
    while waiting and seen < _DEEPEST:
        one = waiting.pop(0)
        seen += 1
        yield one
        led = (one.__cause__, one.__context__, *getattr(one, "exceptions", ()))
        waiting += [other for other in led if isinstance(other, BaseException)]


def _by_system(error: BaseException, within: Path) -> str:
    """Return what the code wanted by what the operating system said."""
    if isinstance(error, socket.gaierror):
        return _NETWORK
    if not isinstance(error, OSError) or error.errno not in _REFUSED:
        return ""
    if _last_function(error.__traceback__) in _STARTING:  # a program that may not be executed
        return ""
    files = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    if not files:
        return _NETWORK
    return next((f"change {path}" for path in files if _is_refused(path, within)), "")


def _by_message(error: BaseException) -> str:
    """Return what the code wanted by what a library said that opens files by itself."""
    if isinstance(error, OSError) and error.errno is not None:
        return ""
    text = str(error).lower()
    if type(error).__module__ == "sqlite3" and any(said in text for said in _SAID_BY_SQLITE):
        return "write to a database"
    return "write to a file outside" if any(said in text for said in _SAID) else ""


def _is_refused(path: str, within: Path) -> bool:
    """Say whether it is the seal that refuses a path: it lies outside, and its mode would let us change it."""
    real = Path(path).resolve()
    if real.is_relative_to(within) or (real.exists() and not os.access(real, os.R_OK)):
        return False
    there = next(place for place in (real, *real.parents) if place.exists())
    # access(2) asks for modes only, not for seals.
    return os.access(there, os.W_OK) or os.access(there.parent, os.W_OK)


def _last_function(trace: TracebackType | None) -> str:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_name if trace is not None else ""
