"""Made data that are like real data: distributions, correlations and dependences from a profile.

Nothing but the profile is read. Each column follows its quantiles or the shares of its values; numbers go
together by a Gaussian copula (R. Nelsen, "An Introduction to Copulas", 2006), whose correlations are those
of ranks, `2 sin(pi rho / 6)` of Spearman's rho; a column that depends on a category follows the quantiles
of that category. Columns with personal data keep the share of missing values, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipeproof.contracts.constraints import keeps
from pipeproof.contracts.personal import kind_of_column
from pipeproof.contracts.statistics import holds, is_within
from pipeproof.data.extremes import with_kind
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.domain import Domain
from pipeproof.data.synth.domains import domain_of
from pipeproof.data.synth.origins import Origin, Origins, by_grid, steered
from pipeproof.data.synth.seeds import Block, Whole
from pipeproof.model.contract import Column, Statistic, TableSchema, frozen

if TYPE_CHECKING:
    from pipeproof.data.profiling.profile import ColumnProfile, Dependence, Profile

FEWEST = 10
"""How often a value of a category must come in the real data to come in made ones."""
_LEAST_STRENGTH = 0.05  # of a dependence on a category that is kept
_EPOCH = dt.date(1970, 1, 1)
_MOST_DIFFERENT = 5_000  # texts beside those that came often
_OF_ROWS = frozenset({"distinct", "duplicates", "sum"})
_PLACES = frozenset({"minimum", "maximum", "mean", "median", "quantile"})
_LOOKED = 4096  # values that tell whether a distribution keeps statistics
_KEPT = 8  # blocks, more than are made at once by as many threads


def fitted(schema: TableSchema, profile: Profile, rows: int, around: dt.date) -> TableSchema:
    """Return a schema whose columns without bounds reach as far as the real values do.

    Args:
        schema: The schema.
        profile: The profile of real data.
        rows: How many rows are wanted; a column whose values all differ runs on until it has so many.
        around: The last day of dates without bounds.
    """
    known = {column.name: column for column in profile.columns}

    def fit(column: Column) -> Column:
        found = _fitted(column, known.get(column.name), schema)
        if not (column.unique or schema.key == (column.name,)) or domain_of(found, rows, around).size >= rows:
            return found
        onward = replace(found, maximum=column.maximum)
        return onward if domain_of(onward, rows, around).size >= rows else with_kind(column)

    return replace(schema, columns=tuple(map(fit, schema.columns)))


def _fitted(column: Column, real: ColumnProfile | None, schema: TableSchema) -> Column:
    column = with_kind(column)
    if real is None or real.grid is None or not real.grid.quantiles or is_flagged(column, real, schema):
        return column
    first, last = real.grid.quantiles[0], real.grid.quantiles[-1]
    if real.unit is None:
        first, last = _roomy(first, last, [each for each in schema.statistics if each.column == column.name])
    low, high = _bound(first, real.unit), _bound(last, real.unit)
    if column.minimum is None and low is not None:
        column = replace(column, minimum=low)
    if column.maximum is None and high is not None:
        column = replace(column, maximum=high)
    return column


def _roomy(first: float, last: float, asked: Sequence[Statistic]) -> tuple[float, float]:
    """Return the range of real numbers, wide enough to move them to where statistics want them."""
    wanted = [each for each in asked if each.measure in _PLACES]
    lows = [each.minimum for each in wanted if each.minimum is not None and each.minimum > first]
    highs = [each.maximum for each in wanted if each.maximum is not None and each.maximum < last]
    width = last - first
    low = min([first, *(high - width for high in highs)])
    if first >= 0 and min(highs, default=0) >= 0:
        low = max(low, 0.0)
    return low, max([last, *(low + width for low in lows)])


def _bound(at: float, unit: str | None) -> Any:
    if unit is None:
        return at
    if unit == "days":
        return (_EPOCH + dt.timedelta(days=math.floor(at))).isoformat()
    if unit == "microseconds":
        return (dt.datetime.combine(_EPOCH, dt.time()) + dt.timedelta(microseconds=round(at))).isoformat(" ")
    return None


def is_flagged(column: Column, real: ColumnProfile, schema: TableSchema) -> bool:
    """Say whether a column holds personal data, as the profile, the contract or its name tells."""
    return bool(real.private) or (
        column.privacy != "none" and kind_of_column(column.name, schema) is not None
    )


def like(
    profile: Profile, schema: TableSchema, fewest: int = FEWEST
) -> Callable[[Design, frozenset[str], Origins], Origins]:
    """Return what gives columns of a design the distributions of a profile, moved where statistics ask for others.

    Args:
        profile: The profile of real data.
        schema: The contract, whose rules each value keeps.
        fewest: How often a value must come in the real data to come in made ones.
    """

    def give(design: Design, fixed: frozenset[str], asked: Origins) -> Origins:
        known = {column.name: column for column in profile.columns}
        found: dict[str, Origin] = dict(asked.by_name)
        kept: set[str] = set()
        for column in design.schema.columns:
            real = known.get(column.name)
            if real is None or not real.rows:
                continue
            missing = real.missing / real.rows if column.nullable else None
            free = (
                column.name not in fixed
                and not is_flagged(column, real, schema)
                and not design.forced(column)
            )
            take = _like(design, column, real, fewest) if free else None
            rules = [each for each in design.schema.statistics if each.column == column.name]
            gaps = [each for each in rules if each.measure == "missing"]
            if missing is None or not all(is_within(each, missing) for each in gaps):
                missing = asked.by_name.get(column.name, Origin()).missing
            if take is not None and _keeps(take, rules, design):
                kept.add(column.name)
            elif take is not None:
                take = steered(design, column, rules, _numbers(real)) or take
            if take is not None or missing is not None:
                found[column.name] = Origin(take, missing)
        together = Together(design, profile, frozenset(kept))
        return Profiled(design, frozen(found), together.levels, together=together)

    return give


def _keeps(take: Callable[[Whole], pl.Series], rules: Sequence[Statistic], design: Design) -> bool:
    """Say whether values of a distribution, spread evenly, keep statistics that do not depend on how many rows there are."""
    if any(each.measure in _OF_ROWS for each in rules):
        return False
    rules = [each for each in rules if each.measure != "missing"]
    many = min(design.rows, _LOOKED)
    values = take((np.arange(many) + 0.5) / many).to_list() if rules else []
    return all(holds(each, values) for each in rules)


def _numbers(real: ColumnProfile) -> tuple[Whole, Whole] | None:
    """Return the levels and quantiles of a column's numbers, None where it has none."""
    if real.grid is None or len(real.grid.quantiles) < 2:  # noqa: PLR2004 two ends
        return None
    return _grid(real.grid.levels, real.grid.quantiles, real.unit)


