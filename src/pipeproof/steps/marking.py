"""Placeholders in SQL as marked names, so that SQL with placeholders can be parsed and judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import Dialect, TokenType, exp
from sqlglot.errors import ParseError, TokenError

_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<identifier>:identifier)?\}")
_PREFIX = "__pipeproof_"
_MARK = re.compile(rf"{_PREFIX}(?P<number>\d+)_(?P<role>value|name)__\Z", re.IGNORECASE)
_MARK_INSIDE = re.compile(rf"{_PREFIX}(?P<number>\d+)_(?P<role>value|name)__", re.IGNORECASE)
_TOKEN = re.compile(r"<Token [^>]*?text: (?P<text>.*?), line:[^>]*>")
_CLASS = re.compile(r"<class '(?:\w+\.)*(?P<name>\w+)'>")
_TEXTS = {
    kind
    for name in ("STRING", "RAW_STRING", "HEREDOC_STRING", "NATIONAL_STRING", "UNICODE_STRING", "BYTE_STRING")
    if (kind := getattr(TokenType, name, None)) is not None
}


class BadSqlError(Exception):
    """SQL that cannot be used; line and column count from 1 within it, 0 means the whole."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column})" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Marked:
    """SQL in which placeholders are names that parse.

    Attributes:
        written: The SQL as a person wrote it.
        text: The same with each placeholder outside of literals exchanged for a mark.
        names: Placeholder that each mark stands for, by its number.
        edits: (position in `text`, position in `written`) behind each exchange.
    """

    written: str
    text: str
    names: tuple[str, ...]
    edits: tuple[tuple[int, int], ...]

    def place(self, position: int) -> tuple[int, int]:
        """Return line and column, from 1, in the SQL as written, of a position in `text`."""
        at, original = max((edit for edit in self.edits if edit[0] <= position), default=(0, 0))
        before = self.written[: original + position - at]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def place_of(self, node: exp.Expr) -> tuple[int, int]:
        """Return line and column of the first name in a node; zeros when it has none."""
        starts = [
            start for name in node.find_all(exp.Identifier) if (start := name.meta.get("start")) is not None
        ]
        return self.place(min(starts)) if starts else (0, 0)

    def offset(self, line: int, column: int) -> int:
        """Return the position in `text` of a line and column of it, both from 1."""
        return sum(len(part) + 1 for part in self.text.split("\n")[: line - 1]) + column - 1

    def value(self, node: exp.Expr) -> str | None:
        """Return the placeholder of a value that a column stands for."""
        return self._stands_for(node, "value") if isinstance(node, exp.Column) else None

    def name(self, node: exp.Expr) -> str | None:
        """Return the placeholder of a name that an identifier stands for."""
        return self._stands_for(node, "name") if isinstance(node, exp.Identifier) else None

    def _stands_for(self, node: exp.Expr, role: str) -> str | None:
        match = _MARK.match(node.name)
        return self.names[int(match["number"])] if match and match["role"].lower() == role else None

    def unmark(self, message: str, *, roles: bool = False) -> str:
        """Return a message with marks shown as the placeholders they stand for, `roles` as they are written."""

        def shown(match: re.Match[str]) -> str:
            role = ":identifier" if roles and match["role"].lower() == "name" else ""
            return f"{{{self.names[int(match['number'])]}{role}}}"

        return _MARK_INSIDE.sub(shown, message)


@lru_cache(maxsize=2048)
def mark(written: str, dialect: str) -> Marked:
    """Exchange placeholders outside of literals and comments for names that parse.

    Raises:
        BadSqlError: The text has no tokens, or a placeholder stands in a quoted name.
    """
    if _PREFIX in written.lower():
        raise BadSqlError(f"names that start with {_PREFIX} are reserved")
    if "{" not in written:
        return Marked(written, written, (), ())
    tokens = tokenize(written, dialect)
    unescape = any(_is_escape(match, tokens) for match in _PART.finditer(written))
    pieces: list[str] = []
    names: list[str] = []
    edits: list[tuple[int, int]] = []
    position = length = 0
    for match in _PART.finditer(written):
        new = _exchange(match, tokens, names, unescape=unescape)
        if new is not None:
            pieces += [written[position : match.start()], new]
            length += match.start() - position + len(new)
            position = match.end()
            edits.append((length, position))
    text = "".join([*pieces, written[position:]])
    return Marked(written, text, tuple(names), tuple(edits))


@lru_cache(maxsize=2048)
def tokenize(text: str, dialect: str) -> Sequence[Any]:
    """Return the tokens of SQL.

    Raises:
        BadSqlError: A literal or a comment has no end.
    """
    try:
        return sqlglot.tokenize(text, dialect=dialect)
    except TokenError:
        raise BadSqlError("a quote or a comment is opened and never closed") from None


def _token_at(position: int, tokens: Sequence[Any]) -> Any:
    return next((token for token in tokens if token.start <= position <= token.end), None)


