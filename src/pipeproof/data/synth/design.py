"""What a table is made from: its schema and case, its seed and size, and what follows from them for each column."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeproof.data.extremes import extremes, has_extremes, with_kind
from pipeproof.data.synth.domain import Domain, series, sorted_domain
from pipeproof.data.synth.domains import domain_of
from pipeproof.data.synth.parents import Drawn
from pipeproof.data.synth.seeds import Whole, generator, permutation, rising
from pipeproof.data.synth.words import patterns_of, vocabulary
from pipeproof.model.contract import Column, TableSchema, frozen
from pipeproof.model.trial import Case

if TYPE_CHECKING:
    import polars as pl

MIXED = "all"
"""Name of the edge that shows all others in one table."""


@dataclass(frozen=True)
class Design:
    """What a table is made from.

    Attributes:
        schema: What it keeps; bounds that follow from comparisons are in it.
        case: What is peculiar about it.
        seed: Seed of all that is drawn.
        name: Its name, part of the seed of all that is drawn.
        around: Last day of dates without bounds.
        rows: How many rows it has.
        drawn: Columns that come from parents.
        gaps: Share of missing values of columns where it is not the usual one.
        asked: Conditions that were asked, as expressions, by what they were asked of.
    """

    schema: TableSchema
    case: Case
    seed: int
    name: str
    around: dt.date
    rows: int
    drawn: tuple[Drawn, ...] = ()
    gaps: Mapping[str, float] = field(default_factory=frozen)
    asked: dict[Any, pl.Expr | None] = field(default_factory=dict, repr=False, compare=False)

    def random(self, *names: object) -> np.random.Generator:
        """Return the generator that belongs to a part of this table."""
        return generator(self.seed, self.name, *names)

    # Which columns are made how

    def is_single(self, column: Column) -> bool:
        """Whether no value of the column may come twice."""
        return column.unique or self.schema.key == (column.name,)

    @cached_property
    def keyed(self) -> tuple[Column, ...]:
        """The columns that together are unique, when none is so alone."""
        names = set(self.schema.key)
        columns = tuple(column for column in self.schema.columns if column.name in names)
        if len(columns) < len(names) or any(map(self.is_single, columns)):
            return ()
        return columns

    def group_of(self, column: Column) -> Drawn | None:
        """Return the columns that a column is drawn with from a parent, None when it is not."""
        return next((group for group in self.drawn if column.name in group.names), None)

    def domain(self, column: Column, need: int) -> Domain:
        """Return the values of a column: those of a parent, or its own."""
        group = self.group_of(column)
        if group is not None:
            single = group.different((column.name,))
            return Domain(single.size, lambda at: single.take(at)[column.name], "skewed")
        return domain_of(column, need, self.around)

    # What must be seen

    def is_about(self, column: Column, name: str) -> bool:
        """Whether the case is of this name and about this column."""
        if self.case.scenario != "edge" or self.case.name not in {name, MIXED}:
            return False
        return self.case.column in {"", column.name}

    def forced(self, column: Column) -> tuple[Any, ...]:
        """Return values that the table must show in its first rows."""
        if column.order is not None or self.group_of(column) is not None:
            return ()
        if self.is_about(column, "extremes") and has_extremes(column):
            return extremes(column)
        if self.is_about(column, "categories"):
            if column.categories:
                domain = domain_of(column, 0, self.around)
                return tuple(reversed(domain.take(np.arange(domain.size)).to_list()))
            return vocabulary(column, 1).corners if patterns_of(column) else ()
        return ()

    @cached_property
    def most_forced(self) -> int:
        """How many rows it takes to show every value that must be seen."""
        return max((len(self.forced(column)) for column in self.schema.columns), default=0)

    # Values by number

    def different(self, column: Column, count: int, at: Whole) -> pl.Series:
        """Return values of which no number below `count` has the same as another.

        Args:
            column: The column.
            count: How many different values there are to be; there may be fewer.
            at: Which of them are wanted.

        Returns:
            The values; missing ones for numbers beyond those that there are.
        """
        domain = self.domain(column, count)
        if column.order is not None:
            return self._rising(column, domain, count, at)
        forced = self.forced(column)
        if not forced:
            return _taken(domain, permutation(domain.size, self.seed, self.name, column.name), at)
        return self._with_forced(column, domain, forced, at)

    def _with_forced(self, column: Column, domain: Domain, forced: Sequence[Any], at: Whole) -> pl.Series:
        """Return different values of which the first are forced ones; what they stood for comes where they were."""
        import polars as pl

        order = permutation(domain.size, self.seed, self.name, column.name)
        values = _taken(domain, order, at)
        own = series(forced, with_kind(column)).cast(values.dtype).unique(maintain_order=True)
        first = _taken(domain, order, np.arange(min(len(own), domain.size)))
        spare = first.filter(~first.is_in(own.implode()))
        elsewhere = own.filter(~own.is_in(first.implode())).head(len(spare))
        values = values.replace(elsewhere, spare.head(len(elsewhere))) if len(elsewhere) else values
        shown = own.gather(np.minimum(at, len(own) - 1))
        return shown.zip_with(pl.Series(at < len(own)), values)

    def _rising(self, column: Column, domain: Domain, count: int, at: Whole) -> pl.Series:
        ordered = sorted_domain(domain)
        if not ordered.size:
            return _taken(ordered, None, at)
        forward = at if column.order == "ascending" else count - 1 - at
        return ordered.take(rising(ordered.size, count, forward, self.seed, self.name, column.name))

    # How many rows there can be

    def capacity(self, column: Column) -> float:
        """Return how many rows one column has values for."""
        if column.nullable and column.name not in self.schema.key:
            return math.inf
        if not self.is_single(column):
            return math.inf if self.domain(column, 0).size else 0
        domain = self.domain(column, self.rows)
        return sorted_domain(domain).size if column.order else domain.size


def _taken(domain: Domain, order: Any, at: Whole) -> pl.Series:
    """Return values of a domain in an order; missing ones beyond its end."""
    import polars as pl

    if not domain.size:
        return domain.take(np.zeros(0, dtype=np.int64)).extend_constant(None, len(at))
    beyond = at >= domain.size
    if not beyond.any():
        return domain.take(order(at))
    values = domain.take(order(np.where(beyond, 0, at)))
    return values.set(pl.Series(beyond), None)