def _like(
    design: Design, column: Column, real: ColumnProfile, fewest: int
) -> Callable[[Whole], pl.Series] | None:
    different = 0 if real.distinct is None else min(real.distinct, _MOST_DIFFERENT)
    domain = design.domain(column, different if column.type == "string" else 0)
    if not domain.size:
        return None
    numbers = _numbers(real)
    if domain.place is not None and numbers is not None:
        return by_grid(domain, *numbers)
    return _by_common(column, domain, real, fewest) if real.common else None


def _grid(levels: tuple[float, ...], quantiles: tuple[float, ...], unit: str | None) -> tuple[Whole, Whole]:
    values = np.array(quantiles)
    return np.array(levels), values / 1000 if unit == "nanoseconds" else values


def _by_common(
    column: Column, domain: Domain, real: ColumnProfile, fewest: int
) -> Callable[[Whole], pl.Series] | None:
    """Return a column with the shares of the values that came often; the rest is as usual."""
    bare = replace(column, unique=False)
    often = [each for each in real.common if each.count >= fewest and _is_kept(each.value, bare)]
    if not often:
        return None
    values = pl.Series(
        column.name,
        [each.value for each in often],
        dtype=domain.take(np.zeros(0, dtype=np.int64)).dtype,
        strict=False,
    )
    ends = np.cumsum([each.share for each in often])
    usual = min(domain.usual or domain.size, domain.size)

    def take(levels: Whole) -> pl.Series:
        at = np.searchsorted(ends, levels, side="right")
        common = values.gather(np.minimum(at, len(ends) - 1))
        beyond = at >= len(ends)
        if not beyond.any():
            return common
        if ends[-1] >= 1 - 1e-9 or column.categories:  # what is too rare to be shown is what came often
            rest = ends[-1]
            return values.gather(
                np.minimum(np.searchsorted(ends / rest, levels, side="right"), len(ends) - 1)
            )
        room = (levels - ends[-1]) / (1 - ends[-1])
        others = domain.take(np.clip((room * usual).astype(np.int64), 0, usual - 1))
        return others.cast(common.dtype).zip_with(pl.Series(beyond), common)

    return take


