"""What a condition may ask for: a parameter, a metric, how a step ended, the rows or the value of a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Asks = Literal["parameters", "metrics", "status", "rows", "value", "item", "iteration"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that a condition asks for, and where in its text.

    Attributes:
        asks: What it is.
        of: The parameter, step or dataset.
        name: The metric.
        line: Line of the condition, from 1.
        column: Column, from 1.
    """

    asks: Asks
    of: str = ""
    name: str = ""
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        if self.asks in {"rows", "value"}:
            return f"{self.asks}({self.of})"
        return ".".join(part for part in (self.asks, self.of, self.name) if part)


class UnknownValueError(LookupError):
    """Something that a condition asks for has no value; the message says why."""


Look: TypeAlias = Callable[[Reference], Any]
"""What is asked for → its value; raises `UnknownValueError` when it has none."""
Ask: TypeAlias = Callable[[Look], Any]
