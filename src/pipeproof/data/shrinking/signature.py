"""What makes two failures the same: the kind of error, the place, and what is said without its particulars."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from types import TracebackType

_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>.+)$', re.MULTILINE)
_RAISED = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
_PARTICULARS = (
    (re.compile(r"(?<![\w])/[\w./\-]+"), "PATH"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`"), "'…'"),
    (re.compile(r"'…'(?:(?:, | and )'…')+"), "'…'"),  # as many as the table has bad values
    (re.compile(r"-?\d+(?:[.,:\-]\d+)*(?:e[+-]?\d+)?"), "#"),
)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Signature:
    """How something failed.

    Attributes:
        kind: Type of the exception, or how the process ended: `exit 3`, `SIGSEGV`, `timeout`.
        place: File, line and function of the innermost line of code; empty where it is not known.
        says: The message, with numbers, paths and quoted texts left out.
        message: The message as it was; no part of what is compared.
    """

    kind: str
    place: str = ""
    says: str = ""
    message: str = ""

    def is_like(self, other: Signature | None) -> bool:
        """Return whether another failure is the same one."""
        return other is not None and (self.kind, self.place, self.says) == (
            other.kind,
            other.place,
            other.says,
        )

    def __str__(self) -> str:
        said = f": {self.message}" if self.message else ""
        return f"{self.kind}{said}" + (f" ({self.place})" if self.place else "")


def of_exception(error: BaseException) -> Signature:
    """Return how a call failed that raised an exception."""
    message = str(error).strip().partition("\n")[0]
    return Signature(type(error).__name__, _place_of(error.__traceback__), pattern_of(message), message)


def of_output(kind: str, output: str) -> Signature:
    """Return how a process failed, by what it printed last.

    Args:
        kind: How it ended.
        output: Its standard error; a traceback of Python in it tells type, place and message.
    """
    frames = list(_FRAME.finditer(output))
    lines = [line for line in output.splitlines() if line.strip()]
    if frames:
        behind = output[frames[-1].end() :].splitlines()
        raised = next((found for line in behind if (found := _RAISED.match(line))), None)
        if raised is not None:
            place = _place(frames[-1]["file"], int(frames[-1]["line"]), frames[-1]["function"])
            message = raised["message"] or ""
            return Signature(raised["type"].rpartition(".")[2], place, pattern_of(message), message)
    last = lines[-1] if lines else ""
    return Signature(kind, "", pattern_of(last), last[:_LONGEST])


def pattern_of(message: str) -> str:
    """Return a message without its particulars: numbers, paths, quoted texts."""
    for particular, mark in _PARTICULARS:
        message = particular.sub(mark, message)
    return message[:_LONGEST]


def _place_of(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return _place(frames[-1].filename, frames[-1].lineno or 0, frames[-1].name) if frames else ""


def _place(file: str, line: int, function: str) -> str:
    return f"{file}:{line} in {function}"
