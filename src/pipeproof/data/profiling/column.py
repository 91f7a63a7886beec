"""What is known of one column of one part of a table, and of two parts together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeproof.data.profiling.bins import Bins
from pipeproof.data.profiling.counting import Distinct, Frequent
from pipeproof.data.profiling.moments import Moments
from pipeproof.data.profiling.sizes import Sizes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The finite numbers of a column, or the lengths of its texts or lists; times are numbers of their unit.

    Attributes:
        bins: How they are distributed.
        moments: Their count, mean and variance.
        least: The smallest, as the column has it; None where there is none.
        most: The largest.
        zeros: How many are 0.
        negative: How many are below 0.
    """

    bins: Bins
    moments: Moments
    least: Any = None
    most: Any = None
    zeros: int = 0
    negative: int = 0

    def merge(self, other: Numbers, sizes: Sizes) -> Numbers:
        """Return the numbers of both together."""
        return Numbers(
            self.bins.merge(other.bins, sizes.bins),
            self.moments.merge(other.moments),
            _either(min, self.least, other.least),
            _either(max, self.most, other.most),
            self.zeros + other.zeros,
            self.negative + other.negative,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """How the values of a column follow each other from row to row; missing ones are passed over.

    Attributes:
        up: Whether none is smaller than the one before.
        down: Whether none is larger than the one before.
        first: The first value, None where there is none.
        last: The last one.
    """

    up: bool = True
    down: bool = True
    first: Any = None
    last: Any = None

    def merge(self, later: Order) -> Order:
        """Return the order of these values with later ones behind them."""
        if self.first is None or later.first is None:
            return later if self.first is None else self
        return Order(
            self.up and later.up and bool(self.last <= later.first),
            self.down and later.down and bool(self.last >= later.first),
            self.first,
            later.last,
        )


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """What is known of one column of one part of a table.

    Attributes:
        name: Its name.
        physical: Its type in Polars.
        rows: How many rows there are.
        nulls: How many values are null.
        nans: How many are not a number; they count as missing too.
        infinite: How many are infinite; they are in no distribution.
        numbers: Its numbers, of a column that has some.
        lengths: Lengths of texts in characters, of lists in elements, of bytes.
        distinct: How many values are different; None where they cannot be compared.
        frequent: Which come often.
        order: How they follow each other.
        fields: The fields of a struct, over the rows that have one.
    """

    name: str
    physical: Any
    rows: int
    nulls: int = 0
    nans: int = 0
    infinite: int = 0
    numbers: Numbers | None = None
    lengths: Numbers | None = None
    distinct: Distinct | None = None
    frequent: Frequent | None = None
    order: Order | None = None
    fields: tuple[ColumnPart, ...] = ()

    def merge(self, later: ColumnPart, sizes: Sizes) -> ColumnPart:
        """Return what is known of this part with a later one behind it; both have the same type."""
        return ColumnPart(
            self.name,
            self.physical,
            self.rows + later.rows,
            self.nulls + later.nulls,
            self.nans + later.nans,
            self.infinite + later.infinite,
            _both(self.numbers, later.numbers, lambda a, b: a.merge(b, sizes)),
            _both(self.lengths, later.lengths, lambda a, b: a.merge(b, sizes)),
            _both(self.distinct, later.distinct, lambda a, b: a.merge(b, sizes.hashes)),
            _both(self.frequent, later.frequent, lambda a, b: a.merge(b, sizes.frequent)),
            _both(self.order, later.order, lambda a, b: a.merge(b)),
            tuple(a.merge(b, sizes) for a, b in zip(self.fields, later.fields, strict=True)),
        )

    @property
    def present(self) -> int:
        """How many values are not missing."""
        return self.rows - self.nulls - self.nans

    @property
    def unique(self) -> bool | None:
        """Whether no value comes twice; None where that is not known."""
        if self.distinct is None:
            return None
        if self.distinct.known is not None:
            return self.distinct.known == self.present
        # Where the estimate is far from the number of values, some surely repeat: six standard errors.
        return False if self.distinct.count < self.present * (1 - 6 * self.distinct.error) else None


def _both(one: T | None, other: T | None, merge: Callable[[T, T], T]) -> T | None:
    return None if one is None or other is None else merge(one, other)


def _either(choose: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
