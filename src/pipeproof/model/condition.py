"""Conditions: a small language for ``when:`` and ``repeat_until:``, read by Python's own grammar.

Only what stands in `_Reader` is understood; nothing is ever handed to `eval`. A condition names what
it asks for (`References`), so that the order of steps follows from it, and is answered from values
that are looked up one by one, so that the answer can say which ones it saw.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from pipeproof.errors import ConfigError, Finding, Location, suggest

Asks = Literal["parameters", "metrics", "status", "rows", "value", "item", "iteration"]
LONGEST = 2_000
"""Characters of a condition at most."""
_SHOWN = 40  # characters of a value in a reason


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
        raise ConfigError(_refused(f"a condition has at most {LONGEST:,} characters", 1, 1))
    # Brackets let a condition go over lines; on the first one they shift all by a column.
    shift = 1 if "\n" in text else 0
    try:
        body = ast.parse(f"({text}\n)" if shift else text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
        reason = getattr(error, "msg", None) or str(error) or "it cannot be read"
        at = _inside(text, line, column - (shift if line == 1 else 0))
        raise ConfigError(_refused(reason, *at)) from None
    reader = _Reader(text, shift)
    try:
        ask = reader.read(body)
    except RecursionError:
        raise ConfigError(_refused("it is nested too deeply", 1, 1)) from None
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


def _refused(why: str, line: int, column: int, fix: str = "") -> Finding:
    return Finding(
        "PPF563",
        f"this is no condition: {why}",
        Location("", line, column),
        fix=fix or "compare parameters, metrics, rows(...) and value(...); see `pipeproof help PPF563`",
    )


_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "none": None}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, many: item in many,
    ast.NotIn: lambda item, many: item not in many,
}


def _numbers_only(name: str, work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operation that refuses texts and lists: their products grow without bound."""

    def checked(left: Any, right: Any) -> Any:
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise TypeError(f"{name} needs numbers")
        return work(left, right)

    return checked


_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _numbers_only("+", operator.add),
    ast.Sub: _numbers_only("-", operator.sub),
    ast.Mult: _numbers_only("*", operator.mul),
    ast.Div: _numbers_only("/", operator.truediv),
    ast.FloorDiv: _numbers_only("//", operator.floordiv),
    ast.Mod: _numbers_only("%", operator.mod),
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "len": len,
    "max": max,
    "min": min,
    "round": round,
}
_ROOTS: tuple[Asks, ...] = ("parameters", "metrics", "status")
_ABOUT_DATA: tuple[Asks, ...] = ("rows", "value")
_ALONE: tuple[Asks, ...] = ("item", "iteration")
_FORMS: Mapping[str, str] = {
    "metrics": 'write metrics.STEP.NAME, or metrics["STEP"]["NAME"] where they are no plain words',
    "status": 'write status.STEP, or status["STEP"] where it is no plain word',
    "parameters": "write parameters.NAME",
}


