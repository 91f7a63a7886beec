"""Regular expressions as trees: what `interegular` reads, in a form of our own.

Patterns are always matched against the whole text, so anchors at their ends say nothing.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

_PLAIN = re.compile(r"\\[^1-9]|\[\^?\]?[^\]]*\]")  # escaped characters and classes
_LOOKS_AROUND = re.compile(r"\(\?(=|!|<=|<!|P=)|\\[1-9]")


def refusals(pattern: str) -> Iterator[str]:
    """Yield why a pattern cannot be asked of texts; nothing for one that can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of sets within sets, which are allowed today
            re.compile(pattern)
    except re.error as error:
        yield f"the pattern {pattern!r} is no regular expression ({error})"
    if _LOOKS_AROUND.search(_PLAIN.sub("", pattern)):
        # Only an engine that backtracks knows these, and it can take for ever on one value.
        yield f"the pattern {pattern!r} looks around or back, which cannot be matched in bounded time"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set, or one that is not in it."""

    chars: frozenset[str]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return (char in self.chars) != self.negated


@dataclass(frozen=True, slots=True)
class Repeats:
    """Something from `least` to `most` times; without end when `most` is None."""

    of: Tree
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts one after the other, or one of them."""

    parts: tuple[Tree, ...]
    choice: bool = False


Tree = Chars | Repeats | Parts


BEYOND_ASCII: Mapping[str, str] = MappingProxyType({"w": "é日٣", "d": "٣", "s": "\u00a0"})
"""What stands for all that the classes of words, digits and spaces have beyond ASCII; `interegular` knows none of it."""
_ASCII = {"w": "A-Za-z0-9_", "d": "0-9", "s": r" \t\n\r\f\v"}


class _UnknownError(Exception):
    """A feature that is no part of regular languages, or that the reader does not know."""


@lru_cache(maxsize=512)
def parse(pattern: str) -> Tree | None:
    """Return a pattern as a tree, or None when it uses something that cannot be reasoned about."""
    from interegular import parse_pattern

    try:
        plain = "|".join(_without_anchors(branch) for branch in _branches(pattern))
        return _tree(parse_pattern(plain), ignore_case=False, dot_all=False)
    except Exception:  # noqa: BLE001 whatever the reader stumbles over, we cannot tell
        return None


def _branches(pattern: str) -> Iterator[list[str]]:
    """Yield the alternatives of the outermost level, each as its tokens."""
    branch: list[str] = []
    depth = 0
    for token in _tokens(pattern):
        depth += (token == "(") - (token == ")")  # noqa: S105 parentheses
        if token == "|" and depth == 0:  # noqa: S105 a bar
            yield branch
            branch = []
        else:
            branch.append(token)
    yield branch


def _tokens(pattern: str) -> Iterator[str]:
    """Yield single characters, escapes as one token and bracketed sets as one token."""
    position = 0
    while position < len(pattern):
        end = position + 1
        if pattern[position] == "\\":
            end += 1
        elif pattern[position] == "[":
            end = _end_of_set(pattern, position)
        yield _spelled_out(pattern[position:end])
        position = end


def _spelled_out(token: str) -> str:
    """Return a class of one letter, for digits say, as a set, with what stands for its characters beyond ASCII."""
    if len(token) == 2 and token[0] == "\\" and token[1].lower() in _ASCII:  # noqa: PLR2004 a stroke and a letter
        sign = "^" if token[1].isupper() else ""
        return f"[{sign}{_ASCII[token[1].lower()]}{BEYOND_ASCII[token[1].lower()]}]"
    if not token.startswith("["):
        return token
    escaped = {found[1] for found in re.findall(r"\\.", token, re.DOTALL)}
    rests = escaped & {"W", "D", "S"}
    if rests and all(rest.lower() in escaped for rest in rests):
        return token  # a class and its rest are all characters, whatever they are
    if rests:
        raise _UnknownError  # the rest of all characters, within a set
    return re.sub(r"\\.", lambda found: _members(found[0]), token, flags=re.DOTALL)


def _members(escaped: str) -> str:
    name = escaped[1]
    return f"{_ASCII[name]}{BEYOND_ASCII[name]}" if name in _ASCII else escaped


def _end_of_set(pattern: str, start: int) -> int:
    position = start + 1
    if pattern[position : position + 1] == "^":
        position += 1
    if pattern[position : position + 1] == "]":
        raise _UnknownError  # "[]a]" is read differently by Python, Rust and interegular
    while position < len(pattern) and pattern[position] != "]":
        if pattern[position] == "[":
            raise _UnknownError  # nested sets mean different things too
        position += 2 if pattern[position] == "\\" else 1
    return position + 1


def _without_anchors(tokens: list[str]) -> str:
    while tokens and tokens[0] in {"^", r"\A"}:
        tokens = tokens[1:]
    while tokens and tokens[-1] in {"$", r"\Z", r"\z"}:
        tokens = tokens[:-1]
    return "".join(tokens)


def _tree(node: Any, *, ignore_case: bool, dot_all: bool) -> Tree:
    """Return our tree of a node of interegular's, whose classes are told apart by their fields."""
    if hasattr(node, "options"):
        return _alternatives(node, ignore_case=ignore_case, dot_all=dot_all)
    if hasattr(node, "parts"):
        parts = tuple(_tree(part, ignore_case=ignore_case, dot_all=dot_all) for part in node.parts)
        return Parts(parts)
    if hasattr(node, "base"):
        return Repeats(_tree(node.base, ignore_case=ignore_case, dot_all=dot_all), node.min, node.max)
    if hasattr(node, "chars"):
        return Chars(_both_cases(node.chars) if ignore_case else node.chars, node.negated)
    if hasattr(node, "inner"):
        raise _UnknownError  # looking ahead or behind
    if node.lengths == (0, 0):
        return Parts(())
    return Chars(frozenset() if dot_all else frozenset("\n"), negated=True)


def _alternatives(node: Any, *, ignore_case: bool, dot_all: bool) -> Tree:
    from interegular import REFlags

    if (node.added_flags | node.removed_flags) & REFlags.MULTILINE:
        raise _UnknownError
    ignore_case = _switched(node, REFlags.CASE_INSENSITIVE, before=ignore_case)
    dot_all = _switched(node, REFlags.SINGLE_LINE, before=dot_all)
    options = tuple(_tree(option, ignore_case=ignore_case, dot_all=dot_all) for option in node.options)
    return options[0] if len(options) == 1 else Parts(options, choice=True)


def _switched(node: Any, flag: Any, *, before: bool) -> bool:
    return bool((before or node.added_flags & flag) and not node.removed_flags & flag)


def _both_cases(chars: frozenset[str]) -> frozenset[str]:
    return frozenset(
        cased for char in chars for cased in (char, char.lower(), char.upper()) if len(cased) == 1
    )