def _is_escape(match: re.Match[str], tokens: Sequence[Any]) -> bool:
    token = _token_at(match.start(), tokens)
    return match.group() == "{{" and token is not None and token.token_type not in _TEXTS


def _exchange(match: re.Match[str], tokens: Sequence[Any], names: list[str], *, unescape: bool) -> str | None:
    """Return what stands for a placeholder or an escape, or None to leave it as it is."""
    token = _token_at(match.start(), tokens)
    if token is None or token.token_type in _TEXTS:
        return None
    if not match["name"]:
        return match.group()[0] if unescape else None
    if token.token_type == TokenType.IDENTIFIER:
        raise BadSqlError(
            f"the placeholder {match.group()} stands in a quoted name; write {{{match['name']}:identifier}} without quotes"
        )
    names.append(match["name"])
    return f"{_PREFIX}{len(names) - 1}_{'name' if match['identifier'] else 'value'}__"


@lru_cache(maxsize=2048)
def placeholders(written: str, dialect: str) -> tuple[str, ...]:
    """Return the names of the placeholders of SQL, without those in comments, in order."""
    if "{" not in written:
        return ()
    try:
        tokens: Sequence[Any] = tokenize(written, dialect)
    except BadSqlError:
        return ()  # `check` says what is wrong with it
    names: dict[str, None] = {}
    for token in tokens:
        if token.token_type in _TEXTS:
            names |= dict.fromkeys(name for is_name, name in parts(token.text) if is_name)
    for match in _PART.finditer(written):
        token = _token_at(match.start(), tokens)
        if match["name"] and token is not None and token.token_type not in _TEXTS:
            names[match["name"]] = None
    return tuple(names)


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a literal: (True, name of a placeholder) or (False, text)."""
    unescape = "{{" in text
    plain, position = "", 0
    for match in _PART.finditer(text):
        if not match["name"] and not unescape:
            continue
        plain += text[position : match.start()]
        position = match.end()
        if not match["name"]:
            plain += match.group()[0]
            continue
        if plain:
            yield False, plain
        plain = ""
        yield True, match["name"]
    plain += text[position:]
    if plain:
        yield False, plain


def parse(marked: Marked, tokens: Sequence[Any], dialect: str) -> list[exp.Expr]:
    """Return the statements that tokens of marked SQL make.

    Raises:
        BadSqlError: They make none.
    """
    try:
        found = Dialect.get_or_raise(dialect).parser().parse(list(tokens), marked.text)
    except ParseError as error:
        raise _bad(error, marked) from None
    except RecursionError:
        raise BadSqlError("it is nested too deeply") from None
    return [statement for statement in found if statement is not None]


def _bad(error: ParseError, marked: Marked) -> BadSqlError:
    """Return a parser's error with its place in the SQL as written."""
    details = error.errors[0] if error.errors else {}
    message = str(details.get("description") or str(error).splitlines()[0]).rstrip(".")
    message = _TOKEN.sub(lambda match: repr(match["text"]), message)
    message = _CLASS.sub(lambda match: match["name"].upper(), message)
    message = message[:1].lower() + message[1:]
    highlight = str(details.get("highlight") or "")
    if highlight and "but got" not in message:
        message += f" at {highlight!r}"
    if not details.get("line"):
        return BadSqlError(marked.unmark(message))
    end = marked.offset(details["line"], details["col"])
    return BadSqlError(marked.unmark(message), *marked.place(max(end - max(len(highlight), 1) + 1, 0)))


def refuse_misplaced(tree: exp.Expr, marked: Marked) -> None:
    """Hold every mark against where it stands.

    Raises:
        BadSqlError: A value stands where a name is needed, or a placeholder is a part of a name.
    """
    if "{" not in marked.written:
        return
    for node in tree.walk():
        for item in node.args.values():
            if isinstance(item, str) and (inside := _MARK_INSIDE.search(item)):
                _refuse_misplaced(node, item, marked.names[int(inside["number"])], marked)
            elif isinstance(item, str) and not is_text(node):
                # A literal that sqlglot takes for a keyword, such as the unit of date_trunc.
                for is_name, name in parts(item):
                    if is_name:
                        raise BadSqlError(
                            f"the placeholder {{{name.lower()}}} cannot stand here; write the word itself"
                        )


def _refuse_misplaced(node: exp.Expr, item: str, name: str, marked: Marked) -> None:
    whole = _MARK.match(item)
    where = marked.place_of(node)
    if whole is None or not isinstance(node, exp.Identifier):
        raise BadSqlError(
            f"the placeholder {{{name}}} cannot stand here; put it where a value or a name stands", *where
        )
    column = node.parent
    if whole["role"].lower() == "value" and not (isinstance(column, exp.Column) and len(column.parts) == 1):
        raise BadSqlError(
            f"{{{name}}} is a value, and a name is needed here; write {{{name}:identifier}}", *where
        )


def is_text(node: object) -> bool:
    """Say whether a node is a text literal."""
    return (isinstance(node, exp.Literal) and node.is_string) or isinstance(
        node, exp.RawString | exp.National
    )
