"""Columns whose values follow a given distribution: what statistics ask for, or what a profile of real data tells."""

from __future__ import annotations

import statistics as normal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from pipeproof.data.synth.design import Design
from pipeproof.data.synth.domain import Domain
from pipeproof.data.synth.gaps import MISSING
from pipeproof.data.synth.seeds import Block, Whole, permutation
from pipeproof.model.contract import Column, Statistic, frozen

_POINTS = 1025  # of a curve that is bent until its mean is right
_STEPS = 60
_MARGIN = 0.1  # of the room between bounds, so that rounding does not break them
_RARE = 0.01  # of the values may be cut off at an end, when all are moved
_SKEWED = (
    1 / 3
)  # as near to one end as this part of the way to the other, a middle is of a skewed distribution
_SIGMA = 0.6  # of a log-normal distribution as amounts of money have it


@dataclass(frozen=True, slots=True)
class Origin:
    """Where values of a column come from.

    Attributes:
        take: Levels from 0 to 1 → values; equal steps of levels give equal shares of the values.
        missing: Share of missing values; exact, not by chance. None for the usual one.
    """

    take: Callable[[Whole], pl.Series] | None = None
    missing: float | None = None


@dataclass(frozen=True)
class Origins:
    """The columns of a table whose values follow given distributions.

    Attributes:
        design: The design of the table.
        by_name: Column → origin.
        levels: Column, block → levels of its rows; those of columns without are spread evenly in no order.
    """

    design: Design
    by_name: Mapping[str, Origin] = field(default_factory=frozen)
    levels: Callable[[str, Block], Whole | None] = lambda _name, _block: None

    @property
    def names(self) -> frozenset[str]:
        """The columns whose values are given."""
        return frozenset(name for name, origin in self.by_name.items() if origin.take is not None)

    def values(self, name: str, block: Block) -> pl.Series:
        """Return the values of a column in some rows."""
        take = self.by_name[name].take
        if take is None:
            raise KeyError(name)
        return take(self.given_levels(name, block)).alias(name)

    def given_levels(self, name: str, block: Block) -> Whole:
        """Return the levels of a column in some rows."""
        levels = self.levels(name, block)
        if levels is None:
            missing = self._missing(name)
            there = max(1, self.design.rows - missing)
            levels = (np.maximum(self._ranks(name, block) - missing, 0) + 0.5) / there
        return levels

    def gaps(self, name: str, block: Block) -> Whole | None:
        """Return which rows miss a value, where the share of such is given; else None."""
        origin = self.by_name.get(name)
        if origin is None or (origin.missing is None and origin.take is None) or not block.rows:
            return None
        column = self.design.schema[name]
        if column.name in self.design.schema.key or self.design.case.scenario == "edge":
            return None
        return self._ranks(name, block) < self._missing(name)

    def _missing(self, name: str) -> int:
        """Return how many rows miss a value."""
        share = self.by_name[name].missing
        usual = MISSING if self.design.schema[name].nullable else 0.0
        return round(self.design.rows * (usual if share is None else share))

    def _ranks(self, name: str, block: Block) -> Whole:
        return permutation(self.design.rows, self.design.seed, self.design.name, name, "rank")(block.at)


def origins_of(design: Design, fixed: frozenset[str]) -> Origins:
    """Return the columns whose values must follow what statistics of the contract ask for."""
    found: dict[str, Origin] = {}
    for column in design.schema.columns:
        asked = [each for each in design.schema.statistics if each.column == column.name]
        if not asked or not design.rows:
            continue
        missing = _missing_share(column, asked)
        take = None if column.name in fixed or design.forced(column) else steered(design, column, asked)
        if take is not None or missing is not None:
            found[column.name] = Origin(take, missing)
    return Origins(design, frozen(found))


def _missing_share(column: Column, asked: Sequence[Statistic]) -> float | None:
    bounds = [
        (each.minimum or 0.0, 1.0 if each.maximum is None else each.maximum)
        for each in asked
        if each.measure == "missing"
    ]
    if not bounds or not column.nullable:
        return None
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    return MISSING if low < MISSING < high else (low + high) / 2


def steered(
    design: Design,
    column: Column,
    asked: Sequence[Statistic],
    real: tuple[Whole, Whole] | None = None,
) -> Callable[[Whole], pl.Series] | None:
    """Return a column that keeps statistics, None where there is nothing to steer.

    Args:
        design: The design of the table.
        column: The column.
        asked: What is asked of it.
        real: Levels and the quantiles of real numbers there, which are moved no further than need be.
    """
    measures = {each.measure for each in asked}
    domain = design.domain(column, 0)
    if not domain.size:
        return None
    if "share" in measures:
        return by_shares(
            column, domain, {each.of: _middle(each) for each in asked if each.measure == "share"}
        )
    if measures & {"distinct", "duplicates"} and not measures & _NUMBERS:
        return _by_count(design, column, asked)
    if measures & _NUMBERS and domain.place is not None:
        return _by_curve(design, column, domain, asked, real)
    return None


