"""What is measured over the values of a column: the definitions, and that Polars agrees."""

import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.contracts.statistics import bounds_say, holds, measure
from pipeproof.model.contract import Statistic

numbers = st.lists(st.none() | st.integers(-100, 100).map(lambda number: number / 4), max_size=8)


@given(numbers)
@pytest.mark.parametrize("what", ["mean", "median", "std", "sum", "minimum", "maximum"])
def test_measures_agree_with_polars_wherever_there_is_something_to_measure(what, values):
    there = pl.Series([value for value in values if value is not None], dtype=pl.Float64)
    name = {"minimum": "min", "maximum": "max"}.get(what, what)
    expected = getattr(there, name)() if len(there) else None
    assert measure(values, what) == pytest.approx(expected)


@given(numbers, st.sampled_from([0, 0.1, 0.25, 0.9, 1]))
def test_quantiles_agree_with_polars(values, level):
    expected = pl.Series(values, dtype=pl.Float64).quantile(level, interpolation="linear")
    assert measure(values, "quantile", level) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "what", "of", "expected"),
    [
        ([1, None, float("nan"), 2], "missing", None, 0.5),
        ([], "missing", None, None),
        (["a", "a", "b", None], "distinct", None, 2 / 3),
        (["a", "a", "b", None], "duplicates", None, 1 / 3),
        ([True, 1], "duplicates", None, 0),
        ([[1], [1]], "duplicates", None, 0.5),
        (["EWR", "JFK", None], "share", "EWR", 0.5),
        ([1, 1.0, 2], "share", 1, 2 / 3),
        ([True], "share", 1, 0),
        ([None], "share", 1, None),
        (["a"], "mean", None, None),
        ([1], "std", None, None),
        ([Decimal("0.1"), Decimal("0.2")], "sum", None, pytest.approx(0.3)),
        ([math.inf, 1], "mean", None, math.inf),
        ([math.inf, -math.inf], "mean", None, pytest.approx(math.nan, nan_ok=True)),
        ([math.inf, 1], "std", None, pytest.approx(math.nan, nan_ok=True)),
        ([10**400], "maximum", None, math.inf),
    ],
)
def test_a_measure_has_one_definition(values, what, of, expected):
    assert measure(values, what, of) == expected


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Statistic("x", "mean", 1, 2), True),
        (Statistic("x", "mean", minimum=1.6), False),
        (Statistic("x", "mean", maximum=1.4), False),
        (Statistic("x", "age", maximum=0), True),
        (Statistic("x", "distance", maximum=0), True),
    ],
)
def test_a_statistic_lies_between_its_bounds_which_are_allowed(rule, kept):
    assert holds(rule, [1, 2]) is kept


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Statistic("x", "quantile", 0, 12, of=0.9), "quantile 0.9 is from 0 to 12"),
        (Statistic("x", "mean", minimum=0.5), "mean is at least 0.5"),
        (Statistic("x", "missing", maximum=0.01), "missing is at most 0.01"),
    ],
)
def test_a_statistic_says_its_bounds(rule, says):
    assert bounds_say(rule) == says
