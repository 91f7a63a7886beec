"""Numbers measured over the values of a column, by their definitions: the reference for faster ones.

A value is missing when it is null or not a number. With `n` rows, and values those that are not missing:

- `missing`: missing values / n
- `distinct`: different values / values; `duplicates`: values that came before / values, so that both add up to 1
- `share`: values equal to `of` / values
- `minimum`, `maximum`, `mean`, `sum`: of the values
- `std`: the sample standard deviation, divided by values - 1, as databases and data frames have it
- `quantile`: between its two neighbours by straight interpolation at position level x (values - 1) of the
  sorted values (definition 7 of R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", The American
  Statistician 50, 1996); `median` is the quantile of 0.5

Where there is nothing to measure (no rows for `missing`, no values for the others, one value for `std`,
values that are no numbers), there is no number, and a rule about it is kept; that there are rows is for
`min_rows` to say. `age` and `distance` need a clock and a profile and are not measured here.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from pipeproof.contracts.constraints import NUMERIC, Value, as_float, is_missing, logical, typed
from pipeproof.model.contract import Measure, Query, Scalar, Statistic

SHARES = frozenset({"missing", "distinct", "duplicates", "share"})
NUMERIC_MEASURES = frozenset({"minimum", "maximum", "mean", "median", "std", "sum", "quantile"})


def measure(values: Sequence[Value], what: Measure, of: Scalar = None) -> float | None:
    """Return a number measured over values, None when there is nothing to measure.

    Args:
        values: The values of all rows.
        what: The measure; not `age` or `distance`.
        of: The level of a quantile, the value of a share.
    """
    there = [value for value in values if not is_missing(value)]
    if what == "missing":
        return _share(len(values) - len(there), len(values))
    if what == "share":
        return _share(sum(_is(value, of) for value in there), len(there))
    if what in {"distinct", "duplicates"}:
        different = len({_key(value) for value in there})
        return _share(different if what == "distinct" else len(there) - different, len(there))
    return _of_numbers(there, what, 0.5 if what == "median" else of)


def holds(rule: Statistic, values: Sequence[Value]) -> bool:
    """Return whether the values of a column keep a statistic; what is not measured here is kept."""
    if rule.measure in {"age", "distance"}:
        return True
    found = measure(values, rule.measure, rule.of)
    return found is None or is_within(rule, found)


def is_within(rule: Statistic | Query, found: float) -> bool:
    """Return whether a number that was measured lies between the bounds."""
    return (rule.minimum is None or found >= rule.minimum) and (rule.maximum is None or found <= rule.maximum)


def bounds_say(rule: Statistic | Query) -> str:
    """Return a statistic or a query as people read it, such as `mean is from 0 to 12`."""
    return f"{rule.name} is {range_says(rule)}"


def range_says(rule: Statistic | Query) -> str:
    """Return the bounds of a number as people read them, such as `from 0 to 12`, `at most 3 d`."""
    low, high = (None if one is None else number_says(rule, one) for one in (rule.minimum, rule.maximum))
    if low is not None and high is not None:
        return f"from {low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}"


def number_says(rule: Statistic | Query, number: float) -> str:
    """Return a number that a rule is about as people read it: an age in days, hours or minutes."""
    is_age = isinstance(rule, Statistic) and rule.measure == "age"
    return age_says(number) if is_age else f"{number:.6g}"


def age_says(seconds: float) -> str:
    """Return an age in its largest unit: 3 d, 20.7 d, 1.5 h, 40 s."""
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    unit, size = next((one for one in units if abs(seconds) >= one[1]), units[-1])
    return f"{seconds / size:,.1f}".removesuffix(".0") + f" {unit}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _is(value: Value, of: Scalar) -> bool:
    try:
        return bool(typed(of, logical(value)) == value)
    except ValueError:
        return False


def _key(value: Any) -> Any:
    # True is 1 to Python and another value in a table.
    return (logical(value) == "boolean", repr(value) if isinstance(value, list | tuple | dict) else value)


def _of_numbers(values: Sequence[Any], what: str, level: Scalar) -> float | None:
    if not values or any(logical(value) not in NUMERIC for value in values):
        return None
    numbers = sorted(map(as_float, values))
    return _number(numbers, what, level)


def _number(numbers: Sequence[float], what: str, level: Scalar) -> float | None:
    if what == "minimum":
        return numbers[0]
    if what == "maximum":
        return numbers[-1]
    if what in {"quantile", "median"}:
        return quantile(numbers, float(level or 0))
    if not all(map(math.isfinite, numbers)):
        return sum(numbers) if what in {"sum", "mean"} else math.nan  # which lies between no bounds
    if what == "sum":
        return math.fsum(numbers)
    if what == "mean":
        return statistics.fmean(numbers)
    return statistics.stdev(numbers) if len(numbers) > 1 else None


def quantile(numbers: Sequence[float], level: float) -> float:
    """Return a quantile of sorted numbers, interpolated between its neighbours.

    Args:
        numbers: At least one number, sorted.
        level: From 0 to 1.
    """
    position = level * (len(numbers) - 1)
    low, high = numbers[math.floor(position)], numbers[math.ceil(position)]
    return low if low == high else low + (high - low) * (position - math.floor(position))