_NUMBERS = frozenset({"minimum", "maximum", "mean", "median", "std", "sum", "quantile"})


def _middle(asked: Statistic) -> float:
    """Return a value between the bounds of a statistic."""
    low, high = asked.minimum, asked.maximum
    if low is None or high is None:
        return high if low is None else low  # type: ignore[return-value]  # one of them is there
    return (low + high) / 2


def by_shares(column: Column, domain: Domain, shares: Mapping[Any, float]) -> Callable[[Whole], pl.Series]:
    """Return a column of few values, some of which have given shares; the others share the rest as they usually do."""
    usual = min(domain.usual or domain.size, domain.size)
    values = domain.take(np.arange(usual))
    named = {str(item): share for item, share in shares.items()}
    texts = [str(item) for item in values.to_list()]
    missing = [item for item in shares if str(item) not in texts]
    if missing and not column.categories:
        values = values.extend(pl.Series(values.name, missing, dtype=values.dtype, strict=False))
        texts += [str(item) for item in missing]
    rest = max(0.0, 1 - sum(named.get(text, 0.0) for text in texts))
    free = np.array([0.0 if text in named else 1 / np.sqrt(at + 1) for at, text in enumerate(texts)])
    weights = free / free.sum() * rest if free.sum() else free
    ends = np.cumsum([named.get(text, weight) for text, weight in zip(texts, weights, strict=True)])
    ends /= ends[-1]
    return lambda levels: values.gather(
        np.minimum(np.searchsorted(ends, levels, side="right"), len(ends) - 1)
    )


def _by_count(design: Design, column: Column, asked: Sequence[Statistic]) -> Callable[[Whole], pl.Series]:
    """Return a column with so many different values as statistics ask for."""
    share = next(
        _middle(each) if each.measure == "distinct" else 1 - _middle(each)
        for each in asked
        if each.measure in {"distinct", "duplicates"}
    )
    rows = max(
        1, round(design.rows * (1 - (_missing_share(column, asked) or (MISSING if column.nullable else 0))))
    )
    count = max(1, round(rows * share))
    domain = design.domain(column, count)
    count = min(count, domain.size)
    order = permutation(domain.size, design.seed, design.name, column.name)
    return lambda levels: domain.take(order(np.minimum((levels * count).astype(np.int64), count - 1)))


def _by_curve(
    design: Design,
    column: Column,
    domain: Domain,
    asked: Sequence[Statistic],
    real: tuple[Whole, Whole] | None = None,
) -> Callable[[Whole], pl.Series]:
    """Return a column of numbers, dates or times with the quantiles, mean and spread that are asked for.

    It is the real distribution, or a plausible one, moved no further than that needs: scaled as a whole first,
    then stretched between the quantiles that are asked for, and bent there where the mean is not yet right.
    """
    low, high = domain.ends
    wanted = _wanted(design, column, asked)
    knots: dict[float, _Bounds | None] = {0.0: None, 1.0: None}
    knots |= {level: bounds for level, bounds in wanted.items() if isinstance(level, float)}
    levels = np.union1d(np.linspace(0, 1, _POINTS), [*knots, *(() if real is None else real[0])])
    curve = _plausible(levels, low, high, wanted) if real is None else np.interp(levels, *real)
    curve = _scaled(levels, np.clip(curve, low, high), low, high, wanted)
    if "std" in wanted:
        spread = _inside(float(curve.std()), wanted["std"])
        curve = _spread(curve, low, high, _inside(_mean(curve, levels), wanted.get("mean")), spread)
    curve = _stretched(levels, curve, knots, wanted.get("mean"))
    return by_grid(domain, levels, np.clip(curve, low, high))


_Bounds = tuple[float, float]


def _wanted(design: Design, column: Column, asked: Sequence[Statistic]) -> Mapping[float | str, _Bounds]:
    """Return the bounds of the mean, of the standard deviation, and of quantiles by their levels."""
    usual = MISSING if column.nullable else 0.0
    share = _missing_share(column, asked)
    there = max(1, design.rows - round(design.rows * (usual if share is None else share)))
    levels: Mapping[str, float | str] = {"minimum": 0.0, "maximum": 1.0, "median": 0.5, "sum": "mean"}
    found: dict[float | str, _Bounds] = {}
    for each in asked:
        if each.measure in _NUMBERS:
            of = float(each.of or 0) if each.measure == "quantile" else levels.get(each.measure, each.measure)
            low, high = found.get(of, (-np.inf, np.inf))
            unit = there if each.measure == "sum" else 1
            low = low if each.minimum is None else max(low, each.minimum / unit)
            high = high if each.maximum is None else min(high, each.maximum / unit)
            found[of] = low, high
    return found


def _inside(found: float, bounds: _Bounds | None) -> float:
    """Return a number, moved well between its bounds where it is not."""
    if bounds is None:
        return found
    low, high = bounds
    room = _MARGIN * (high - low if np.isfinite(high - low) else _MARGIN * min(abs(low), abs(high)))
    return float(np.clip(found, low + room, max(low + room, high - room)))


def _mean(curve: Whole, levels: Whole) -> float:
    return float(np.trapezoid(curve, levels))


def _plausible(levels: Whole, low: float, high: float, wanted: Mapping[float | str, _Bounds]) -> Whole:
    """Return quantiles of a flat distribution where its middle is right; else of a bell, or a skewed one near an end."""
    middle = (low + high) / 2
    named = "mean" if "mean" in wanted else 0.5
    centre = _inside(middle, wanted.get(named))
    if centre == middle and "std" not in wanted:
        return low + (high - low) * levels
    bell = normal.NormalDist()
    least = 1 / (2 * len(levels))
    scores = np.array([bell.inv_cdf(min(max(level, least), 1 - least)) for level in levels])
    near, far = centre - low, high - centre
    if min(near, far) <= 0:
        return low + (high - low) * levels
    if near < far * _SKEWED:
        return low + near * np.exp(_SIGMA * scores)
    if far < near * _SKEWED:
        return high - far * np.exp(-_SIGMA * scores)
    return centre + min(near, far) / 3 * scores


def _scaled(
    levels: Whole, curve: Whole, low: float, high: float, wanted: Mapping[float | str, _Bounds]
) -> Whole:
    """Return a curve whose mean, else its median, is moved between its bounds: times a number, plus one, or nearer to an end."""
    by_mean = "mean" in wanted
    found = _mean(curve, levels) if by_mean else float(np.interp(0.5, levels, curve))
    target = min(max(_inside(found, wanted.get("mean" if by_mean else 0.5)), low), high)
    if target == found:
        return curve
    ways = [curve + (target - found)]
    if low >= 0 and curve[0] > 0:
        ways.insert(0, curve * (target / found))
    for moved in ways:
        outside = float(np.interp(low, moved, levels)) + 1 - float(np.interp(high, moved, levels))
        if outside <= _RARE:
            clipped: Whole = np.clip(moved, low, high)
            return clipped
    end = high if target > found else low
    return end + (curve - end) * ((target - end) / (found - end))


def by_grid(domain: Domain, levels: Whole, values: Whole) -> Callable[[Whole], pl.Series]:
    """Return a column whose quantiles are given at some levels, and straight between them."""
    place = domain.place
    if place is None:
        raise TypeError("the values of the domain are no numbers")
    return lambda at: domain.take(place(np.interp(at, levels, values)))


def _stretched(
    levels: Whole, curve: Whole, knots: Mapping[float, _Bounds | None], mean: _Bounds | None
) -> Whole:
    """Return a curve whose knots are moved between their bounds, and bent between them until its mean is right."""
    ends = sorted(knots)
    before = np.interp(ends, levels, curve)
    after = np.array([_inside(at, knots[end]) for at, end in zip(before, ends, strict=True)])
    after[0], after[-1] = min(after[0], after.min()), max(after[-1], after.max())
    after = np.maximum.accumulate(after)
    segment = np.clip(np.searchsorted(ends, levels, side="right") - 1, 0, len(ends) - 2)
    width = (before[1:] - before[:-1])[segment]
    even = (levels - np.array(ends)[segment]) / np.diff(ends)[segment]
    within = np.where(width > 0, (curve - before[segment]) / np.where(width > 0, width, 1), even)
    within = np.clip(within, 0, 1)

    def bent(bend: float) -> Whole:
        found: Whole = after[segment] + np.diff(after)[segment] * within**bend
        return found

    plain = bent(1.0)
    target = _inside(_mean(plain, levels), mean)
    if target == _mean(plain, levels):
        return plain
    flat, steep = -8.0, 8.0  # powers of two
    for _ in range(_STEPS):
        middle = (flat + steep) / 2
        if _mean(bent(2.0**middle), levels) > target:
            flat = middle
        else:
            steep = middle
    return bent(2.0 ** ((flat + steep) / 2))


def _spread(curve: Whole, low: float, high: float, mean: float, spread: float) -> Whole:
    """Return a curve cut off at the ends, moved and widened until mean and spread are right."""
    if not curve.std():
        return curve
    scores = (curve - curve.mean()) / float(curve.std())
    at, width = mean, spread
    found: Whole = scores
    for _ in range(_STEPS):
        found = np.clip(at + width * scores, low, high)
        at += mean - float(found.mean())
        width *= spread / max(float(found.std()), 1e-300)
    return found
