r"""Regular expressions as trees by Python's own reader, for those that `contracts.patterns` does not reason about.

What a tree cannot say (``\b``, anchors in the middle) is left out, so its words are to be held
against the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from pipeproof.contracts.patterns import Chars, Parts, Repeats, Tree

_CLASSES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_ANY = Chars(frozenset("\n"), negated=True)
_LAST = 0x180  # the end of Latin letters


def tree_of(pattern: str) -> Tree | None:
    """Return a tree that has all words of a pattern and perhaps some more; None when it cannot be read."""
    # The reader has no public name; where it is missing, words are found by other means.
    try:
        reader = import_module("re._parser")
        return _all(reader.parse(pattern))
    except (ImportError, re.error, KeyError, ValueError):
        return None


def _all(nodes: Iterable[Any]) -> Tree:
    return Parts(tuple(_one(str(operator), argument) for operator, argument in nodes))


def _one(operator: str, argument: Any) -> Tree:
    match operator:
        case "LITERAL" | "NOT_LITERAL":
            return Chars(frozenset(chr(argument)), negated=operator == "NOT_LITERAL")
        case "ANY":
            return _ANY
        case "IN":
            return _set(argument)
        case "BRANCH":
            return Parts(tuple(map(_all, argument[1])), choice=True)
        case "SUBPATTERN":
            return _all(argument[3])
        case "ATOMIC_GROUP":
            return _all(argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = argument
            return Repeats(_all(inner), int(least), None if str(most) == "MAXREPEAT" else int(most))
        case _:
            return Parts(())  # an anchor has no characters


def _set(items: Iterable[Any]) -> Chars:
    found = set[str]()
    negated = False
    for kind, value in items:
        if str(kind) == "NEGATE":
            negated = True
        elif str(kind) == "LITERAL":
            found.add(chr(value))
        elif str(kind) == "RANGE":
            found.update(map(chr, range(value[0], min(value[1], _LAST) + 1)))
        else:
            found |= _class(_CLASSES[str(value)])
    return Chars(frozenset(found), negated)


@cache
def _class(pattern: str) -> frozenset[str]:
    return frozenset(char for char in map(chr, range(_LAST)) if re.fullmatch(pattern, char))
