"""Probabilities are those of SciPy, or of counting all cases."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data.comparing.significance import (
    chi_square,
    chi_square_tail,
    exceedances,
    holm,
    kolmogorov_exact,
    kolmogorov_limit,
    two_shares,
)


def _scipy(name: str):
    return pytest.importorskip(f"scipy.{name}")


@pytest.mark.parametrize(
    ("first", "second", "statistic"), [(5, 7, 0.4), (30, 20, 0.45), (8, 90, 0.5), (60, 60, 0.1)]
)
def test_the_exact_probability_of_ks_without_ties_is_that_of_scipy(first, second, statistic):
    a = np.arange(first) + statistic * first
    b = np.linspace(0, first, second) + 0.01
    expected = _scipy("stats").ks_2samp(a, b, method="exact")
    ends = np.ones(first + second, dtype=bool)
    assert kolmogorov_exact(first, ends, expected.statistic) == pytest.approx(expected.pvalue, rel=1e-9)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 4), min_size=4, max_size=9), st.integers(1, 3))
def test_the_exact_probability_of_ks_with_ties_is_the_share_of_all_ways_to_choose(values, first):
    pooled = np.sort(np.array(values))
    ends = np.append(pooled[1:] != pooled[:-1], [True])

    def statistic(chosen):
        mine = np.isin(np.arange(len(pooled)), chosen)
        apart = np.cumsum(mine) / first - np.cumsum(~mine) / (len(pooled) - first)
        return np.abs(apart[ends]).max()

    ways = np.array([statistic(chosen) for chosen in combinations(range(len(pooled)), first)])
    for seen in np.unique(ways):
        assert kolmogorov_exact(first, ends, seen) == pytest.approx((ways >= seen - 1e-9).mean())


@pytest.mark.parametrize("scaled", [0.05, 0.3, 0.7, 0.99, 1.0, 1.36, 2.5])
def test_the_limit_of_ks_is_the_function_of_kolmogorov(scaled):
    expected = _scipy("special").kolmogorov(scaled)
    assert kolmogorov_limit(1000, 1000, scaled / np.sqrt(500)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 7, 50, 4000])
@pytest.mark.parametrize("share", [0.01, 0.5, 1.0, 1.1, 2.0, 20.0])
def test_the_tail_of_chi_square_is_that_of_scipy(freedom, share):
    expected = _scipy("stats").chi2.sf(freedom * share, freedom)
    assert chi_square_tail(freedom * share, freedom) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_chi_square_of_two_samples_is_that_of_scipy():
    a, b = np.array([30.0, 50.0, 21.0]), np.array([90.0, 70.0, 41.0])
    expected = _scipy("stats").chi2_contingency([a, b], correction=False)
    statistic, freedom = chi_square(a, b)
    assert (statistic, freedom) == (pytest.approx(expected.statistic), expected.dof)


@pytest.mark.parametrize(
    ("a", "b"), [((3, 10), (1, 21)), ((0, 500), (4, 20)), ((2, 9), (9, 9)), ((1, 3), (900, 1000))]
)
def test_two_shares_of_few_rows_have_the_probability_of_fishers_test(a, b):
    table = [[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]]
    assert two_shares(*a, *b) == pytest.approx(_scipy("stats").fisher_exact(table).pvalue, rel=1e-6)


def test_two_shares_of_many_rows_have_the_probability_of_chi_square():
    expected = _scipy("stats").chi2_contingency([[30, 70], [50, 60]], correction=False)
    assert two_shares(30, 100, 50, 110) == pytest.approx(expected.pvalue)


def test_shares_that_are_the_same_in_all_rows_are_no_news():
    assert two_shares(0, 10, 0, 20) == 1.0


def test_exceedances_follow_the_beta_binomial_distribution():
    expected = _scipy("stats").betabinom.sf(6, 500, 4, 1001 - 4)
    assert exceedances(4, 1000, 7, 500) == pytest.approx(expected, rel=1e-9)


def test_no_exceedance_is_certain():
    assert exceedances(4, 1000, 0, 500) == 1.0


def test_holm_multiplies_the_smallest_most_and_keeps_the_order():
    assert holm([0.01, 0.5, 0.03, 0.02]) == pytest.approx([0.04, 0.5, 0.06, 0.06])


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []
