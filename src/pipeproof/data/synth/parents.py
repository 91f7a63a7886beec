"""Columns that draw their values from another table, so that keys fit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.data.rules import Rule, row_rules
from pipeproof.data.values import with_kind
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, TableSchema

if TYPE_CHECKING:
    import polars as pl

ORPHANS = 0.1
"""Share of rows whose value the parent has not, where the contract allows such."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Columns that are drawn together, each row of them from one row of a parent table.

    Attributes:
        names: The columns.
        rows: What may be drawn, by the names of the columns, without missing values.
    """

    names: tuple[str, ...]
    rows: pl.DataFrame

    def different(self, names: Iterable[str]) -> Drawn:
        """Return the same with each combination of some of the columns only once."""
        return replace(self, rows=self.rows.unique(list(names), keep="first", maintain_order=True))


def drawn_together(schema: TableSchema, parents: Mapping[str, pl.DataFrame]) -> list[Drawn]:
    """Return the columns that can be drawn from the parents that are there.

    Columns that name different columns of one parent are drawn together; the second one that names
    the same column (origin and destination) begins anew.
    """
    groups: dict[tuple[str, int], dict[str, Column]] = {}
    for column in schema.columns:
        if column.references is None or not _is_usable(column, parents):
            continue
        name, turn = column.references.dataset, 0
        while column.references.column in groups.get((name, turn), {}):
            turn += 1
        groups.setdefault((name, turn), {})[column.references.column] = column
    found = (_drawn(parents[name], columns) for (name, _), columns in groups.items())
    return [drawn for drawn in found if drawn.rows.height]


def _is_usable(column: Column, parents: Mapping[str, pl.DataFrame]) -> bool:
    """Return whether a column's parent is there, with values that it could hold."""
    reference = column.references
    if reference is None or reference.dataset not in parents:
        return False
    present = parents[reference.dataset].schema
    if reference.column not in present:
        return False
    kind = with_kind(column).type
    return kind is not None and logical_type(present[reference.column]) in ACCEPTED[kind]


def _drawn(parent: pl.DataFrame, columns: Mapping[str, Column]) -> Drawn:
    import polars as pl

    named = parent.select(pl.col(theirs).alias(ours.name) for theirs, ours in columns.items()).drop_nulls()
    own = tuple(replace(column, nullable=False, unique=False) for column in columns.values())
    rules = [rule.broken for rule in row_rules(TableSchema(own), named.schema) if isinstance(rule, Rule)]
    kept = (
        named.filter(~pl.any_horizontal(*(broken.fill_null(value=True) for broken in rules)))
        if rules
        else named
    )
    return Drawn(tuple(column.name for column in columns.values()), kept)


def with_orphans(
    values: pl.Series, others: pl.Series, known: pl.Series, random: np.random.Generator
) -> pl.Series:
    """Return values of which some are replaced by others that the parent does not know.

    Args:
        values: Values drawn from the parent.
        others: Values that the column may have.
        known: All values of the parent.
        random: Says which rows.
    """
    import polars as pl

    strangers = others.filter(~others.is_in(known.unique().implode()))
    count = min(len(values), max(1, round(len(values) * ORPHANS)))
    if strangers.is_empty() or not count:
        return values
    rows = random.permutation(len(values))[:count]
    taken = strangers.gather(np.arange(count) % len(strangers)).cast(values.dtype)
    return values.clone().scatter(pl.Series(rows, dtype=pl.UInt32), taken)