def _is_kept(value: Any, column: Column) -> bool:
    kind = str(column.type)
    if kind in {"date", "timestamp", "time"} or value is None:
        return False
    return keeps(value, column)


@dataclass(frozen=True)
class Together:
    """Which columns of a table go together, and how.

    Attributes:
        design: The design of the table.
        profile: The profile of real data.
        names: Columns whose values follow the profile.
        made: The numbers of a few blocks, which all columns of a block share.
    """

    design: Design
    profile: Profile
    names: frozenset[str]
    made: dict[int, Whole] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are correlated with others."""
        known = self.profile.correlations
        if not known.spearman:
            return ()
        return tuple(name for name in known.columns if name in self.names)

    @cached_property
    def factor(self) -> Whole:
        """The matrix that makes independent normal numbers correlated."""
        known = self.profile.correlations
        at = [known.columns.index(name) for name in self.columns]
        rho = np.array([[known.spearman[row][column] or 0.0 for column in at] for row in at], dtype=float)
        np.fill_diagonal(rho, 1.0)
        values, vectors = np.linalg.eigh(2 * np.sin(np.pi * rho / 6))
        # Coefficients of pairs that were seen in different rows may not go together; the nearest that do.
        root = vectors * np.sqrt(np.clip(values, 1e-9, None))
        found: Whole = root / np.linalg.norm(root, axis=1, keepdims=True)
        return found

    def levels(self, name: str, block: Block) -> Whole | None:
        """Return the levels of a column in some rows, None for one that goes with no other."""
        if name not in self.columns:
            return None
        return np.asarray(np.interp(self._numbers(block)[self.columns.index(name)], *_normal()))

    def _numbers(self, block: Block) -> Whole:
        """Return correlated normal numbers, a row of them for each column; those of a few blocks are kept."""
        known = self.made.get(block.number)
        if known is None:
            shape = len(self.columns), block.rows
            known = self.factor @ self.design.random("together", block.number).standard_normal(shape)
            for old in list(self.made)[:-_KEPT]:
                self.made.pop(old, None)
            self.made[block.number] = known
        return known

    @cached_property
    def dependences(self) -> Mapping[str, Dependence]:
        """Column → how it depends on the category that says most of it, where that says more than numbers do."""
        found: dict[str, Dependence] = {}
        for each in sorted(self.profile.dependences, key=lambda each: each.strength):
            if {each.by, each.of} <= self.names and each.strength >= max(
                _LEAST_STRENGTH, self._explained(each.of)
            ):
                found[each.of] = each
        return found

    def _explained(self, name: str) -> float:
        """Return the largest square of a column's correlations with others."""
        known = self.profile.correlations
        if name not in known.columns:
            return 0.0
        row = known.spearman[known.columns.index(name)]
        others = [
            value
            for other, value in zip(known.columns, row, strict=True)
            if other in self.columns and other != name
        ]
        return max((value**2 for value in others if value is not None), default=0.0)


@lru_cache(maxsize=1)
def _normal() -> tuple[Whole, Whole]:
    """Return numbers and the share of a normal distribution below each."""
    bell = statistics.NormalDist()
    numbers = np.linspace(-6, 6, 4001)
    return numbers, np.array([bell.cdf(number) for number in numbers])


@dataclass(frozen=True)
class Profiled(Origins):
    """Distributions from a profile, of which some depend on a category of the same row."""

    together: Together | None = field(default=None)

    def values(self, name: str, block: Block) -> pl.Series:
        """Return the values of a column in some rows."""
        dependence = None if self.together is None else self.together.dependences.get(name)
        plain = super().values(name, block)
        if dependence is None:
            return plain
        domain = self.design.domain(self.design.schema[name], 0)
        unit = (
            next(column.unit for column in self.together.profile.columns if column.name == name)
            if self.together
            else None
        )
        levels = self.given_levels(name, block)
        category = self.values(dependence.by, block).cast(pl.String)
        if domain.place is None:
            return plain
        numbers = np.full(block.rows, np.nan)
        for group in dependence.groups:
            here = (category == str(group.value)).fill_null(value=False).to_numpy()
            grid = _grid(dependence.levels, group.quantiles, unit)
            numbers[here] = np.interp(levels[here], *grid)
        known = ~np.isnan(numbers)
        by_category = domain.take(domain.place(np.nan_to_num(numbers)))
        return by_category.cast(plain.dtype).zip_with(pl.Series(known), plain).alias(name)
