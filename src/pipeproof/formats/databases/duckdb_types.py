"""Columns of DuckDB as they go into Parquet.

DuckDB's 128-bit integers (``SUM`` of integers is one) become BIGINT, with an error if a value does not
fit; types that Parquet readers disagree on (UUID, INTERVAL, BIT, enums, JSON, times with a zone) become
text; a column of nothing but NULL is text too.
"""

from __future__ import annotations

import re

_CASTS = {
    "HUGEINT": "BIGINT",
    "UHUGEINT": "BIGINT",
    "UUID": "VARCHAR",
    "INTERVAL": "VARCHAR",
    "BIT": "VARCHAR",
    "BIGNUM": "VARCHAR",
    "JSON": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    '"NULL"': "VARCHAR",
}
_WIDE = re.compile(r"\bU?HUGEINT\b")
_TEXT = re.compile(r'"NULL"|\b(?:JSON|UUID|BIT|INTERVAL)\b')


def column(name: str, kind: str) -> str:
    """Return a column of a SELECT, cast where its type does not go into Parquet as it is."""
    quoted = '"' + name.replace('"', '""') + '"'
    cast = _cast(kind)
    return f"CAST({quoted} AS {cast}) AS {quoted}" if cast else quoted


def _cast(kind: str) -> str | None:
    if kind.startswith("ENUM("):
        return "VARCHAR[]" if kind.endswith(")[]") else "VARCHAR"
    # Names of struct fields are quoted when they could be taken for a type.
    narrow = _TEXT.sub("VARCHAR", _WIDE.sub("BIGINT", kind))
    return _CASTS.get(kind) or (narrow if narrow != kind else None)
