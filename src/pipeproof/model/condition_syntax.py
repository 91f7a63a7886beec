"""The grammar of conditions: a syntax tree of Python's becomes functions, node by node; what is not known is refused."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeproof.errors import ConfigError, Finding, Location, suggest
from pipeproof.model.asking import Ask, Asks, Look, Reference


def refused(why: str, line: int, column: int, fix: str = "") -> Finding:
    """Return the finding of a text that is no condition, at a place inside it."""
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


_DEEPEST = 100  # parts within parts; Python's own bound would depend on who asks
_MOST_BITS = 4096  # of a whole number: no pipeline counts as far, and beyond it arithmetic takes its time
_MOST_DIGITS = 400  # that are rounded to: a float has no more before or behind its point


def _numbers_only(name: str, work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operation that refuses texts and lists, and whole numbers that grow without bound."""

    def checked(left: Any, right: Any) -> Any:
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise TypeError(f"{name} needs numbers")
        return _bounded(work(_bounded(left), _bounded(right)))

    return checked


def _bounded(number: Any) -> Any:
    if isinstance(number, int) and number.bit_length() > _MOST_BITS:
        raise OverflowError("the number is too large")
    return number


def _rounded(number: Any, digits: Any = None) -> Any:
    """Round as Python does, which computes 10 to the power of digits that are left out, however many."""
    if isinstance(digits, int) and abs(digits) > _MOST_DIGITS:
        raise OverflowError(f"round keeps {_MOST_DIGITS} digits at most")
    return round(number, digits)


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
    "round": _rounded,
}
_ROOTS: tuple[Asks, ...] = ("parameters", "metrics", "status")
_ABOUT_DATA: tuple[Asks, ...] = ("rows", "value")
_ALONE: tuple[Asks, ...] = ("item", "iteration")
_FORMS: Mapping[str, str] = {
    "metrics": 'write metrics.STEP.NAME, or metrics["STEP"]["NAME"] where they are no plain words',
    "status": 'write status.STEP, or status["STEP"] where it is no plain word',
    "parameters": "write parameters.NAME",
}


class Reader:
    """Turns a syntax tree into functions, node by node; what it does not know is refused."""

    def __init__(self, text: str, shift: int) -> None:
        self.lines, self.shift = text.split("\n"), shift
        self.spans: list[tuple[int, int, Reference]] = []
        self.depth = 0

    def read(self, node: ast.expr) -> Ask:
        """Return how a part of a condition is answered.

        Raises:
            ConfigError: It is not understood, with its place.
        """
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        if read is None:
            raise self.refusal(node, f"{type(node).__name__} is not understood here")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refusal(node, "it is nested too deeply")
        ask: Ask = read(node)
        self.depth -= 1
        return ask

    def refusal(self, node: ast.expr, why: str, fix: str = "") -> ConfigError:
        """Return the error of a part that is not understood."""
        return ConfigError(refused(why, *self.place(node.lineno, node.col_offset), fix))

    def place(self, line: int, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, for a place of the syntax tree, which counts bytes."""
        line = min(line, len(self.lines))
        own = self.lines[line - 1].encode()[: max(offset - (self.shift if line == 1 else 0), 0)]
        return line, len(own.decode(errors="ignore")) + 1

    def offset(self, line: int, column: int) -> int:
        """Return the characters before a place."""
        return sum(len(text) + 1 for text in self.lines[: line - 1]) + column - 1

    def reference(self, node: ast.expr, asks: Asks, of: str = "", name: str = "") -> Ask:
        """Take down what a part asks for, and return how it is looked up."""
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
