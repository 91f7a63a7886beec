"""Tables made from a schema: ordinary ones, those at the edges of what it allows, and broken ones."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from pipeproof.data.extremes import with_kind
from pipeproof.data.synth import conditions, gaps, people
from pipeproof.data.synth.comparisons import fixed_columns, with_comparisons, with_room
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.domain import series
from pipeproof.data.synth.domains import domain_of
from pipeproof.data.synth.numbering import HELD, Numbering
from pipeproof.data.synth.origins import Origins, origins_of
from pipeproof.data.synth.parents import Made, drawn_together, with_orphans
from pipeproof.data.synth.seeds import BLOCK, Block, Whole, blocks
from pipeproof.data.synth.spoil import least_rows, spoiled
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Column, TableSchema, frozen
from pipeproof.model.trial import STANDARD, Case

AROUND = dt.date(2024, 6, 30)
"""The last day of made dates without bounds, unless another one is named."""
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
    return Recipe(schema, case, rows, seed, name, around or AROUND, frozen(parents)).table()


def _wanted(schema: TableSchema, case: Case, rows: int) -> int:
    """Return how many rows are wanted, as far as the schema allows."""
    if case.scenario == "malformed":
        if case.name == "min_rows":
            return schema.min_rows - 1
        rows = max(rows, least_rows(case, schema))
    elif case.name == "empty":
        return 0
    elif case.name == "one_row":
        return 1
    most = math.inf if schema.max_rows is None else schema.max_rows
    return int(min(max(rows, schema.min_rows), most))


@dataclass(frozen=True)
class Recipe:
    """How a table is made, block by block; any block can be made alone.

    Attributes:
        schema: What it keeps.
        case: What is peculiar about it.
        wanted: How many rows are wanted.
        seed: Seed of all that is drawn.
        name: Name of the table.
        around: The last day of dates without bounds.
        parents: Dataset → what columns may refer to: a table, or the recipe of one.
        gaps: Column → share of missing values, where it is not the usual one.
        like: Design, fixed columns, what statistics ask for → columns whose values follow given distributions.
    """

    schema: TableSchema
    case: Case = STANDARD
    wanted: int = 0
    seed: int = 0
    name: str = "table"
    around: dt.date = AROUND
    parents: Mapping[str, pl.DataFrame | Made] = field(default_factory=frozen)
    like: Callable[[Design, frozenset[str], Origins], Origins] | None = None
    gaps: Mapping[str, float] = field(default_factory=frozen)

    # What is settled before any block

    @cached_property
    def design(self) -> Design:
        """The design, with as many of the wanted rows as there are values for.

        Raises:
            ContractError: There are fewer than the contract asks for.
        """
        schema = with_room(self.schema)
        own = Design(schema, self.case, self.seed, self.name, self.around, 0, gaps=self.gaps)
        wanted = _wanted(self.schema, self.case, self.wanted)
        if wanted:
            most_rows = math.inf if self.schema.max_rows is None else self.schema.max_rows
            wanted = int(max(wanted, min(most_rows, gaps.rows_to_show(own))))
            if self.case.name in {"one_row", "min_rows"}:
                wanted = min(wanted, 1) if self.case.name == "one_row" else self.schema.min_rows - 1
        if self.case.name == "duplicates":
            wanted = -(-wanted // 2)
        design = self._drawing(replace(own, rows=wanted))
        possible = self._possible(design) if wanted else 0
        return design if possible == wanted else self._drawing(replace(own, rows=possible))

    def _drawing(self, design: Design) -> Design:
        """Return a design whose columns draw from parents, of which the table itself may be one."""
        own: Made = Numbering(design)
        return replace(design, drawn=drawn_together(design.schema, {**self.parents, self.name: own}))

    def _possible(self, design: Design) -> int:
        most, whose = self._tightest(design)
        least = self.schema.min_rows if self.case.name != "duplicates" else 0
        if most < max(1, min(design.rows, least)):
            raise ContractError(_too_few(self.name, whose, int(most), self.schema.min_rows))
        return int(min(design.rows, most))

    def _tightest(self, design: Design) -> tuple[float, str]:
        """Return how many rows there are values for, and what has no more."""
        limits = [(design.capacity(column), f"column {column.name!r}") for column in design.schema.columns]
        limits.append((Numbering(design).capacity, f"the key ({', '.join(self.schema.key)})"))
        return min(limits, key=lambda limit: limit[0])

    @property
    def shortage(self) -> str:
        """Why it has fewer rows than are wanted; empty where it has not, and where the case is of few rows."""
        if self.rows >= self.wanted or self.case.name in {"empty", "one_row", "min_rows"}:
            return ""
        if self.rows == self.schema.max_rows:
            return f"its contract allows at most {self.rows:,}"
        most, whose = self._tightest(self._drawing(replace(self.design, rows=self.wanted)))
        return f"{whose} has {int(most):,} different values"

    @cached_property
    def numbering(self) -> Numbering:
        """What follows from the numbers of rows."""
        return Numbering(self.design)

    @cached_property
    def fixed(self) -> frozenset[str]:
        """Columns whose values follow from numbers of rows, or from rows of parents."""
        return fixed_columns(self.design)

    @cached_property
    def given(self) -> Origins:
        """Columns whose values follow given distributions."""
        asked = origins_of(self.design, self.fixed)
        return asked if self.like is None else self.like(self.design, self.fixed, asked)

    @cached_property
    def rows(self) -> int:
        """How many rows it has."""
        if self.case.name == "duplicates":
            return min(self.design.rows * 2, _wanted(self.schema, self.case, self.wanted))
        return self.design.rows

    # The table

    def table(self) -> pl.DataFrame:
        """Return the whole table."""
        made = [self.block(block) for block in blocks(self.rows)]
        return made[0] if len(made) == 1 else pl.concat(made, rechunk=True)

    def block(self, block: Block, only: Collection[str] | None = None) -> pl.DataFrame:
        """Return some rows; the same ones whatever else is made.

        Args:
            block: Which rows.
            only: Columns that are wanted; all unless given.
        """
        if self.case.name == "duplicates":
            return self._twice(block, only)
        frame = self._good(block, only)
        if self.case.scenario == "malformed":
            return spoiled(frame, self.design, self.schema, self.case, block, self.redrawn)
        return frame

    def _twice(self, block: Block, only: Collection[str] | None) -> pl.DataFrame:
        rows = (block.first + np.arange(block.rows)) // 2
        before = next(
            Block(each.number, each.first, each.rows)
            for each in blocks(self.design.rows)
            if each.number == (rows[0] // BLOCK if len(rows) else 0)
        )
        return self._good(before, only)[rows - before.first]

    def _good(self, block: Block, only: Collection[str] | None) -> pl.DataFrame:
        wanted = self._wanted_columns(only)
        made = self._values(block, wanted)
        made = with_comparisons(self.design, made, block, self.fixed)
        made = conditions.with_conditions(
            self.design, made, block, self.fixed, self.redrawn, frozenset(self.given.names)
        )
        names = self.schema.names if only is None else [name for name in self.schema.names if name in only]
        return pl.DataFrame([self._with_gaps(self.schema[name], made[name], block) for name in names])

    def _wanted_columns(self, only: Collection[str] | None) -> Sequence[Column]:
        """Return the columns that must be made for some of them: rules of rows tie them together."""
        schema = self.design.schema
        if only is None or schema.comparisons or schema.conditions:
            return schema.columns
        return [column for column in schema.columns if column.name in only]

    def _values(self, block: Block, columns: Sequence[Column]) -> dict[str, pl.Series]:
        """Return the values of columns before rules of rows and gaps."""
        if not block.rows:
            return {column.name: self._none(column) for column in columns}
        names = {column.name for column in columns}
        made: dict[str, pl.Series] = {}
        if names & {column.name for column in self.design.keyed}:
            made |= self.numbering.key(block.at)
        for column in columns:
            if column.name not in made and self.design.is_single(column):
                made |= self.numbering.single(column, block.at)
        self._draw_from_parents(made, names, block)
        for column in people.columns_of(self.design):
            if column.name in names and column.name not in made:
                values = people.values(self.design, column, block.at)
                made[column.name] = self.with_forced(column, values, block)
        for column in columns:
            if column.name not in made:
                made[column.name] = self._ordinary(column, block)
        return {column.name: made[column.name].alias(column.name) for column in columns}

    def _none(self, column: Column) -> pl.Series:
        return self.design.domain(column, 0).take(np.zeros(0, dtype=np.int64)).alias(column.name)

    def _ordinary(self, column: Column, block: Block, *attempt: object) -> pl.Series:
        """Return values of a column that may repeat."""
        design = self.design
        if column.name in self.given.names and not attempt:
            return self.with_forced(column, self.given.values(column.name, block), block)
        if column.order is not None:
            return design.different(column, design.rows, block.at)
        # Codes by a pattern are often nearly as many as the rows (receipts), and seldom a handful.
        coded = column.pattern or column.format
        domain = design.domain(column, min(design.rows // 2, _MOST_WORDS) if coded else 0)
        if not domain.size:
            return domain.take(np.zeros(0, dtype=np.int64)).extend_constant(None, block.rows)
        random = design.random(column.name, block.number, *attempt)
        values = domain.take(domain.draw(random, block.rows, block.number))
        return values if attempt else self.with_forced(column, values, block)

    def redrawn(self, name: str, block: Block, attempt: int) -> pl.Series:
        """Return other values of a column, for rows that did not keep a condition."""
        return self._ordinary(self.design.schema[name], block, "again", attempt).alias(name)

    def with_forced(self, column: Column, values: pl.Series, block: Block) -> pl.Series:
        """Return values of which the first, and some others, are those that must be seen."""
        must = self.design.forced(column)
        if not must:
            return values
        forced = series(must, with_kind(column))
        random = self.design.random(column.name, "forced", block.number)
        at = block.at
        chosen = (at < len(forced)) | (random.random(block.rows) < _OFTEN_EXTREME)
        which = np.where(at < len(forced), at, random.integers(0, len(forced), block.rows))
        others = forced.cast(values.dtype).gather(which)
        return others.zip_with(pl.Series(chosen), values)

    def _draw_from_parents(self, made: dict[str, pl.Series], names: Collection[str], block: Block) -> None:
        for group in self.design.drawn:
            columns = [name for name in group.names if name not in made]
            if not set(names) & set(columns):
                continue
            random = self.design.random(*group.names, "rows", block.number)
            rows = group.take(random.integers(0, group.size, block.rows))
            for name in columns:
                made[name] = rows[name]
        for group in self.design.drawn:
            for name in set(names) & set(group.names):
                column = self.design.schema[name]
                if (
                    column.references is not None
                    and column.references.orphans
                    and not self.design.is_single(column)
                ):
                    made[name] = self._with_orphans(column, made[name], block)

    def _with_orphans(self, column: Column, values: pl.Series, block: Block) -> pl.Series:
        group = self.design.group_of(column)
        own = domain_of(column, 0, self.around)
        if group is None or not own.size or column.name in self.schema.key:
            return values
        random = self.design.random(column.name, "orphans", block.number)
        others = own.take(random.integers(0, own.size, min(block.rows, 1000))).alias(column.name)
        return with_orphans(values, group.strangers(others.cast(values.dtype).alias(column.name)), random)

    def _with_gaps(self, column: Column, values: pl.Series, block: Block) -> pl.Series:
        """Return values of which some are missing, where they may be."""
        share = self.given.gaps(column.name, block)
        missing = gaps.gaps(self.design, column, block) if share is None else share
        return values if missing is None else values.set(pl.Series(missing), None)

    # What children of this table ask

    @property
    def size(self) -> int:
        """How many rows it has."""
        return self.rows

    @property
    def columns(self) -> Mapping[str, Column]:
        """Its columns by name."""
        return {column.name: column for column in self.schema.columns}

    @cached_property
    def types(self) -> Mapping[str, Any]:
        """The types of its columns by name."""
        own = (
            replace(self.design, drawn=())
            if "design" in self.__dict__
            else Design(self.schema, self.case, self.seed, self.name, self.around, 1)
        )
        empty = np.zeros(0, dtype=np.int64)
        return {column.name: own.domain(column, 0).take(empty).dtype for column in self.schema.columns}

    @cached_property
    def outline(self) -> Made:
        """The table as its parents see it that refer to it in turn: only what follows from the numbers of its rows."""
        own = Design(with_room(self.schema), self.case, self.seed, self.name, self.around, 0)
        own = replace(own, rows=_wanted(self.schema, self.case, self.wanted))
        return Numbering(replace(own, rows=self._possible(own)))

    def is_numbered(self, names: Sequence[str]) -> bool:
        """Say whether values of columns follow from the numbers of rows, none of them missing."""
        return self.case.name != "duplicates" and self.rows > 0 and self.numbering.is_numbered(names)

    def numbered(self, names: Sequence[str], at: Whole) -> pl.DataFrame:
        """Return what rows with some numbers have in such columns."""
        return self.numbering.numbered(names, at)

    def different(self, names: Sequence[str]) -> Any:
        """Return how many combinations of such columns there are, and how to take some."""
        return self.numbering.different(names)

    def held(self, names: Sequence[str]) -> pl.DataFrame:
        """Return rows of it with some columns: all of a small table, the first ones of a large one."""
        first = (block for block in blocks(self.rows) if block.number < HELD)
        if self.case.name == "duplicates":
            return pl.concat([self.block(block, names).select(names) for block in first])
        return pl.concat([self._good(block, names).select(names) for block in first])  # not what is spoiled


def _too_few(name: str, whose: str, most: int, least: int) -> Finding:
    asked = f"rows: {{min: {least}}}" if least > 1 else "at least one row"
    return Finding(
        "PPF309",
        f"no data can be made for {name}: {whose} allows {most:,} different values, and {asked} is asked for",
        fix="allow more values, or ask for fewer rows, in the contract",
    )
