"""Numbers measured over columns, by the definitions of `contracts.statistics`, as Polars expressions."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.constraints import NUMERIC
from pipeproof.contracts.statistics import NUMERIC_MEASURES, SHARES, bounds_say
from pipeproof.data.checking import bounds
from pipeproof.data.checking.rules import Present, Unasked, plain
from pipeproof.errors import ConfigError
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Statistic, TableSchema

if TYPE_CHECKING:
    import polars as pl

    from pipeproof.data.comparing.distances import StoredColumn

SORTED = frozenset({"median", "quantile"})
DISTINCT = frozenset({"distinct", "duplicates"})


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that a table has.

    Attributes:
        statistic: The rule.
        says: The rule, for people.
        value: The aggregate; for an age the newest value, for a distance the values themselves.
        stored: What a distance is measured to.
        plain: The values, where all of them must be known at once.
    """

    statistic: Statistic
    says: str
    value: pl.Expr
    stored: StoredColumn | None = None
    plain: pl.Expr | None = None


def measures(schema: TableSchema, present: Present) -> Iterator[Measured | Unasked]:
    """Yield the statistics of a contract that can be measured, and those that cannot."""
    for rule in schema.statistics:
        if rule.column not in present:
            if rule.column not in schema.names:  # else it is told, or allowed, that the column is not there
                yield Unasked(
                    rule.column, f"there is no such column, and '{rule.name}' is about it", rule.name
                )
            continue
        dtype = present[rule.column]
        yield _measure(rule, plain(rule.column, dtype), dtype, logical_type(dtype))


def number_of(measured: Measured, found: Any, now: dt.datetime) -> float | None:
    """Return what a table has for a statistic; None when there is nothing to measure.

    Args:
        measured: The statistic.
        found: What its aggregate came to.
        now: The time, in UTC.
    """
    if found is None:
        return None
    if measured.statistic.measure == "age":
        newest = found if isinstance(found, dt.datetime) else dt.datetime.combine(found, dt.time())
        return (now.astimezone(dt.UTC).replace(tzinfo=None) - newest).total_seconds()
    number = float(found)
    # Of no values a share is 0/0; of infinite ones a mean is no number either, and lies between no bounds.
    return None if math.isnan(number) and measured.statistic.measure in SHARES else number


def distance_of(measured: Measured, frame: pl.LazyFrame) -> float | None:
    """Return how far the values of a column are from those of a stored profile."""
    from pipeproof.data.comparing.distances import distance

    values = frame.select(measured.value).collect(engine="streaming").to_series().drop_nulls()
    if measured.stored is None or not len(values):
        return None
    return distance(values, measured.stored, str(measured.statistic.of or "psi"))  # type: ignore[arg-type]  # asked before


def _measure(rule: Statistic, value: pl.Expr, dtype: pl.DataType, kind: str) -> Measured | Unasked:
    import polars as pl

    says = bounds_say(rule)
    if rule.measure in NUMERIC_MEASURES and kind not in NUMERIC:
        return Unasked(rule.column, f"its {rule.name} cannot be measured, the values are {kind}", rule.name)
    if rule.measure == "age":
        if kind not in {"date", "timestamp"}:
            return Unasked(rule.column, f"its age cannot be told, the values are {kind}", rule.name)
        return Measured(rule, says, value.max())
    if rule.measure == "distance":
        return _distance(rule, says, value)
    if rule.measure == "missing":
        return Measured(rule, says, value.null_count() / pl.len())
    if rule.measure in DISTINCT:
        different = value.drop_nulls().n_unique()
        part = different if rule.measure == "distinct" else value.count() - different
        return Measured(rule, says, part / value.count(), plain=value)
    if rule.measure == "share":
        among = bounds.is_among(value, dtype, kind, [rule.of])
        return Measured(rule, says, among.sum() / value.count())
    floats = value.cast(pl.Float64)
    return Measured(rule, says, _of_numbers(rule, floats), plain=floats)


def _of_numbers(rule: Statistic, value: pl.Expr) -> pl.Expr:
    import polars as pl

    if rule.measure in SORTED:
        return value.quantile(level_of(rule), "linear")
    if rule.measure == "sum":  # of no values there is none, where Polars has 0
        return pl.when(value.count() > 0).then(value.sum())
    by: Mapping[str, Any] = {"minimum": value.min, "maximum": value.max, "mean": value.mean, "std": value.std}
    found: pl.Expr = by[rule.measure]()
    return found


def level_of(rule: Statistic) -> float:
    """Return the level of a quantile; the median is that of 0.5."""
    return 0.5 if rule.measure == "median" else float(rule.of or 0)


def _distance(rule: Statistic, says: str, value: pl.Expr) -> Measured | Unasked:
    from pipeproof.data.comparing.distances import METRICS
    from pipeproof.data.comparing.stored import stored_column
    from pipeproof.data.profiling.profile import read_profile

    metric = rule.of or "psi"
    if metric not in METRICS:
        known = ", ".join(METRICS)
        return Unasked(rule.column, f"there is no distance {metric!r}; known: {known}", rule.name)
    try:
        columns = {column.name: column for column in read_profile(rule.against).columns}
    except ConfigError as error:
        return Unasked(rule.column, error.findings[0].what, rule.name)
    if rule.column not in columns:
        return Unasked(rule.column, f"the profile {rule.against} has no column of that name", rule.name)
    stored = stored_column(columns[rule.column])
    if metric in {"ks", "wasserstein"} and not stored.ordered:
        why = f"{metric} needs values that have an order, those of the profile {rule.against} have none"
        return Unasked(rule.column, why, rule.name)
    return Measured(rule, says, value, stored)
