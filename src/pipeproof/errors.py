"""What can go wrong, as values and as exceptions.

The tree::

    PipeproofError            carries findings; exit code 2 unless said otherwise
    ├── ConfigError           a file, a key, a parameter or the shape of a pipeline is wrong
    ├── UsageError            the command line asks for something that cannot be
    ├── StoreError            the ledger or the object store refuses
    ├── ContractError         data do not keep a contract (raised on the worker, becomes a failure)
    └── ModelError            a model cannot be read, or does not fit the data it is given

Every problem is a `Finding`: a stable code, where, what, and what to do. A command reports all
findings of a file at once, so functions gather them and raise one error at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file; line and column count from 1, 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing: code, where, what, evidence, what to do.

    `dataset` and `rule` say which data broke which rule of a contract, where that is what is wrong.
    """

    code: str
    what: str
    where: Location | None = None
    severity: Severity = "error"
    path: tuple[str | int, ...] = ()
    step: str = ""
    edge: tuple[str, str] | None = None
    column: str = ""
    evidence: str = ""
    fix: str = ""
    dataset: str = ""
    rule: str = ""

    def at(self, where: Location | None) -> Finding:
        """Return the same finding with a location, unless it has one already."""
        return self if self.where or not where else replace(self, where=where)

    def __str__(self) -> str:
        place = f"{self.where}  " if self.where else ""
        fix = f"; {self.fix}" if self.fix else ""
        return f"{place}{self.code}  {self.what}{fix}"


class PipeproofError(Exception):
    """The root: an error that a person can act on, made of findings."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.findings = findings

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class ConfigError(PipeproofError):
    """A file, a key, a parameter or the shape of a pipeline is wrong."""


class UsageError(PipeproofError):
    """The command line or the call asks for something that cannot be."""


ROOM = "make room on that disk (`pipeproof gc` clears old runs away), then: pipeproof resume"
"""What to do where a disk is full."""


class StoreError(PipeproofError):
    """The ledger or the object store refuses."""


class ContractError(PipeproofError):
    """Data do not keep their contract."""


class ModelError(PipeproofError):
    """A model cannot be read, or does not fit the data it is given."""


def first_line(error: BaseException) -> str:
    """Return what an error of another library says, in one line, or its type where it says nothing."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` or the known names, ready to be put behind a message."""
    names = sorted(set(known))
    best = closest(name, names)
    if best is not None:
        return f"did you mean {best!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")  # noqa: PLR2004 a line stays short
    return f"known: {shown}"


def closest(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """Return the known name most like `name`, or None when none is at least `least` alike.

    A name that differs only in case, dashes or underscores always counts as alike.
    """
    from difflib import SequenceMatcher  # only who is wrong pays for its import

    plain = _plain(name)
    scored = [
        (1.0 if _plain(other) == plain else SequenceMatcher(None, plain, _plain(other)).ratio(), other)
        for other in known
    ]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= least else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
