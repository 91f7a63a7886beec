"""Distances between shares, and from a stored column."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data.comparing.distances import (
    METRICS,
    StoredColumn,
    distance,
    jensen_shannon,
    ks_from_grid,
    psi,
    wasserstein_from_grid,
)

SHARES = st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any)


@settings(max_examples=40)
@given(SHARES, SHARES)
def test_distances_are_the_same_both_ways(a, b):
    for measure in (psi, jensen_shannon, ks_from_grid):
        assert measure(a, b) == pytest.approx(measure(b, a))


@pytest.mark.parametrize("measure", [psi, jensen_shannon, ks_from_grid])
def test_equal_shares_have_no_distance(measure):
    assert measure([3, 1, 0], [6, 2, 0]) == pytest.approx(0)


def test_the_jensen_shannon_distance_is_that_of_scipy():
    a, b = np.array([0.1, 0.5, 0.4, 0.0]), np.array([0.3, 0.3, 0.2, 0.2])
    expected = pytest.importorskip("scipy.spatial.distance").jensenshannon(a, b, base=2)
    assert jensen_shannon(a, b) == pytest.approx(expected)


def test_nothing_in_common_is_a_jensen_shannon_distance_of_one():
    assert jensen_shannon([1, 0], [0, 1]) == pytest.approx(1)


def test_the_stability_index_is_the_sum_by_hand():
    assert psi([0.5, 0.5], [0.6, 0.4]) == pytest.approx(0.1 * math.log(0.6 / 0.5) - 0.1 * math.log(0.4 / 0.5))


def test_an_empty_bin_leaves_the_stability_index_finite():
    assert psi([1, 0], [0, 1]) == pytest.approx(2 * 0.9999 * math.log(1e4), rel=1e-3)


def test_mass_that_moves_by_one_bin_moves_by_its_width():
    assert wasserstein_from_grid([0, 2, 4], [1, 0], [0, 1]) == pytest.approx(2)


def test_shares_of_different_bins_are_refused():
    with pytest.raises(ValueError, match="different bins"):
        psi([1, 2], [1, 2, 3])


def test_values_like_those_that_were_stored_have_no_distance():
    stored = StoredColumn("x", edges=(0.0, 1.0, 2.0), shares=(0.5, 0.5))
    values = pl.Series([0.5, 2.0, None])
    assert [distance(values, stored, metric) for metric in METRICS] == pytest.approx([0] * 4)


def test_values_outside_of_the_stored_range_are_a_distance():
    stored = StoredColumn("x", edges=(0.0, 1.0, 2.0), shares=(0.5, 0.5))
    assert distance(pl.Series([5, 6]), stored, "ks") == pytest.approx(1)


def test_categories_that_were_not_stored_count_with_the_others():
    stored = StoredColumn("x", categories={"a": 0.6}, other=0.4)
    assert distance(pl.Series(["a", "a", "a", "z", "y"]), stored, "psi") == pytest.approx(0)


def test_an_order_cannot_be_asked_of_categories():
    with pytest.raises(ValueError, match="needs values that have an order"):
        distance(pl.Series(["a"]), StoredColumn("x", categories={"a": 1.0}), "ks")
