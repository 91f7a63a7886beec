"""The values that a column may have, as a numbered list: position → value, as vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeproof.contracts.constraints import Value
from pipeproof.data.synth.seeds import Whole
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_DRAWS = 2**16  # a skewed draw looks one random number of so many up in a table


@dataclass(frozen=True, slots=True)
class Domain:
    """Different values, by position from 0.

    Attributes:
        size: How many there are.
        take: Positions → the values there.
        shape: How an ordinary table draws from them: all alike, the middle ones more often, or the
            first ones more often.
        usual: How many of them an ordinary table draws from.
        is_sorted: Whether values rise with their positions.
        place: Numbers on the scale of the values → positions of the nearest ones; days and microseconds
            since 1970 for dates and times. None where values are no numbers.
        ends: The least and the largest value on that scale.
    """

    size: int
    take: Callable[[Whole], pl.Series]
    shape: Literal["flat", "bell", "skewed"] = "flat"
    usual: int = 0
    is_sorted: bool = False
    place: Callable[[Whole], Whole] | None = None
    ends: tuple[float, float] = (0.0, 0.0)

    def draw(self, random: np.random.Generator, count: int, block: int = 0) -> Whole:
        """Return positions as an ordinary table has them; the first block has each of a few values."""
        usual = min(self.usual or self.size, self.size)
        if self.shape == "flat":
            return np.asarray(random.integers(0, usual, count))
        if self.shape == "bell":
            drawn = random.random((3, count)).sum(axis=0) / 3
            return np.asarray((drawn * usual).astype(np.int64))
        if usual * 4 > _DRAWS:
            return np.asarray((random.random(count) ** 2 * usual).astype(np.int64))
        skewed = _table(usual)[random.integers(0, _DRAWS, count, dtype=np.uint16)]
        if block == 0 and usual <= count:
            skewed[random.permutation(count)[:usual]] = np.arange(usual)
        return np.asarray(skewed)


@lru_cache(maxsize=64)
def _table(size: int) -> Whole:
    """Return positions, each as often as its share: the first come more often (Zipf's law, softened)."""
    shares = np.cumsum(1 / np.sqrt(np.arange(1, size + 1)))
    return np.searchsorted(shares / shares[-1], (np.arange(_DRAWS) + 0.5) / _DRAWS).astype(np.int64)


def sorted_domain(domain: Domain) -> Domain:
    """Return a domain whose values rise with their positions: the same, or its usual values sorted."""
    if domain.is_sorted:
        return domain
    usual = min(domain.usual or domain.size, domain.size)
    values = domain.take(np.arange(usual)).sort()
    return Domain(usual, values.gather, is_sorted=True)


def first_at_least(domain: Domain, values: pl.Series, *, above: bool) -> Whole:
    """Return for each value the first position of a sorted domain that holds no less; its size when none does.

    Args:
        domain: The domain.
        values: What to look for.
        above: Whether the same value is too little.
    """
    low = np.zeros(len(values), dtype=np.int64)
    high = np.full(len(values), domain.size, dtype=np.int64)
    for _ in range(domain.size.bit_length()):
        middle = (low + high) // 2
        there = domain.take(np.minimum(middle, domain.size - 1))
        found = there <= values if above else there < values
        less = found.fill_null(value=False).to_numpy() & (low < high)
        low, high = np.where(less, middle + 1, low), np.where(less, high, middle)
    return low


def pool(values: Sequence[Value], column: Column) -> Domain:
    """Return a domain of a few listed values."""
    return of_series(series(values, column))


def of_series(values: pl.Series) -> Domain:
    """Return a domain of the values of a series, which are all different."""
    return Domain(len(values), values.gather, "skewed")


def series(values: Sequence[Value], column: Column) -> pl.Series:
    """Return values as a series of the type that a column's made values have."""
    import polars as pl

    return pl.Series(column.name, values, dtype=dtype_of(column))


def dtype_of(column: Column | None) -> Any:
    """Return the type of a column's made values; decimals are floats until their digits are known."""
    import polars as pl

    if column is None:
        return pl.String
    if column.type == "list":
        return pl.List(dtype_of(column.items))
    if column.type == "struct":
        return pl.Struct({field.name: dtype_of(field) for field in column.fields})
    kinds: dict[str, Any] = {
        "string": pl.String,
        "integer": pl.Int64,
        "boolean": pl.Boolean,
        "date": pl.Date,
        "timestamp": pl.Datetime("us"),
        "time": pl.Time,
    }
    return kinds.get(str(column.type), pl.Float64)
