"""Keys by the number of the row: whatever must differ between rows follows from that number alone.

A row's number, in an order that depends on the seed, is written in mixed radix; each digit chooses the
value of one column of the key, or of several that come together from one row of a parent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from pipeproof.data.synth import people
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.seeds import BLOCK, Whole, permutation
from pipeproof.model.contract import Column

HELD = 16
"""Blocks of a made parent of which rows are held, where they do not follow from their numbers."""


@dataclass(frozen=True, slots=True)
class Digit:
    """A part of a key: columns, how many different values they are given, and number → values."""

    names: tuple[str, ...]
    radix: int
    divisor: int
    take: Callable[[Whole], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a key before its digits are counted."""

    names: tuple[str, ...]
    size: int
    least: int
    is_rising: bool


@dataclass(frozen=True)
class Numbering:
    """What follows from the numbers of rows in one table."""

    design: Design

    @cached_property
    def digits(self) -> tuple[Digit, ...]:
        """The parts of a composite key, from few values to many."""
        if not self.design.keyed or not self.design.rows:
            return ()
        parts = sorted(self._parts(), key=lambda part: (part.is_rising, part.size))
        found, left, divisor = [], self.design.rows, 1
        for position, part in enumerate(parts):
            others = math.prod(other.size for other in parts[position + 1 :])
            share = math.ceil(float(left) ** (1 / (len(parts) - position)))
            radix = min(max(share, -(-left // max(others, 1)), part.least), part.size, left)
            found.append(Digit(part.names, radix, divisor, self._maker(part.names, radix)))
            left, divisor = -(-left // radix), divisor * radix
        return tuple(found)

    @property
    def capacity(self) -> float:
        """How many different keys there are."""
        return math.prod(part.size for part in self._parts()) if self.design.keyed else math.inf

    def _parts(self) -> list[_Part]:
        parts, seen = [], set[str]()
        for column in self.design.keyed:
            if column.name in seen:
                continue
            group = self.design.group_of(column)
            names = [column.name]
            if group is not None:
                names = [other.name for other in self.design.keyed if other.name in group.names]
                size = group.different(names).size
            else:
                size = self.design.domain(column, self.design.rows).size
            seen.update(names)
            least = max(len(self.design.forced(self.design.schema[name])) for name in names)
            parts.append(_Part(tuple(names), size, least, column.order is not None))
        return parts

    def _maker(self, names: tuple[str, ...], radix: int) -> Callable[[Whole], pl.DataFrame]:
        group = self.design.group_of(self.design.schema[names[0]])
        if group is not None:
            single = group.different(names)
            order = permutation(single.size, self.design.seed, self.design.name, *names, "parent")
            return lambda at: single.take(order(at))
        column = self.design.schema[names[0]]
        return lambda at: self.design.different(column, radix, at).alias(column.name).to_frame()

    @cached_property
    def is_rising(self) -> bool:
        """Whether a column of the key rises from row to row, so that the rows keep their order."""
        return any(column.order is not None for column in self.design.keyed)

    def key(self, at: Whole) -> dict[str, pl.Series]:
        """Return the columns of a composite key, and those that come with them, for rows with some numbers."""
        if not self.digits:
            return {}
        design = self.design
        numbers = at if self.is_rising else permutation(design.rows, design.seed, design.name, "key")(at)
        found: dict[str, pl.Series] = {}
        for digit in self.digits:
            values = digit.take((numbers // digit.divisor) % digit.radix)
            found |= {name: values[name] for name in values.columns if name not in found}
        return found

    def single(self, column: Column, at: Whole) -> dict[str, pl.Series]:
        """Return a column whose values all differ, and those that come with it, for rows with some numbers."""
        design = self.design
        group = design.group_of(column)
        if group is None and column in people.columns_of(design):
            return {column.name: people.different(design, column, at)}
        if group is None:
            size = design.domain(column, design.rows).size
            if size < design.rows and column.order is None:  # which rows have none is a matter of chance
                at = permutation(design.rows, design.seed, design.name, column.name, "rows")(at)
            return {column.name: design.different(column, design.rows, at).alias(column.name)}
        alone = group.different((column.name,))
        rows = permutation(max(alone.size, design.rows), design.seed, design.name, column.name, "parent")(at)
        values = alone.take(np.minimum(rows, alone.size - 1))
        beyond = pl.Series(rows >= alone.size)
        return {
            name: values[name].set(beyond, None) if beyond.any() else values[name] for name in values.columns
        }

    # What children of this table ask; it is its own parent too, where columns refer to others beside them

    @property
    def size(self) -> int:
        """How many rows it has."""
        return self.design.rows

    @property
    def columns(self) -> Mapping[str, Column]:
        """Its columns by name."""
        return {column.name: column for column in self.design.schema.columns}

    @property
    def types(self) -> Mapping[str, pl.DataType]:
        """The types of its columns whose values follow from the numbers of rows, by name."""
        empty = np.zeros(0, dtype=np.int64)
        return {
            column.name: self.design.domain(column, 0).take(empty).dtype
            for column in self.design.schema.columns
            if column.references is None and self.is_numbered((column.name,))
        }

    def held(self, names: Sequence[str]) -> pl.DataFrame:
        """Return rows of it with such columns."""
        return self.numbered(names, np.arange(min(self.size, HELD * BLOCK)))

    def is_numbered(self, names: Sequence[str]) -> bool:
        """Say whether values of columns follow from the numbers of rows, none of them missing."""
        columns = [self.design.schema[name] for name in names]
        keyed = {column.name for column in self.design.keyed}
        compared = {name for rule in self.design.schema.comparisons for name in (rule.left, rule.right)}
        return all(
            (column.name in keyed or (self.design.is_single(column) and not column.nullable))
            and not (column.references is not None and column.references.orphans)
            and (column.name in keyed or column.name not in compared or True)
            for column in columns
        )

    def numbered(self, names: Sequence[str], at: Whole) -> pl.DataFrame:
        """Return what rows with some numbers have in such columns."""
        keyed = {column.name for column in self.design.keyed}
        found = self.key(at) if keyed & set(names) else {}
        for name in names:
            if name not in found:
                found |= self.single(self.design.schema[name], at)
        return pl.DataFrame([found[name] for name in names])

    def different(self, names: Sequence[str]) -> tuple[int, Callable[[Whole], pl.DataFrame]] | None:
        """Return how many combinations of such columns there are, and how to take some; None where it is not known."""
        is_whole = set(names) >= set(self.design.schema.key) if self.design.keyed else False
        if is_whole or any(self.design.is_single(self.design.schema[name]) for name in names):
            return self.design.rows, lambda at: self.numbered(names, at)
        digit = next((digit for digit in self.digits if set(digit.names) == set(names)), None)
        return None if digit is None else (digit.radix, digit.take)
