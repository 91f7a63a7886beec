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
        take = None if column.name in fixed or design.forced(column) else _steered(design, column, asked)
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


def _steered(
    design: Design, column: Column, asked: Sequence[Statistic]
) -> Callable[[Whole], pl.Series] | None:
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
        return _by_curve(design, column, domain, asked)
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
    design: Design, column: Column, domain: Domain, asked: Sequence[Statistic]
) -> Callable[[Whole], pl.Series]:
    """Return a column of numbers, dates or times whose quantiles, mean and spread are those asked for."""
    low, high = domain.ends
    low = max(
        [low, *(each.minimum for each in asked if each.measure == "minimum" and each.minimum is not None)]
    )
    high = min(
        [high, *(each.maximum for each in asked if each.measure == "maximum" and each.maximum is not None)]
    )
    knots = {0.0: low, 1.0: high}
    for each in asked:
        if each.measure in {"quantile", "median"}:
            level = 0.5 if each.measure == "median" else float(each.of or 0)
            knots[level] = _middle(each)
        if each.measure == "minimum" and each.maximum is not None:
            knots[0.0] = min(max(low, each.minimum or low), each.maximum)
        if each.measure == "maximum" and each.minimum is not None:
            knots[1.0] = max(min(high, high if each.maximum is None else each.maximum), each.minimum)
    mean = _wanted_mean(design, column, asked)
    spread = next((_middle(each) for each in asked if each.measure == "std"), None)
    plain = len(knots) == 2  # noqa: PLR2004 its two ends
    bell = spread is not None and plain
    grid = _bell(knots[0.0], knots[1.0], mean, spread or 0.0) if bell else _bent(knots, mean)
    return by_grid(domain, np.linspace(0, 1, len(grid)), grid)


def by_grid(domain: Domain, levels: Whole, values: Whole) -> Callable[[Whole], pl.Series]:
    """Return a column whose quantiles are given at some levels, and straight between them."""
    place = domain.place
    if place is None:
        raise TypeError("the values of the domain are no numbers")
    return lambda at: domain.take(place(np.interp(at, levels, values)))


def _wanted_mean(design: Design, column: Column, asked: Sequence[Statistic]) -> float | None:
    mean = next((_middle(each) for each in asked if each.measure == "mean"), None)
    total = next((_middle(each) for each in asked if each.measure == "sum"), None)
    if mean is None and total is not None:
        usual = MISSING if column.nullable else 0.0
        share = _missing_share(column, asked)
        rows = design.rows - round(design.rows * (usual if share is None else share))
        mean = total / max(1, rows)
    return mean


def _bent(knots: Mapping[float, float], mean: float | None) -> Whole:
    """Return a curve through knots, bent between them until its mean is right, as far as it can be."""
    levels = np.linspace(0, 1, _POINTS)
    ends = sorted(knots)
    segment = np.clip(np.searchsorted(ends, levels, side="right") - 1, 0, len(ends) - 2)
    first, last = np.array(ends)[segment], np.array(ends)[segment + 1]
    within = (levels - first) / (last - first)
    low = np.array([knots[end] for end in ends])[segment]
    high = np.array([knots[end] for end in ends])[segment + 1]

    def curve(bend: float) -> Whole:
        found: Whole = low + (high - low) * within**bend
        return found

    if mean is None:
        return curve(1.0)
    flat, steep = -8.0, 8.0  # powers of two
    for _ in range(_STEPS):
        middle = (flat + steep) / 2
        if float(np.trapezoid(curve(2.0**middle), levels)) > mean:
            flat = middle
        else:
            steep = middle
    return curve(2.0 ** ((flat + steep) / 2))


def _bell(low: float, high: float, mean: float | None, spread: float) -> Whole:
    """Return quantiles of a normal distribution, cut off at the ends, moved until mean and spread are right."""
    centre = (low + high) / 2 if mean is None else mean
    bell = normal.NormalDist()
    levels = (np.arange(_POINTS) + 0.5) / _POINTS
    scores = np.array([bell.inv_cdf(level) for level in levels])
    at, width = centre, spread
    found = scores
    for _ in range(_STEPS):
        found = np.clip(at + width * scores, low, high)
        at += centre - float(found.mean())
        width *= spread / max(float(found.std()), 1e-300)
    return found
