"""Whether numbers measured over a producer's tables lie where a consumer wants them.

What a measure may be follows from what it is (a share is from 0 to 1), from the rules of its column
(a mean lies between the bounds), and from what the producer says of the same measure. Where that is
not enough, a small table is looked for that the one allows and the other refuses.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeproof.contracts.constraints import NUMERIC, Value, as_float, is_missing, keeps, logical, typed
from pipeproof.contracts.counter import samples
from pipeproof.contracts.implied import bounded
from pipeproof.contracts.limits import is_lenient, severity_of
from pipeproof.contracts.making import differing, row_of
from pipeproof.contracts.proof import Sides, Table, shown, why_not, without_mentioned
from pipeproof.contracts.sql_text import same_sql
from pipeproof.contracts.statistics import SHARES, bounds_say
from pipeproof.contracts.verdict import Doubt, Misfit
from pipeproof.model.contract import Column, Query, Statistic

_BETWEEN_BOUNDS = frozenset({"minimum", "maximum", "mean", "median", "quantile"})
_MOST_ROWS = 4

Span = tuple[float, float]


def statistics(sides: Sides) -> Iterator[Misfit | Doubt]:
    """Yield the statistics of the reader that the writer does not keep, or of which that cannot be told."""
    for rule in sides.read.statistics:
        if rule.column not in sides.written.names:
            continue
        low, high = _span(rule, sides)
        if (rule.minimum is None or low >= rule.minimum) and (rule.maximum is None or high <= rule.maximum):
            continue
        yield _shown(rule, sides)


def queries(sides: Sides) -> Iterator[Doubt]:
    """Yield the queries of the reader that the writer does not promise."""
    for asked in sides.read.queries:
        if not any(_promises(given, asked) for given in sides.written.queries):
            why = "a query is compared by its text only, and by its bounds where that is the same"
            yield Doubt("", f"whether {asked.name!r} lies between its bounds", why, asked.name)


def _promises(given: Query, asked: Query) -> bool:
    low = asked.minimum is None or (given.minimum is not None and given.minimum >= asked.minimum)
    high = asked.maximum is None or (given.maximum is not None and given.maximum <= asked.maximum)
    return low and high and same_sql(given.sql, asked.sql)


def _span(rule: Statistic, sides: Sides) -> Span:
    """Return between which numbers a measure lies in all tables of the writer."""
    column = sides.written[rule.column]
    low, high = _natural(rule, column)
    for given in sides.written.statistics:
        if (given.column, given.measure, given.of, given.against) == (
            rule.column,
            rule.measure,
            rule.of,
            rule.against,
        ):
            low = low if given.minimum is None else max(low, given.minimum)
            high = high if given.maximum is None else min(high, given.maximum)
    return low, high


def _natural(rule: Statistic, column: Column) -> Span:
    lenient = {limit.rule for limit in column.limits if is_lenient(limit)}
    if rule.measure in SHARES:
        return _share(rule, column, lenient)
    if rule.measure in {"std", "age", "distance"}:
        return 0.0, math.inf
    if rule.measure in _BETWEEN_BOUNDS and not lenient:
        return _bounds(column)
    return -math.inf, math.inf


def _share(rule: Statistic, column: Column, lenient: set[str]) -> Span:
    if rule.measure == "missing" and not column.nullable and column.required and "nullable" not in lenient:
        return 0.0, 0.0
    if column.unique and "unique" not in lenient and rule.measure in {"distinct", "duplicates"}:
        return (1.0, 1.0) if rule.measure == "distinct" else (0.0, 0.0)
    if rule.measure == "share" and not lenient and column.type is not None and not _allows(rule.of, column):
        return 0.0, 0.0
    return 0.0, 1.0


def _allows(item: Value, column: Column) -> bool:
    kinds = NUMERIC if column.type in NUMERIC else {str(column.type)}
    for kind in kinds:
        try:
            if keeps(typed(item, kind), replace(column, type=None)):
                return True
        except ValueError:
            continue
    return False


def _bounds(column: Column) -> Span:
    low, high = -math.inf, math.inf
    if column.type not in NUMERIC:
        return low, high
    numbers = [
        as_float(item) for item in column.categories if isinstance(item, int | float) and not is_missing(item)
    ]
    if numbers:
        low, high = min(numbers), max(numbers)
    if isinstance(column.minimum, int | float):
        low = max(low, as_float(column.minimum))
    if isinstance(column.maximum, int | float):
        high = min(high, as_float(column.maximum))
    return low, high


def _shown(rule: Statistic, sides: Sides) -> Misfit | Doubt:
    plain = Column(
        rule.column,
        nullable=True,
        required=False,
        limits=sides.read[rule.column].limits if rule.column in sides.read.names else (),
    )
    only = replace(
        sides.read,
        columns=(plain,),
        statistics=(rule,),
        key=(),
        comparisons=(),
        conditions=(),
        queries=(),
        extra_columns="allow",
        max_rows=None,
    )
    alone = Sides(sides.written, only)
    what = f"column {rule.column!r}: {bounds_say(rule)} where it is read, which is not promised where it is written"
    if rule.measure not in {"age", "distance"}:
        for table in _tables(rule, sides):
            if alone.is_shown(table, rule.column):
                fix = "promise it where it is written, or do not ask for it"
                severity = severity_of(rule.column, rule.name, sides.read)
                misfit = Misfit(rule.column, what, fix=fix, rule=rule.name, severity=severity)
                return shown(misfit, table, (rule.column, *sides.read.names))
    why = "it needs a clock" if rule.measure == "age" else why_not(rule.column, sides.written)
    why = "it is measured against a stored profile" if rule.measure == "distance" else why
    return Doubt(
        rule.column, f"whether {rule.name} of column {rule.column!r} lies between its bounds", why, rule.name
    )


def _tables(rule: Statistic, sides: Sides) -> Iterator[Table]:
    """Yield small tables of the writer whose measures differ, the smallest first."""
    written = sides.written
    made = (
        row_of(written, {rule.column: value}, sides.read) for value in _values(rule, written[rule.column])
    )
    rows = [row for row in (without_mentioned(row, written) for row in made if row) if rule.column in row]
    most = _MOST_ROWS if written.max_rows is None else min(_MOST_ROWS, written.max_rows)
    for size in range(1, most + 1):
        for chosen in itertools.combinations_with_replacement(rows, size):
            yield differing(written, chosen, besides=rule.column)


def _far_from(found: Iterable[Value], deviation: float, column: Column) -> list[Value]:
    """Return values of a column whose deviation from one that was found is larger, where it allows such."""
    first = next((as_float(value) for value in found if isinstance(value, int | float)), 0.0)
    away = 2 * deviation  # the deviation of two values is their distance by the root of two
    return samples(bounded(column, ">=", first + away), 1) + samples(bounded(column, "<=", first - away), 1)


def _values(rule: Statistic, column: Column) -> Iterable[Value]:
    """Return values of a column on both sides of the bounds, where it allows such."""
    found: list[Value] = []
    for bound in (rule.minimum, rule.maximum):
        if bound is not None and column.type in NUMERIC and rule.measure not in SHARES:
            found += samples(bounded(column, "<", bound), 1) + samples(bounded(column, ">", bound), 1)
    found += samples(column, 2)
    if rule.measure == "std":
        found += _far_from(
            found, max(abs(bound) for bound in (rule.minimum, rule.maximum, 1) if bound), column
        )
    found += [rule.of] if rule.measure == "share" else []
    found += [None] if column.nullable else []
    different: list[Value] = []
    for value in found:
        if not any(
            value is other or (value == other and logical(value) == logical(other)) for other in different
        ):
            different.append(value)
    return different
