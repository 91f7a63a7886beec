"""Tables made from a schema: ordinary ones, those at the edges of what it allows, and broken ones."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeproof.data.synth.domains import Domain, domain_of, of_series, series
from pipeproof.data.synth.parents import Drawn, drawn_together, with_orphans
from pipeproof.data.synth.seeds import by_block, different, generator
from pipeproof.data.synth.spoil import least_rows, spoiled
from pipeproof.data.synth.words import vocabulary
from pipeproof.data.values import extremes, has_extremes, with_kind
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.trial import STANDARD, Case

if TYPE_CHECKING:
    import polars as pl

AROUND = dt.date(2024, 6, 30)
"""The last day of made dates without bounds, unless another one is named."""
_MISSING = 0.1
_OFTEN_MISSING = 0.5
_MOST_WORDS = 5_000  # different ones of a pattern, where nothing asks for more
_OFTEN_EXTREME = 0.3


def make_table(
    schema: TableSchema,
    case: Case = STANDARD,
    *,
    rows: int,
    seed: int,
    name: str,
    around: dt.date | None = None,
    parents: Mapping[str, pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """Return a table that keeps a schema, or breaks the one rule that a malformed case names.

    What is made depends on the seed and on names, not on the order of columns.

    Args:
        schema: The schema.
        case: What is peculiar about the table.
        rows: How many rows are wanted; fewer or more where the schema says so.
        seed: Seed of all that is drawn.
        name: Name of the table.
        around: The last day of dates without bounds.
        parents: Dataset → table that columns may refer to; without it they have values of their own.

    Raises:
        ContractError: The contract asks for more rows than it allows values for.
    """
    made = _Making(schema, case, seed, name, around or AROUND, drawn_together(schema, parents or {}))
    return made.table(_wanted(schema, case, rows))


def _wanted(schema: TableSchema, case: Case, rows: int) -> int:
    """Return how many rows are wanted, as far as the schema allows."""
    if case.scenario == "malformed":
        if case.name == "min_rows":
            return schema.min_rows - 1
        rows = max(rows, least_rows(case))
    elif case.name == "empty":
        return 0
    elif case.name == "one_row":
        return 1
    most = math.inf if schema.max_rows is None else schema.max_rows
    return int(min(max(rows, schema.min_rows), most))


@dataclass(slots=True)
class _Making:
    """One table as it is made."""

    schema: TableSchema
    case: Case
    seed: int
    name: str
    around: dt.date
    drawn: list[Drawn]
    made: dict[str, pl.Series] = field(default_factory=dict)

    def table(self, rows: int) -> pl.DataFrame:
        """Return the table."""
        import polars as pl

        rows = self.possible(rows)
        self.make_key(rows)
        for group in self.drawn:
            self.make_drawn(group, rows)
        for column in self.schema.columns:
            if column.name not in self.made:
                self.made[column.name] = self.column(column, rows)
        columns = [self.with_gaps(column, self.made[column.name]) for column in self.schema.columns]
        frame = pl.DataFrame(columns)
        if self.case.scenario == "malformed":
            return spoiled(frame, self.schema, self.case, self.random("spoil"))
        if self.case.name == "duplicates":
            return frame[np.arange(rows) // 2]
        return frame

    def random(self, *names: object) -> np.random.Generator:
        """Return the generator that belongs to a part of this table."""
        return generator(self.seed, self.name, *names)

    # How many rows there can be

    def possible(self, rows: int) -> int:
        """Return as many of the wanted rows as there are values for.

        Raises:
            ContractError: There are fewer than the contract asks for.
        """
        if not rows:
            return 0
        most_rows = math.inf if self.schema.max_rows is None else self.schema.max_rows
        rows = int(max(rows, min(most_rows, self.most_forced)))
        if self.case.name in {"one_row", "min_rows"}:
            rows = min(rows, 1) if self.case.name == "one_row" else self.schema.min_rows - 1
        limits = [(self.capacity(column, rows), f"column {column.name!r}") for column in self.schema.columns]
        limits.append((self.key_capacity(rows), f"the key ({', '.join(self.schema.key)})"))
        most, whose = min(limits, key=lambda limit: limit[0])
        if most < max(1, min(rows, self.schema.min_rows)):
            raise ContractError(_too_few(self.name, whose, int(most), self.schema.min_rows))
        return int(min(rows, most))

    @property
    def most_forced(self) -> int:
        """How many rows it takes to show every value that must be seen."""
        return max((len(self.forced(column)) for column in self.schema.columns), default=0)

    def capacity(self, column: Column, rows: int) -> float:
        """Return how many rows one column has values for."""
        if column.nullable and column.name not in self.schema.key:
            return math.inf
        if not self.is_single(column):
            return math.inf if self.domain(column, 0).size else 0
        return self.domain(column, rows).size

    def key_capacity(self, rows: int) -> float:
        """Return how many different keys there are."""
        columns = self.keyed
        return math.prod(self.domain(column, rows).size for column in columns) if columns else math.inf

    # Which columns are made how

    def is_single(self, column: Column) -> bool:
        """Whether no value of the column may come twice."""
        return column.unique or self.schema.key == (column.name,)

    @property
    def keyed(self) -> list[Column]:
        """The columns that together are unique, when none is so alone; from few values to many."""
        names = set(self.schema.key)
        columns = [column for column in self.schema.columns if column.name in names]
        if len(columns) < len(names) or any(map(self.is_single, columns)):
            return []
        return columns

    def domain(self, column: Column, need: int) -> Domain:
        """Return the values of a column: those of a parent, or its own."""
        for group in self.drawn:
            if column.name in group.names:
                return of_series(group.different([column.name]).rows[column.name])
        return domain_of(column, need, self.around)

    def is_about(self, column: Column, name: str) -> bool:
        """Whether the case is of this name and about this column."""
        return (
            self.case.scenario == "edge" and self.case.name == name and self.case.column in {"", column.name}
        )

    def forced(self, column: Column) -> Sequence[Any]:
        """Return values that the table must show."""
        if any(column.name in group.names for group in self.drawn):
            return ()
        if self.is_about(column, "extremes") and has_extremes(column):
            return extremes(column)
        if self.is_about(column, "categories"):
            if column.categories:
                domain = domain_of(column, 0, self.around)
                return tuple(reversed(domain.take(np.arange(domain.size)).to_list()))
            return vocabulary(column, 1).corners if column.pattern is not None else ()
        return ()

    # The values

    def column(self, column: Column, rows: int) -> pl.Series:
        """Return the values of one column."""
        if not rows:
            return self.domain(column, 0).take(np.zeros(0, dtype=np.int64)).rename(column.name)
        if self.is_single(column):
            return self.different(column, rows, rows, "order")
        # Codes by a pattern are often nearly as many as the rows (receipts), and seldom a handful.
        domain = self.domain(column, min(rows // 2, _MOST_WORDS) if column.pattern else 0)
        if not domain.size:
            return domain.take(np.zeros(0, dtype=np.int64)).extend_constant(None, rows)
        at = by_block(rows, domain.draw, self.seed, self.name, column.name)
        return self.with_forced(column, domain.take(at))

    def with_forced(self, column: Column, values: pl.Series) -> pl.Series:
        """Return values of which the first, and some others, are those that must be seen."""
        import polars as pl

        must = self.forced(column)
        if not must:
            return values
        forced = series(must, with_kind(column))
        rows, random = len(values), self.random(column.name, "forced")
        at = np.arange(rows)
        chosen = (at < len(forced)) | (random.random(rows) < _OFTEN_EXTREME)
        at[len(forced) :] = random.integers(0, len(forced), max(0, rows - len(forced)))
        others = forced.cast(values.dtype).gather(at)
        return others.zip_with(pl.Series(chosen), values)

    def different(self, column: Column, count: int, rows: int, purpose: str) -> pl.Series:
        """Return different values in no order, with those that must be seen; missing ones where there are too few."""
        domain = self.domain(column, count)
        forced = series(self.forced(column), with_kind(column))
        random = self.random(column.name, purpose)
        most = min(domain.size, count + len(forced))
        values = domain.take(different(random, most, domain.size))
        if not forced.is_empty():
            own = forced.cast(values.dtype).unique(maintain_order=True)
            values = own.extend(values.filter(~values.is_in(own.implode())))
        values = values.head(count)
        if len(values) < rows:
            values = values.extend_constant(None, rows - len(values))
        return values.gather(random.permutation(rows)).rename(column.name)

    def make_key(self, rows: int) -> None:
        """Make the columns of a key: each row has a number, whose digits of mixed radix choose the values."""
        columns = self.keyed
        if not columns or not rows:
            return
        sizes = {column.name: self.domain(column, rows).size for column in columns}
        columns = sorted(columns, key=lambda column: sizes[column.name])
        numbers, left = self.random("key").permutation(rows), rows
        for position, column in enumerate(columns):
            others = math.prod(sizes[other.name] for other in columns[position + 1 :])
            share = math.ceil(float(left) ** (1 / (len(columns) - position)))
            wanted = max(share, -(-left // others), len(self.forced(column)))
            radix = min(wanted, sizes[column.name], left)
            values = self.different(column, radix, radix, "key")
            self.made[column.name] = values.gather(numbers % radix)
            numbers, left = numbers // radix, -(-left // radix)

    def make_drawn(self, group: Drawn, rows: int) -> None:
        """Make columns that come together from rows of a parent."""
        columns = [self.schema[name] for name in group.names if name not in self.made]
        if not columns or not rows:
            return
        single = [column.name for column in columns if self.is_single(column)]
        random = self.random(*group.names, "rows")
        if single:
            group = group.different(single[:1])
            at = different(random, min(rows, group.rows.height), group.rows.height)
        else:
            at = random.integers(0, group.rows.height, rows)
        for column in columns:
            values = group.rows[column.name].gather(at)
            if column.references is not None and column.references.orphans:
                own = domain_of(column, 0, self.around)
                others = own.take(random.integers(0, own.size, rows)) if own.size else values.clear()
                values = with_orphans(values, others, group.rows[column.name], random)
            self.made[column.name] = values.extend_constant(None, rows - len(values))

    # What is missing

    def with_gaps(self, column: Column, values: pl.Series) -> pl.Series:
        """Return values of which some are missing, where they may be."""
        import polars as pl

        values = values.rename(column.name)
        gaps = self.gaps(column, len(values))
        return values if gaps is None else values.set(pl.Series(gaps), None)

    def gaps(self, column: Column, rows: int) -> np.ndarray[Any, Any] | None:
        """Return where values are missing: a tenth of them, more in the edge that is about them."""
        if not column.nullable or not rows:
            return None
        if column.name in self.schema.key:  # a missing value is a value of a key like another
            return np.arange(rows) == 0 if self.is_about(column, "nulls") else None
        share = _MISSING
        if self.case.scenario == "edge" and self.case.name == "nulls":
            if not self.is_about(column, "nulls"):
                return None
            share = _OFTEN_MISSING
        gaps = by_block(
            rows,
            lambda random, count, _block: random.random(count) < share,
            self.seed,
            self.name,
            column.name,
            "gaps",
        )
        if self.is_about(column, "nulls"):
            gaps[0] = True
        gaps[: len(self.forced(column))] = False
        return gaps


def _too_few(name: str, whose: str, most: int, least: int) -> Finding:
    asked = f"rows: {{min: {least}}}" if least > 1 else "at least one row"
    return Finding(
        "PPF309",
        f"no data can be made for {name}: {whose} allows {most:,} different values, and {asked} is asked for",
        fix="allow more values, or ask for fewer rows, in the contract",
    )
