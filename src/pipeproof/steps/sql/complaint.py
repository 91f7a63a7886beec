"""What DuckDB says about a query, in the words of the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeproof.errors import Finding
from pipeproof.steps.marking import BadSqlError, tokenize

_KIND = re.compile(r"^(?:[A-Z][A-Za-z]+ )+Error: ")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'|with name (\S+) does|name (\S+) does")
_TOO_WIDE = re.compile(r"Type U?INT128 with value (?P<value>-?\d+) can't be cast")
_LONGEST = 400


def complaint(message: str, query: str, dialect: str, shown: Mapping[str, str]) -> Finding:
    """Return an error of DuckDB's as a finding: short, in the user's names, with a place in the query.

    Args:
        message: What DuckDB said.
        query: The query as it was written.
        dialect: Its dialect.
        shown: Names of ours in the text that DuckDB saw → what the person wrote.
    """
    if wide := _TOO_WIDE.search(message):
        return Finding(
            "PPF241",
            f"a whole number of the result does not fit into 64 bits: {wide['value']}",
            fix="cast it, for example CAST(sum(x) AS DOUBLE)",
        )
    first, *others = _KIND.sub("", message).split("\n")
    hints = [line.strip() for line in others if line.startswith(("Candidate bindings:", "Did you mean"))]
    text = _rename(first.rstrip("! .") or message, shown)
    place = _place(text, query, dialect)
    where = f" (line {place[0]}, column {place[1]} of the query)" if place else ""
    fix = _rename(hints[0].replace("Candidate bindings:", "known:"), shown) if hints else ""
    return Finding("PPF240", f"{text[:_LONGEST]}{where}", fix=fix)


def _rename(text: str, shown: Mapping[str, str]) -> str:
    # Longest first, so that pipeproof_10 is not taken for pipeproof_1.
    for ours in sorted(shown, key=len, reverse=True):
        text = text.replace(ours, shown[ours])
    return text


def _place(text: str, query: str, dialect: str) -> tuple[int, int] | None:
    """Return line and column of the first thing that a message names and the query has."""
    try:
        tokens: list[Any] = list(tokenize(query, dialect))
    except BadSqlError:
        return None
    for match in _QUOTED.finditer(text):
        name = next(part for part in match.groups() if part).lower().rsplit(".", 1)[-1]
        for token in tokens:
            if token.text.lower() == name:
                before = query[: token.start]
                return before.count("\n") + 1, len(before) - before.rfind("\n")
    return None
