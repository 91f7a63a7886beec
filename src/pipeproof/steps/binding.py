"""Placeholders in SQL, bound as nodes of its syntax tree: a value never becomes text of a query.

- alone, ``WHERE day = {day}``, a placeholder becomes a value;
- as a whole literal, ``'{day}'``, it becomes a text value; ``DATE '{day}'`` a cast of one;
- inside a literal, ``'%{name}%'``, the literal becomes a concatenation around a text value;
- as ``IN ({names})`` with a list as its value, one value for each item;
- as a name, ``ORDER BY {column:identifier}``, a quoted identifier, checked first.

Placeholders in comments do not count. ``{{`` and ``}}`` stand for single braces in a literal that
has a ``{{``; other braces (``[A-Z]{3}``, JSON) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.steps.marking import Marked, is_text, parts

Put = Callable[[str, Any], exp.Expr]
"""(name of the placeholder, its value) → the node that stands for the value."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*\Z")


def bind(tree: exp.Expr, marked: Marked, parameters: Mapping[str, Any], put: Put) -> exp.Expr:
    """Return a copy of a tree with its placeholders bound.

    Args:
        tree: What `marked` was parsed to.
        marked: The SQL with its marks.
        parameters: Values of the placeholders; lists only for ``IN``.
        put: Makes the node for a value.

    Raises:
        ConfigError: A placeholder has no value, a value cannot stand there, or a name is no identifier.
    """
    binder = _Binder(marked, parameters, put)
    # The wrapper lets the outermost node be exchanged too; the list is made first, so that what a
    # value brings in is never looked at again.
    wrapper = exp.Paren(this=tree.copy())
    for node in list(wrapper.walk()):
        binder.visit(node)
    bound: exp.Expr = wrapper.this
    return bound


@dataclass(frozen=True, slots=True)
class _Binder:
    marked: Marked
    parameters: Mapping[str, Any]
    put: Put
    done: set[int] = field(default_factory=set)

    def visit(self, node: exp.Expr) -> None:
        if id(node) in self.done:
            return
        if isinstance(node, exp.In):
            self.spread(node)
        elif isinstance(node, exp.Interval):
            self.interval(node)
        elif (name := self.marked.value(node)) is not None:
            node.replace(self.put(name, self.single(name)))
        elif (name := self.marked.name(node)) is not None:
            self.rename(node, name)
        elif is_text(node) and node.parent is not None:
            node.replace(self.literal(node))

    def value(self, name: str) -> Any:
        if name not in self.parameters:
            fix = suggest(name, self.parameters) or f"give -p {name}=VALUE"
            raise ConfigError(Finding("PPF132", f"the placeholder {{{name}}} has no value", fix=fix))
        return self.parameters[name]

    def single(self, name: str) -> Any:
        value = self.value(name)
        if isinstance(value, list | tuple | Mapping):
            kind = "a mapping" if isinstance(value, Mapping) else "a list"
            what = f"the parameter {name!r} is {kind}"
            raise ConfigError(Finding("PPF133", what, fix=f"a list can only stand in IN ({{{name}}})"))
        return value

    def rename(self, node: exp.Expr, name: str) -> None:
        text = str(self.value(name))
        if not _IDENTIFIER.match(text):
            raise ConfigError(
                Finding(
                    "PPF133",
                    f"the parameter {name!r} is {text!r}, which is no identifier",
                    fix="letters, digits and _ only, parts joined by dots",
                )
            )
        *outer, last = text.split(".")
        parent = node.parent
        node.replace(exp.to_identifier(last, quoted=True))
        if not outer or parent is None:
            return
        keys: tuple[str, ...] = ("table", "db", "catalog") if isinstance(parent, exp.Column) else ()
        keys = ("db", "catalog") if isinstance(parent, exp.Table) else keys
        if len(outer) > len(keys) or any(parent.args.get(key) for key in keys):
            raise ConfigError(Finding("PPF133", f"{text!r} has too many parts for {{{name}:identifier}}"))
        for key, part in zip(keys, reversed(outer), strict=False):
            parent.set(key, exp.to_identifier(part, quoted=True))

    def spread(self, node: exp.In) -> None:
        """Write ``IN ({names})`` out where the value is a list; nothing is in an empty list."""
        items: list[exp.Expr] = []
        for item in node.expressions:
            name, as_text = self.marked.value(item), False
            if name is None and is_text(item):
                pieces = list(parts(item.name))
                name, as_text = (pieces[0][1], True) if len(pieces) == 1 and pieces[0][0] else (None, False)
            value = None if name is None else self.value(name)
            if name is None or not isinstance(value, list | tuple):
                items.append(item)
            else:
                items += [self.put(name, as_words(part) if as_text else part) for part in value]
                self.done.add(id(item))
        if items:
            node.set("expressions", items)
        elif node.expressions:
            node.replace(exp.false())

    def interval(self, node: exp.Interval) -> None:
        """Bind ``INTERVAL '{n} days'``, which has its unit inside the literal."""
        text = node.this
        if node.args.get("unit") is None and is_text(text) and any(name for name, _ in parts(text.name)):
            bound = self.literal(text)
            self.done.add(id(text))
            node.replace(exp.Interval(this=bound) if is_text(bound) else exp.cast(bound, "interval"))

    def literal(self, node: exp.Expr) -> exp.Expr:
        pieces = list(parts(node.name))
        if not any(is_name for is_name, _ in pieces):
            text = "".join(piece for _, piece in pieces)
            return node if text == node.name else exp.Literal.string(text)
        nodes = [
            self.put(piece, as_words(self.single(piece))) if is_name else exp.Literal.string(piece)
            for is_name, piece in pieces
        ]
        if len(nodes) == 1:
            return nodes[0]
        if all(is_text(piece) for piece in nodes):
            return exp.Literal.string("".join(piece.name for piece in nodes))
        joined = nodes[0]
        for piece in nodes[1:]:
            joined = exp.DPipe(this=joined, expression=piece, safe=True)
        return exp.Paren(this=joined)


def as_words(value: Any) -> Any:
    """Return a value as the text that stands for it between quotes; null stays null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


def literal(name: str, value: Any) -> exp.Expr:
    """Return a value as a literal of a syntax tree, for engines that take no parameters.

    Raises:
        ConfigError: The value is no scalar.
    """
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int):
        number = exp.Literal.number(abs(value))
        return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number
    if isinstance(value, float):
        return exp.cast(exp.Literal.string(repr(value)), "double")
    if isinstance(value, str):
        return exp.Literal.string(value)
    raise ConfigError(Finding("PPF133", f"the parameter {name!r} is {value!r}, which is no scalar"))
