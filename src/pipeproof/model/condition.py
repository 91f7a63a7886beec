"""Conditions: a small language for ``when:`` and ``repeat_until:``, read by Python's own grammar.

Only what stands in `pipeproof.model.condition_syntax` is understood; nothing is ever handed to `eval`. A condition
names what it asks for (`Reference`), so that the order of steps follows from it, and is answered from values
that are looked up one by one, so that the answer can say which ones it saw.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeproof.errors import ConfigError, Finding
from pipeproof.model.asking import Ask, Look, Reference, UnknownValueError
from pipeproof.model.condition_syntax import Reader, refused

__all__ = ["Answer", "Condition", "Look", "Reference", "UnknownValueError", "read_condition", "references_of"]

LONGEST = 2_000
"""Characters of a condition at most."""
_SHOWN = 40  # characters of a value in a reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What a condition came to: whether it holds, and why, with the values that it saw."""

    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that has been read.

    Attributes:
        text: As it was written.
        references: What it asks for.
        ask: Answers it.
        spans: Where what it asks for begins and ends in the text.
    """

    text: str
    references: tuple[Reference, ...]
    ask: Ask
    spans: tuple[tuple[int, int, Reference], ...] = ()

    @property
    def is_known_early(self) -> bool:
        """Whether it can be answered before anything runs."""
        return all(item.asks in {"parameters", "item"} for item in self.references)

    def answer(self, look: Look) -> Answer:
        """Return what it comes to.

        Raises:
            ConfigError: A value is not there, or two values cannot be compared.
        """
        seen: dict[Reference, Any] = {}

        def noting(reference: Reference) -> Any:
            seen[reference] = look(reference)
            return seen[reference]

        try:
            holds = bool(self.ask(noting))
        except UnknownValueError as error:
            raise ConfigError(_unanswered(self.text, str(error))) from None
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            told = self._with_values(seen)
            raise ConfigError(_unanswered(told, f"{type(error).__name__}: {error}")) from None
        return Answer(holds, self._why(seen, holds=holds))

    def renamed(self, name: Callable[[Reference], str]) -> str:
        """Return its text with what it asks for written in another way; nothing leaves a part as it is."""
        told, at = "", 0
        for start, end, reference in sorted(self.spans, key=lambda span: span[0]):
            told += self.text[at:start] + (name(reference) or self.text[start:end])
            at = end
        return told + self.text[at:]

    def _why(self, seen: Mapping[Reference, Any], *, holds: bool) -> str:
        asked = self.text.removeprefix("not ")
        for _, end, reference in self.spans:  # a condition that is one thing asked for, or that it is not so
            if end == len(self.text) and (reference.line, reference.column + len(asked) - 1) == (1, end):
                return f"{asked} is {_shown(seen[reference])}"
        return f"{self._with_values(seen)} is {'true' if holds else 'false'}"

    def _with_values(self, seen: Mapping[Reference, Any]) -> str:
        """Return the text with each value that was seen behind what asked for it."""
        told, at = "", 0
        for _, end, reference in sorted(self.spans, key=lambda span: span[1]):
            told += self.text[at:end]
            told += f" {_shown(seen[reference])}" if reference in seen else ""
            at = end
        return " ".join((told + self.text[at:]).split())


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > _SHOWN * 4:  # Python writes no more than 4300 digits
        return "a number too long to be shown"
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _unanswered(text: str, why: str) -> Finding:
    return Finding(
        "PPF565",
        f"the condition {text!r} cannot be answered: {why}",
        fix="ask only for what is there whenever the condition is",
    )


@cache
def read_condition(text: str) -> Condition:
    """Return the condition that a text says.

    Raises:
        ConfigError: It is no condition, with the place inside the text.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise ConfigError(refused(f"a condition has at most {LONGEST:,} characters", 1, 1))
    # Brackets let a condition go over lines; on the first one they shift all by a column.
    shift = 1 if "\n" in text else 0
    try:
        body = ast.parse(f"({text}\n)" if shift else text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
        reason = getattr(error, "msg", None) or str(error) or "it cannot be read"
        at = _inside(text, line, column - (shift if line == 1 else 0))
        raise ConfigError(refused(reason, *at)) from None
    reader = Reader(text, shift)
    try:
        ask = reader.read(body)
    except RecursionError:
        raise ConfigError(refused("it is nested too deeply", 1, 1)) from None
    return Condition(text, tuple(reference for *_, reference in reader.spans), ask, tuple(reader.spans))


def references_of(text: str) -> tuple[Reference, ...]:
    """Return what a condition asks for; nothing for one that cannot be read, which is told elsewhere."""
    try:
        return read_condition(text).references if text else ()
    except ConfigError:
        return ()


def _inside(text: str, line: int, column: int) -> tuple[int, int]:
    """Return a place that lies in the text, for an error at the bracket behind it."""
    lines = text.split("\n")
    line = min(max(line, 1), len(lines))
    return line, min(max(column, 1), len(lines[line - 1]) + 1)
