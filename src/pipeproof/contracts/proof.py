"""Tables that one schema allows and another refuses, built up from a row until both can be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeproof.contracts.constraints import NUMERIC, Value
from pipeproof.contracts.counter import samples
from pipeproof.contracts.implied import bounded
from pipeproof.contracts.limits import allowed_rows, limit_of
from pipeproof.contracts.making import many_rows, row_of
from pipeproof.contracts.rows import Row, breaks, breaks_together
from pipeproof.contracts.verdict import Misfit, show_row
from pipeproof.model.contract import Column, Limit, TableSchema

_MOST_ROWS = 1_000
_MIXED_WITH = (1, 3, 19, 199)  # ordinary rows among which one that is odd may hide
_WORD = re.compile(r"\w+")
_IN_ALL_ROWS = frozenset({"unique", "order", "key"})

Table = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Sides:
    """Two schemas, between which a table is to be found: who writes it and who reads it."""

    written: TableSchema
    read: TableSchema

    def is_shown(self, table: Table, column: str) -> bool:
        """Return whether the one side allows a table, and the other refuses it for a rule of a column.

        How many rows there must be is not asked: a table can be a part of a larger one.
        """
        if any(breaks_together(table, _known(self.written, table[0]))):
            return False
        reader = _known(self.read, table[0], besides=column)
        return any(_is_of(broken.column, column) for broken in breaks_together(table, reader))


def tables_with(sides: Sides, row: Row, column: str, limits: Iterable[Limit] = ()) -> Iterator[Table]:
    """Yield tables in which rows like one stand as often as the reader refuses and the writer allows.

    Args:
        sides: Who writes and who reads.
        row: A row that a rule of the reader refuses.
        column: The column that is wrong with it.
        limits: Limits of the writer on the rules that the row breaks; none where it breaks none.
    """
    own = list(limits)
    refused = {
        broken.rule for broken in breaks(row, sides.read) if _is_of(broken.column, column)
    } - _IN_ALL_ROWS
    for rule in sorted(refused):
        limit = limit_of(column, rule, sides.read)
        for rows in range(1, min(sides.written.max_rows or _MOST_ROWS, _MOST_ROWS) + 1):
            bad = allowed_rows(limit, rule, rows) + 1
            if bad > rows or any(bad > allowed_rows(item, item.rule, rows) for item in own):
                continue
            yield _mixed(sides, row, bad, rows if own else bad)
            break
    if sides.written.statistics and not own:
        yield from (_mixed(sides, row, 1, 1 + many) for many in _MIXED_WITH)


def shown(misfit: Misfit, table: Table, names: Sequence[str]) -> Misfit:
    """Return a misfit with the table that shows it."""
    first = (misfit.column, *names)
    if len(table) <= 2:  # noqa: PLR2004 two rows are read at a glance
        evidence = " and ".join(show_row(row, first) for row in table)
    else:
        evidence = f"{len(table):,} rows, the first {show_row(table[0], first)}"
    return replace(misfit, rows=tuple(table), evidence=evidence)


def without_mentioned(row: Row, schema: TableSchema) -> dict[str, Value]:
    """Return a row without the columns of which a condition or query of the schema may say more."""
    return {name: value for name, value in row.items() if not mentioned_by(name, schema)}


def mentioned_by(column: str, schema: TableSchema) -> str:
    """Return the condition or query that speaks of a column, in words; empty when none does."""
    for kind, rules in (("condition", schema.conditions), ("query", schema.queries)):
        for rule in rules:
            if column.lower() in {word.lower() for word in _WORD.findall(rule.sql)}:
                return f"the {kind} {rule.name!r} may rule it out"
    return ""


def why_not(column: str, schema: TableSchema) -> str:
    """Return why no table could be shown although a value of a column seems to be refused."""
    if why := mentioned_by(column, schema):
        return why
    for rule in schema.comparisons:
        if column in {rule.left, rule.right}:
            return f"{rule.name} of what is written may rule it out"
    if any(rule.column == column for rule in schema.statistics):
        return "a statistic of what is written may rule it out"
    return "no table was found that the one allows and the other refuses"


def _mixed(sides: Sides, row: Row, bad: int, rows: int) -> Table:
    """Return a table of so many rows like one and, beside them, ordinary ones."""
    table: list[Row] = list(many_rows(sides.written, row, bad))
    usual = row_of(sides.written, _usual(sides.written), sides.read) if rows > bad else None
    if usual is None:
        return table
    ordinary = {name: value for name, value in usual.items() if name in row}
    differing = many_rows(sides.written, ordinary, rows)
    return [*table, *differing[bad:]]


def _usual(schema: TableSchema) -> dict[str, Value]:
    """Return values at which the statistics of a schema are kept."""
    found: dict[str, Value] = {}
    for rule in schema.statistics:
        if rule.measure not in {"mean", "median", "quantile"} or rule.column not in schema.names:
            continue
        column = schema[rule.column]
        bounds = [bound for bound in (rule.minimum, rule.maximum) if bound is not None]
        if column.type in NUMERIC and bounds:
            middle = sum(bounds) / len(bounds)
            near = bounded(
                bounded(column, ">=", middle if len(bounds) > 1 else rule.minimum), "<=", rule.maximum
            )
            for value in samples(near, 1):
                found[rule.column] = value
    return found


def _known(schema: TableSchema, row: Row, besides: str = "") -> TableSchema:
    """Return a schema of the columns that a row has, or may lack; how many rows there are does not matter."""
    columns = tuple(column for column in schema.columns if _is_known(column, row) or column.name == besides)
    names = {column.name for column in columns}
    return replace(
        schema,
        columns=columns,
        min_rows=0,
        statistics=tuple(rule for rule in schema.statistics if rule.column in names and rule.column in row),
    )


def _is_known(column: Column, row: Row) -> bool:
    return column.name in row or not column.required


def _is_of(path: str, column: str) -> bool:
    return path == column or path.startswith(f"{column}.")
