"""Columns that draw their values from another table, so that keys fit together.

The other table is there, or it is itself made. Then its keys follow from the numbers of its rows, and
nothing of it need be held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.data.checking.rules import Rule, row_rules
from pipeproof.data.extremes import with_kind
from pipeproof.data.synth.seeds import Whole
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, TableSchema

if TYPE_CHECKING:
    import polars as pl

ORPHANS = 0.1
"""Share of rows whose value the parent has not, where the contract allows such."""
_RULES = (
    "minimum",
    "maximum",
    "minimum_open",
    "maximum_open",
    "categories",
    "pattern",
    "format",
    "min_length",
    "max_length",
    "multiple_of",
    "precision",
    "scale",
)


class Made(Protocol):
    """A table that is made, of which some values follow from the numbers of rows alone."""

    @property
    def size(self) -> int:
        """How many rows it has."""
        ...

    @property
    def columns(self) -> Mapping[str, Column]:
        """Its columns by name."""
        ...

    @property
    def types(self) -> Mapping[str, pl.DataType]:
        """The types of its columns by name."""
        ...

    def is_numbered(self, names: Sequence[str]) -> bool:
        """Say whether values of columns follow from the numbers of rows, none of them missing."""
        ...

    def numbered(self, names: Sequence[str], at: Whole) -> pl.DataFrame:
        """Return what rows with some numbers have in such columns."""
        ...

    def different(self, names: Sequence[str]) -> tuple[int, Callable[[Whole], pl.DataFrame]] | None:
        """Return how many combinations of such columns there are, and how to take some; None where it is not known."""
        ...

    def held(self, names: Sequence[str]) -> pl.DataFrame:
        """Return rows of it with some columns: all of a small table, the first ones of a large one."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """Columns that are drawn together, each row of them from one row of a parent table.

    Attributes:
        names: The columns.
        size: How many rows may be drawn.
        take: Numbers below `size` → rows, by the names of the columns, without missing values.
        different: Some of the columns → the same with each combination of them only once.
        strangers: Values of a column that the parent has not, out of those given.
    """

    names: tuple[str, ...]
    size: int
    take: Callable[[Whole], pl.DataFrame]
    different: Callable[[Sequence[str]], Drawn]
    strangers: Callable[[pl.Series], pl.Series]


def drawn_together(schema: TableSchema, parents: Mapping[str, pl.DataFrame | Made]) -> tuple[Drawn, ...]:
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
    return tuple(drawn for drawn in found if drawn.size)


def _is_usable(column: Column, parents: Mapping[str, pl.DataFrame | Made]) -> bool:
    """Return whether a column's parent is there, with values that it could hold."""
    import polars as pl

    reference = column.references
    if reference is None or reference.dataset not in parents:
        return False
    parent = parents[reference.dataset]
    present: Mapping[str, pl.DataType] = parent.schema if isinstance(parent, pl.DataFrame) else parent.types
    if reference.column not in present:
        return False
    kind = with_kind(column).type
    return kind is not None and logical_type(present[reference.column]) in ACCEPTED[kind]


def _drawn(parent: pl.DataFrame | Made, columns: Mapping[str, Column]) -> Drawn:
    import polars as pl

    if isinstance(parent, pl.DataFrame):
        return _of_rows(parent, columns)
    theirs = list(columns)
    if parent.is_numbered(theirs) and all(_allows(columns[name], parent.columns[name]) for name in theirs):
        return _of_made(parent, columns)
    return _of_rows(parent.held(theirs), columns)


def _allows(ours: Column, theirs: Column) -> bool:
    """Return whether a column has no rule that the one it refers to has not."""
    plain = Column(ours.name)
    return all(getattr(ours, rule) in (getattr(plain, rule), getattr(theirs, rule)) for rule in _RULES)


def _of_made(parent: Made, columns: Mapping[str, Column]) -> Drawn:
    names = {theirs: ours.name for theirs, ours in columns.items()}
    ours = {name: theirs for theirs, name in names.items()}

    def different(some: Sequence[str]) -> Drawn:
        there = [ours[name] for name in some]
        alone = parent.different(there)
        chosen = {theirs: columns[theirs] for theirs in there}
        if alone is None:
            return _of_rows(parent.held(there), chosen).different(some)
        if alone[0] == parent.size:  # each row has its own: the other columns may come along
            return found
        return replace(
            found, names=tuple(some), size=alone[0], take=lambda at: alone[1](at).rename(names, strict=False)
        )

    @cache
    def known(name: str) -> pl.Series:
        return parent.held([ours[name]])[ours[name]].unique()

    def strangers(values: pl.Series) -> pl.Series:
        return _strangers(values, known(values.name))

    found = Drawn(
        tuple(names.values()),
        parent.size,
        lambda at: parent.numbered(list(columns), at).rename(names),
        different,
        strangers,
    )
    return found


def _of_rows(parent: pl.DataFrame, columns: Mapping[str, Column]) -> Drawn:
    import polars as pl

    named = parent.select(pl.col(theirs).alias(ours.name) for theirs, ours in columns.items()).drop_nulls()
    own = tuple(replace(column, nullable=False, unique=False) for column in columns.values())
    rules = [rule.broken for rule in row_rules(TableSchema(own), named.schema) if isinstance(rule, Rule)]
    kept = (
        named.filter(~pl.any_horizontal(*(broken.fill_null(value=True) for broken in rules)))
        if rules
        else named
    )
    return _of_frame(kept)


def _of_frame(rows: pl.DataFrame) -> Drawn:
    return Drawn(
        tuple(rows.columns),
        rows.height,
        lambda at: rows[at],
        lambda names: _of_frame(rows.unique(list(names), keep="first", maintain_order=True)),
        lambda values: _strangers(values, rows[values.name].unique()),
    )


def _strangers(values: pl.Series, known: pl.Series) -> pl.Series:
    return values.filter(~values.is_in(known.implode()))


def with_orphans(values: pl.Series, strangers: pl.Series, random: np.random.Generator) -> pl.Series:
    """Return values of which some are replaced by others that the parent does not know.

    Args:
        values: Values drawn from the parent.
        strangers: Values that the column may have and the parent has not.
        random: Says which rows.
    """
    import polars as pl

    count = min(len(values), max(1, round(len(values) * ORPHANS)))
    if strangers.is_empty() or not count:
        return values
    rows = random.permutation(len(values))[:count]
    taken = strangers.gather(np.arange(count) % len(strangers)).cast(values.dtype)
    return values.clone().scatter(pl.Series(rows, dtype=pl.UInt32), taken)
