"""What is read from cells is what sorting all values gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data.comparing.pooled import QUANTILES, pool

ROWS = 30_000
MANY = {
    "normal": lambda random: random.normal(size=ROWS),
    "lognormal": lambda random: random.lognormal(0, 3, ROWS),
    "cauchy": lambda random: random.standard_cauchy(ROWS),
    "rounded": lambda random: random.normal(size=ROWS).round(2),
    "half_zero": lambda random: np.where(random.random(ROWS) < 0.5, 0.0, random.normal(size=ROWS)),
    "two_values": lambda random: np.where(random.random(ROWS) < 0.5, 0.0, 1.5),
    "constant": lambda random: np.full(ROWS, random.integers(1, 2) / 3),
    "tiny": lambda random: random.normal(size=ROWS) * 1e-300,
    "huge": lambda random: random.normal(size=ROWS) * 1e300,
    "hours": lambda random: random.integers(0, 24, ROWS).astype(float),
    "ids": lambda random: random.integers(0, 10**14, ROWS).astype(float),
    "infinite": lambda random: np.append(random.normal(size=ROWS), [np.inf, -np.inf, -np.inf]),
}


def both(name: str):
    random = np.random.default_rng(3)
    a, b = MANY[name](random), MANY[name](random)[: ROWS * 2 // 3]
    return a, b, pool(a, b)


@pytest.mark.parametrize("name", MANY)
def test_the_largest_difference_is_that_of_sorted_values(name):
    a, b, pooled = both(name)
    points = np.concatenate([a, b])
    a_upto, b_upto = (np.searchsorted(np.sort(one), points, "right") / len(one) for one in (a, b))
    assert pooled.largest_difference() == np.abs(a_upto - b_upto).max()


@pytest.mark.parametrize("name", MANY)
def test_quantiles_are_values_of_the_sample(name):
    a, b, pooled = both(name)
    for values, quantile in ((np.sort(a), pooled.a_quantile), (np.sort(b), pooled.b_quantile)):
        ranks = [max(int(np.ceil(level * len(values))), 1) for level in QUANTILES]
        assert [quantile(level) for level in QUANTILES] == [values[rank - 1] for rank in ranks]


@pytest.mark.parametrize("name", sorted(set(MANY) - {"infinite", "huge"}))
def test_the_area_is_the_wasserstein_distance(name):
    a, b, pooled = both(name)
    expected = pytest.importorskip("scipy.stats").wasserstein_distance(a, b)
    assert pooled.area() == pytest.approx(expected, rel=2e-3, abs=1e-300)


@pytest.mark.parametrize("name", MANY)
def test_shares_between_quantiles_are_counted(name):
    _, b, pooled = both(name)
    cuts = sorted({pooled.a_quantile(level) for level in (0.1, 0.5, 0.9)})
    expected = np.diff([0, *((b <= cut).mean() for cut in cuts), 1])
    assert pooled.shares_between(cuts)[1] == pytest.approx(expected)


@pytest.mark.parametrize("name", MANY)
def test_what_lies_outside_of_quantiles_is_counted(name):
    _, b, pooled = both(name)
    low, high = pooled.a_quantile(0.01), pooled.a_quantile(0.99)
    assert pooled.outside(low, high) == ((b < low) | (b > high)).sum()


def test_a_sample_does_not_differ_from_itself():
    values = np.random.default_rng(0).normal(size=ROWS)
    pooled = pool(values, values.copy())
    assert (pooled.largest_difference(), pooled.area()) == (0, 0)
    assert pooled.b_quantile(0.5) == np.sort(values)[ROWS // 2 - 1]


@settings(max_examples=40)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=30),
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=30),
)
def test_few_values_give_the_statistic_by_its_definition(a, b):
    points = sorted({*a, *b})
    expected = max(abs(sum(x <= p for x in a) / len(a) - sum(x <= p for x in b) / len(b)) for p in points)
    assert pool(np.array(a), np.array(b)).largest_difference() == pytest.approx(expected)
