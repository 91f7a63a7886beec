"""How far a rule may be broken: which limit a contract has for it, and how many rows that allows.

What holds for a table as a whole (its columns, their types, how many rows, statistics) is broken or
not; there a limit only says how bad a breach is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from pipeproof.contracts.constraints import exact
from pipeproof.model.contract import Column, Limit, TableSchema

_PLAIN = frozenset(field.name for field in fields(Column) if field.default is None) - {"type", "references"}
_WITHOUT: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "nullable": {"nullable": True},
        "unique": {"unique": False},
        "categories": {"categories": ()},
        "digits": {"precision": None, "scale": None},
        "fields": {"fields": ()},
    }
)
_WHOLE = frozenset({"missing_column", "extra_columns", "type", "min_rows", "max_rows"})


def limit_of(column: str, rule: str, schema: TableSchema) -> Limit | None:
    """Return the limit that a schema sets for a rule, the nearest one that speaks of it.

    Args:
        column: The column as `Broken` names it, such as `address.zip`, or empty for a rule of the table.
        rule: The rule as `Broken` names it. `items` speaks of all rules of elements, `fields` of a
            struct of all rules of its fields.
        schema: The schema.
    """
    return next(_said(column, rule, schema), None)


def allowed_rows(limit: Limit | None, rule: str, rows: int) -> int:
    """Return how many of so many rows may break a rule."""
    if limit is None or rule in _WHOLE:
        return 0
    return max(limit.rows, math.floor((exact(limit.share) or Fraction()) * rows))


def is_lenient(limit: Limit | None) -> bool:
    """Return whether a limit lets any rows break its rule."""
    return limit is not None and limit.rule not in _WHOLE and (limit.rows > 0 or limit.share > 0)


def severity_of(column: str, rule: str, schema: TableSchema) -> Literal["error", "warning"]:
    """Return how bad a schema says that a breach of a rule is."""
    limit = limit_of(column, rule, schema)
    return limit.severity if limit else "error"


def covers(asked: Limit | None, given: Limit) -> bool:
    """Return whether a limit allows as many rows of every table as another does."""
    return asked is not None and asked.rows >= given.rows and asked.share >= given.share


def loosened(column: Column, rules: Iterable[str]) -> Column:
    """Return a column without some of its rules."""
    for rule in rules:
        without = _WITHOUT.get(rule, {rule: None} if rule in _PLAIN else {})
        column = replace(column, **without)  # type: ignore[arg-type]  # fields by their names
    return column


def _said(column: str, rule: str, schema: TableSchema) -> Iterator[Limit]:
    inner = _columns(column, schema.columns)
    for position, found in enumerate(reversed(inner)):
        names = [rule, rule.partition(".")[0]] if position == 0 else ["fields"]
        yield from (limit for name in names for limit in found.limits if limit.rule == name)
    yield from (limit for limit in schema.limits if limit.rule == rule)


def _columns(path: str, columns: Sequence[Column]) -> list[Column]:
    """Return the columns that lead to a field: `address` and its field `zip` for `address.zip`."""
    for column in columns:
        if path == column.name:
            return [column]
        if path.startswith(f"{column.name}.") and column.fields:
            inner = _columns(path.removeprefix(f"{column.name}."), column.fields)
            if inner:
                return [column, *inner]
    return []
