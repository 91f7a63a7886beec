"""What is said of two contracts: what does not fit, and what cannot be told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeproof.contracts.constraints import Value
from pipeproof.contracts.rows import Row

Answer = Literal["fits", "does not fit", "cannot tell"]
_SHOWN_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a producer may write and a consumer refuses.

    Attributes:
        column: The column, or empty when the table as a whole does not fit.
        what: What does not fit.
        evidence: The rows as people read them.
        fix: What to do.
        rows: Rows that the producer may write and the consumer refuses.
        rule: The rule of the consumer that is broken, as `contracts.rows` names it.
        severity: How bad the consumer says that is.
    """

    column: str
    what: str
    evidence: str = ""
    fix: str = ""
    rows: tuple[Row, ...] = ()
    rule: str = ""
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A rule of the consumer of which the contracts do not tell whether the producer keeps it.

    Attributes:
        column: The column, or empty when it is of the table as a whole.
        what: What cannot be told.
        why: Why not.
        rule: The rule of the consumer.
    """

    column: str
    what: str
    why: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether all that one contract allows is allowed by another."""

    misfits: tuple[Misfit, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def answer(self) -> Answer:
        """The answer in words."""
        if self.misfits:
            return "does not fit"
        return "cannot tell" if self.doubts else "fits"


def show_row(row: Row, first: Sequence[str] = ()) -> str:
    """Return a row as people read it, the columns of `first` before the others and only the first few."""
    names = [name for name in dict.fromkeys(first) if name in row]
    shown = [f"{name}: {show(row[name])}" for name in names[:_SHOWN_COLUMNS]]
    return "{" + ", ".join(shown) + (", ..." if len(names) > len(shown) else "") + "}"


def show(value: Value) -> str:
    """Return a value as people read it."""
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {show(item)}" for name, item in value.items()) + "}"
    return str(value)
