"""Whether two texts of SQL say the same up to spaces, case, and the spelling of operators."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+(?:\.\d+)?|<>|[<>=!|]=|\|\||::|--[^\n]*|/\*.*?\*/|\S", re.DOTALL
)
_SPELLED = {"==": "=", "<>": "!="}


def same_sql(one: str, other: str) -> bool:
    """Return whether two texts are alike; texts and quoted names are compared as they are."""
    return _tokens(one) == _tokens(other)


def _tokens(sql: str) -> list[str]:
    found = [token for token in _TOKEN.findall(sql) if not token.startswith(("--", "/*"))]
    tokens = [
        _SPELLED.get(token, token) if token[0] in "'\"" else _SPELLED.get(token, token).lower()
        for token in found
    ]
    while tokens and tokens[-1] == ";":
        tokens.pop()
    while _is_wrapped(tokens):
        tokens = tokens[1:-1]
    return tokens


def _is_wrapped(tokens: list[str]) -> bool:
    """Return whether one pair of parentheses is around everything."""
    if len(tokens) < 2 or tokens[0] != "(" or tokens[-1] != ")":  # noqa: PLR2004 a pair
        return False
    depth = 0
    for token in tokens[:-1]:
        depth += (token == "(") - (token == ")")  # noqa: S105 parentheses
        if depth == 0:
            return False
    return True