class _Reader:
    """Turns a syntax tree into functions, node by node; what it does not know is refused."""

    def __init__(self, text: str, shift: int) -> None:
        self.lines, self.shift = text.split("\n"), shift
        self.spans: list[tuple[int, int, Reference]] = []

    def read(self, node: ast.expr) -> Ask:
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        if read is None:
            raise self.refusal(node, f"{type(node).__name__} is not understood here")
        ask: Ask = read(node)
        return ask

    def refusal(self, node: ast.expr, why: str, fix: str = "") -> ConfigError:
        return ConfigError(_refused(why, *self.place(node.lineno, node.col_offset), fix))

    def place(self, line: int, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, for a place of the syntax tree, which counts bytes."""
        line = min(line, len(self.lines))
        own = self.lines[line - 1].encode()[: max(offset - (self.shift if line == 1 else 0), 0)]
        return line, len(own.decode(errors="ignore")) + 1

    def offset(self, line: int, column: int) -> int:
        """Return the characters before a place."""
        return sum(len(text) + 1 for text in self.lines[: line - 1]) + column - 1

    def reference(self, node: ast.expr, asks: Asks, of: str = "", name: str = "") -> Ask:
        line, column = self.place(node.lineno, node.col_offset)
        reference = Reference(asks, of, name, line, column)
        last, end = self.place(node.end_lineno or node.lineno, node.end_col_offset or 0)
        self.spans.append((self.offset(line, column), self.offset(last, end), reference))
        return lambda look: look(reference)

    def _constant(self, node: ast.Constant) -> Ask:
        value = node.value
        if value is not None and not isinstance(value, str | int | float):
            raise self.refusal(node, f"{value!r} is no text, number or truth")
        return lambda _look: value

    def _name(self, node: ast.Name) -> Ask:
        if node.id in _CONSTANTS:
            value = _CONSTANTS[node.id]
            return lambda _look: value
        for alone in _ALONE:
            if node.id == alone:
                return self.reference(node, alone)
        raise self.refusal(node, f"{node.id!r} is not known here", self.meant(node.id))

    def meant(self, name: str) -> str:
        """Return what a name that is not known may stand for."""
        hint = suggest(name, [*_ROOTS, *_ABOUT_DATA, *_FUNCTIONS, *_ALONE])
        return hint if "did you mean" in hint else f"write parameters.{name}, or quote a text"

    def _attribute(self, node: ast.Attribute) -> Ask:
        return self.path(node)

    def _subscript(self, node: ast.Subscript) -> Ask:
        root, _ = _path_of(node)
        if root is not None:
            return self.path(node)
        inner, key = self.read(node.value), self.read(node.slice)
        return lambda look: inner(look)[key(look)]

    def path(self, node: ast.expr) -> Ask:
        """Return how ``metrics.STEP.NAME`` and the like are looked up; ``metrics["a-b"]["c"]`` says the same."""
        root, parts = _path_of(node)
        if root is None or root not in _ROOTS:
            shown = root or "this"
            raise self.refusal(node, f"{shown!r} has no parts", self.meant(shown))
        needed = 2 if root == "metrics" else 1
        if len(parts) < needed or (root != "metrics" and len(parts) > needed):
            named = "a step and a name" if root == "metrics" else "one name"
            raise self.refusal(node, f"{root} needs {named}", _FORMS[root])
        asks = next(asks for asks in _ROOTS if asks == root)
        return self.reference(node, asks, parts[0], ".".join(parts[1:]))

    def _call(self, node: ast.Call) -> Ask:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if node.keywords or not name:
            raise self.refusal(node, "only rows(DATASET), value(DATASET) and a few functions are called here")
        for about in _ABOUT_DATA:
            if name == about:
                return self.reference(node, about, self.dataset(node))
        if name not in _FUNCTIONS:
            raise self.refusal(
                node, f"there is no function {name!r}", suggest(name, [*_ABOUT_DATA, *_FUNCTIONS])
            )
        given, work = [self.read(argument) for argument in node.args], _FUNCTIONS[name]
        return lambda look: work(*(argument(look) for argument in given))

    def dataset(self, node: ast.Call) -> str:
        """Return the dataset that a call names, plain (``prep.train``) or quoted."""
        if len(node.args) == 1:
            only = node.args[0]
            if isinstance(only, ast.Constant) and isinstance(only.value, str):
                return only.value
            root, parts = _path_of(only)
            if root is not None:
                return ".".join([root, *parts])
        raise self.refusal(node, "it needs the name of one dataset", 'write rows(NAME), or rows("NAME")')

    def _boolop(self, node: ast.BoolOp) -> Ask:
        parts = [self.read(part) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda look: all(part(look) for part in parts)
        return lambda look: any(part(look) for part in parts)

    def _unaryop(self, node: ast.UnaryOp) -> Ask:
        work = _UNARY.get(type(node.op))
        if work is None:
            raise self.refusal(node, "this sign is not understood", "use not, - or +")
        inner = self.read(node.operand)
        return lambda look: work(inner(look))

    def _binop(self, node: ast.BinOp) -> Ask:
        work = _ARITHMETIC.get(type(node.op))
        if work is None:
            raise self.refusal(
                node, "this sign is not understood", "use + - * / // %; `and`, `or` for truths"
            )
        left, right = self.read(node.left), self.read(node.right)
        return lambda look: work(left(look), right(look))

    def _compare(self, node: ast.Compare) -> Ask:
        works = [_COMPARE.get(type(sign)) for sign in node.ops]
        if None in works:
            raise self.refusal(node, "`is` is not understood", "use == or !=")
        return _chain(
            [work for work in works if work is not None],
            [self.read(side) for side in (node.left, *node.comparators)],
        )

    def _list(self, node: ast.List | ast.Tuple) -> Ask:
        items = [self.read(item) for item in node.elts]
        return lambda look: [item(look) for item in items]

    _tuple = _list


def _chain(works: Sequence[Callable[[Any, Any], Any]], sides: Sequence[Ask]) -> Ask:
    """Return how ``a < b <= c`` is answered: each side asked once, and none behind the first that fails."""

    def ask(look: Look) -> bool:
        left = sides[0](look)
        for work, side in zip(works, sides[1:], strict=True):
            right = side(look)
            if not work(left, right):
                return False
            left = right
        return True

    return ask


def _path_of(node: ast.expr) -> tuple[str | None, list[str]]:
    """Return the name at the front of ``a.b["c"]`` and what follows it; None when it is no such path."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            parts.append(node.slice.value)
            node = node.value
        else:
            return (node.id if isinstance(node, ast.Name) else None), parts[::-1]
