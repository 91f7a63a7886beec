"""The standard's library of metrics: counts of rows that lack, repeat or fail something."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeproof.model.contract import Measure, Query, Scalar, Statistic
from pipeproof.standards import patterns
from pipeproof.standards.odcs.limits import exact_bounds, exact_limit, has_exact_bounds
from pipeproof.standards.odcs.operators import Bounds
from pipeproof.standards.odcs.slots import IMPLIED, Ruled, Slot
from pipeproof.standards.odcs.sql import literal, quoted, select
from pipeproof.standards.taking import take

if TYPE_CHECKING:
    from pipeproof.standards.odcs.quality import Place

METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
Found = tuple[Slot, Ruled] | None


def read_metric(metric: str, bounds: Bounds, place: Place, *, percent: bool) -> Found:
    """Return the rule that a metric between bounds is.

    Args:
        metric: One of `METRICS`.
        bounds: What it must be.
        place: The quality rule.
        percent: Whether the bounds are percent of the rows, else rows.
    """
    if metric == "rowCount":
        return _rows(bounds, place, percent=percent)
    if metric == "duplicateValues" and not place.column:
        return _repeated_rows(bounds, place, percent=percent)
    if not place.column:
        place.kept(f"{metric} is asked of columns")
        return None
    if metric == "invalidValues":
        return _invalid(bounds, place, percent=percent)
    if metric == "missingValues":
        return _missing(bounds, place, percent=percent)
    kind, measure = {"nullValues": ("nullable", "missing"), "duplicateValues": ("unique", "duplicates")}[
        metric
    ]
    return _of_values(kind, measure, bounds, place, percent=percent)


def _of_values(kind: str, measure: Any, bounds: Bounds, place: Place, *, percent: bool) -> Found:
    """Return nulls or repeats: none at all, a few rows, or a share between bounds."""
    limit = _as_limit(bounds, place, kind, percent=percent)
    if limit is not None:
        return Slot(kind, place.column), limit
    if percent:
        return _share(measure, exact_bounds(place.entry, bounds, power=2), place)
    name = quoted(place.column)
    if kind == "nullable":
        return _counted(f"{name} IS NULL", bounds, place, "nulls", percent=False)
    return _query(f"COUNT({name}) - COUNT(DISTINCT {name})", bounds, place, f"repeats of {place.column}")


def _as_limit(
    bounds: Bounds, place: Place, kind: str, *, percent: bool, shares: bool = False
) -> Ruled | None:
    """Return a rule that at most some rows may break; None for other bounds.

    A share that may break it is one of these only where `shares` says so or a custom property of ours does:
    of nulls and repeats, a share is a statistic.
    """
    if bounds.high is None or (bounds.low or 0) > 0 or has_exact_bounds(place.entry):
        return None
    rows = 0 if percent else max(0, math.floor(bounds.high))
    limit = exact_limit(place, kind, rows)
    if not percent or bounds.high <= 0 or (limit is not None and limit.share):
        return Ruled(True, limit)  # noqa: FBT003 the rule is that it holds
    share = bounds.scaled(-2).high
    return Ruled(True, replace(place.limit, rule=kind, share=share)) if shares and share else None  # noqa: FBT003 the same


def _share(measure: Measure, bounds: Bounds, place: Place) -> Found:
    statistic = Statistic(place.column, measure, bounds.low, bounds.high)
    return Slot("statistic", place.column, measure), Ruled(statistic, exact_limit(place, statistic.name))


def _invalid(bounds: Bounds, place: Place, *, percent: bool) -> Found:
    values, pattern = _argument(place, "validValues", list), _argument(place, "pattern", str)
    if values is None and pattern is None:
        if bounds.high == 0:
            return IMPLIED, Ruled()
        place.kept("counts values that break any rule of the column, not one of them")
        return None
    whole = None if pattern is None else patterns.whole(pattern)
    if pattern is not None and whole is None:
        place.kept(f"{pattern!r} cannot be matched in bounded time by our engine")
        return None
    valid = None if values is None else tuple(value for value in values if value is not None)
    kind = "categories" if whole is None else "pattern"
    limit = _as_limit(bounds, place, kind, percent=percent, shares=True)
    if limit is not None and (valid is None) != (whole is None):
        slot = Slot(kind, place.column)
        rule: Any = valid if whole is None else whole
        if place.taken.get(slot, Ruled(rule)).rule == rule and rule not in {(), None}:
            return slot, Ruled(rule, limit.limit)
    tests = [] if valid is None else [f"{quoted(place.column)} NOT IN ({_listed(valid)})"]
    tests += [] if whole is None else [f"NOT regexp_full_match({quoted(place.column)}, {literal(whole)})"]
    return _counted(" OR ".join(tests), bounds, place, "invalid values", percent=percent)


def _missing(bounds: Bounds, place: Place, *, percent: bool) -> Found:
    values = _argument(place, "missingValues", list)
    if values is None or all(value is None for value in values):
        return _of_values("nullable", "missing", bounds, place, percent=percent)
    name, texts = quoted(place.column), tuple(value for value in values if value is not None)
    nulls = [f"{name} IS NULL"] if None in values else []
    test = " OR ".join([*nulls, f"CAST({name} AS VARCHAR) IN ({_listed(tuple(map(str, texts)))})"])
    return _counted(test, bounds, place, "missing values", percent=percent)


def _repeated_rows(bounds: Bounds, place: Place, *, percent: bool) -> Found:
    given = _argument(place, "properties", list)
    if given is not None and not all(str(name) in place.columns for name in given):
        place.notes.wrong((*place.path, "arguments", "properties"), "a property is named that there is none")
        return None
    names = tuple(place.columns[str(name)] for name in given or ())
    if given and bounds.high == 0 and place.limit.severity == "error":
        key = place.taken.get(Slot("key"))
        if key is None:
            return Slot("key"), Ruled(names)
        if set(key.rule) == set(names):
            return IMPLIED, Ruled()
    listed = ", ".join(map(quoted, names)) or "*"
    different = select(f"DISTINCT {listed}")
    count = f"COUNT(*) - (SELECT COUNT(*) FROM ({different}))"  # noqa: S608 the names in it are quoted
    return _query(f"100.0 * ({count}) / COUNT(*)" if percent else count, bounds, place, "repeated rows")


def _rows(bounds: Bounds, place: Place, *, percent: bool) -> Found:
    if percent:
        place.kept("rows have no share of themselves")
        return None
    if place.limit.severity != "error":
        return _query("COUNT(*)", bounds, place, "rows")
    before = place.taken.get(Slot("rows"), Ruled((0, None))).rule
    both = bounds.narrowed(before[0], before[1])
    low = max(0, math.ceil(both.low or 0))
    return Slot("rows"), Ruled((low, None if both.high is None else math.floor(both.high)))


def _counted(test: str, bounds: Bounds, place: Place, what: str, *, percent: bool) -> Found:
    case = f"CASE WHEN {test} THEN 1 ELSE 0 END"
    count = f"100.0 * AVG({case})" if percent else f"COALESCE(SUM({case}), 0)"
    return _query(count, bounds, place, f"{what} of {place.column}")


def _query(measured: str, bounds: Bounds, place: Place, otherwise: str) -> Found:
    name = place.name(otherwise)
    return Slot("query", name), Ruled(
        Query(name, select(measured), bounds.low, bounds.high), exact_limit(place, name)
    )


def _argument(place: Place, name: str, kind: type) -> Any:
    """Return an argument; examples of version 3.0 have them beside the rule."""
    arguments = take(place.entry, "arguments", dict, place.path, place.notes) or {}
    if name in arguments:
        return take(arguments, name, kind, (*place.path, "arguments"), place.notes)
    return take(place.entry, name, kind, place.path, place.notes)


def _listed(values: tuple[Scalar, ...]) -> str:
    return ", ".join(map(literal, values)) or "NULL"
