"""Whether values come twice, told with little work where that is possible.

A column whose values rise from row to row holds none twice, and to see that costs next to nothing. Otherwise
the different ones are counted: short values themselves, longer ones and keys by a hash of 64 bits. A hash
that comes twice may be a chance; then, and only then, the values themselves are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeproof.data.checking.rules import Rule

if TYPE_CHECKING:
    import polars as pl

_PEEK = 1_000


@dataclass(frozen=True, slots=True)
class Probe:
    """A question whose answer is one number: how many rows repeat a value.

    Attributes:
        value: The aggregate.
        exact: Whether the number is what it says; else more than zero asks for a closer look.
    """

    value: pl.Expr
    exact: bool


def probe(rule: Rule, frame: pl.LazyFrame) -> Probe:
    """Return the cheapest question about a rule that something is unique.

    Args:
        rule: The rule; it has `distinct`.
        frame: The table, of which the first rows are looked at.
    """
    import polars as pl

    value: pl.Expr = rule.distinct  # type: ignore[assignment]  # it has one
    head = frame.select(value.alias("value")).head(_PEEK).collect(engine="streaming").to_series()
    dtype = head.dtype
    if not (dtype.is_numeric() or dtype.is_temporal()):
        # What is missing is a value like another in a key, and none in a column.
        hashed = pl.when(value.is_not_null()).then(value.hash())
        return Probe(_repeated(hashed), exact=False)
    if _rises(head) and _rises_throughout(frame, value):
        return Probe(pl.lit(0), exact=True)
    return Probe(_repeated(value), exact=True)


def _rises(head: pl.Series) -> bool:
    return len(head) > 1 and not head.null_count() and (head > head.shift(1)).sum() == len(head) - 1


def _rises_throughout(frame: pl.LazyFrame, value: pl.Expr) -> bool:
    """Say whether every value is larger than the one before, in a reading of this column alone.

    In one reading with all other rules, the engine would hold back the whole table while it shifts one column.
    """
    import polars as pl

    rising = frame.select(rows=pl.len(), rising=(value > value.shift(1)).sum())
    rows, steps = rising.collect(engine="streaming").row(0)
    return bool(rows == steps + 1)


def _repeated(value: pl.Expr) -> pl.Expr:
    import polars as pl

    return value.count().cast(pl.Int64) - value.n_unique() + value.has_nulls().cast(pl.Int64)
