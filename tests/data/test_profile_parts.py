"""What a profile is made of can be merged: parts together say what the whole says."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeproof.data.profiling.bins import bins_of
from pipeproof.data.profiling.counting import distinct_of, frequent_among
from pipeproof.data.profiling.moments import moments_of
from pipeproof.data.profiling.sizes import Sizes
from pipeproof.data.profiling.table import part_of

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def numbers(elements, kind):
    return arrays.arrays(kind, st.integers(0, 60), elements=elements)


ANY = numbers(FINITE, np.float64) | numbers(INTEGERS, np.int64) | numbers(st.integers(-5, 5), np.int64)


@settings(max_examples=60)
@given(ANY, st.integers(0, 60), st.sampled_from([3, 8, 1000]))
def test_a_distribution_does_not_depend_on_how_it_was_cut(values, at, most):
    whole = bins_of(values, most)
    for one, other in ((values[:at], values[at:]), (values[at:], values[:at])):
        merged = bins_of(one, most).merge(bins_of(other, most), most)
        assert merged.shift == whole.shift
        assert merged.bins.tolist() == whole.bins.tolist()
        assert merged.counts.tolist() == whole.counts.tolist()
    assert len(whole.bins) <= most


@settings(max_examples=60)
@given(ANY.filter(len))
def test_with_a_bin_for_each_value_quantiles_are_those_of_numpy(values):
    levels = (0.0, 0.1, 0.25, 0.5, 0.9, 1.0)
    ordered = np.sort(values).astype(float)
    at = np.asarray(levels) * (len(values) - 1)
    low, high = ordered[np.floor(at).astype(int)], ordered[np.ceil(at).astype(int)]
    found = bins_of(values, 1000).quantiles(levels)
    assert np.all((low <= found) & (found <= high) | np.isclose(found, low) | np.isclose(found, high))


@settings(max_examples=40)
@given(numbers(FINITE, np.float64).filter(len))
def test_a_wide_bin_holds_its_values(values):
    bins = bins_of(values, 4)
    for low, high, count in zip(bins.values(), bins.ends(), bins.counts, strict=True):
        inside = (values >= low) & (values <= high) & ~((values == 0) & (low < 0))  # a 0 is no -0
        assert int(inside.sum()) == count


@pytest.mark.parametrize("draw", ["normal", "lognormal", "exponential", "uniform"])
def test_the_rank_of_a_quantile_is_off_by_no_more_than_is_said(draw):
    values = getattr(np.random.default_rng(7), draw)(size=60_000)
    bins = bins_of(values, 4096)
    levels = np.linspace(0, 1, 101)
    ranks = np.searchsorted(np.sort(values), bins.quantiles(levels)) / len(values)
    assert 0 < bins.error < 0.005
    assert np.abs(ranks - levels).max() <= bins.error + 1 / len(values)


@settings(max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), max_size=50), st.integers(0, 50))
def test_moments_of_parts_are_those_of_the_whole(values, at):
    series = pl.Series(values, dtype=pl.Float64)
    merged = moments_of(series[:at]).merge(moments_of(series[at:]))
    whole = moments_of(series)
    assert merged.count == whole.count
    assert merged.mean == pytest.approx(whole.mean, abs=1e-6)
    if whole.std is not None:
        assert merged.std == pytest.approx(float(np.std(values, ddof=1)), rel=1e-6, abs=1e-6)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 40), max_size=80), st.integers(0, 80), st.sampled_from([10, 1000]))
def test_different_values_are_exact_while_their_hashes_fit(values, at, most):
    hashes = pl.Series(values, dtype=pl.Int64).hash(1)
    merged = distinct_of(hashes[:at], most).merge(distinct_of(hashes[at:], most), most)
    if len(set(values)) <= most and merged.known is not None:
        assert merged.count == len(set(values))
    assert merged.hashes.tolist() == sorted(set(hashes.to_list()))[:most]


@pytest.mark.parametrize("different", [100, 5_000, 80_000, 200_000])
def test_the_number_of_different_values_is_within_four_standard_errors(different):
    values = pl.Series(np.random.default_rng(3).integers(0, different, 200_000))
    parts = [distinct_of(piece.hash(1), 2048) for piece in (values[:90_000], values[90_000:])]
    merged = parts[0].merge(parts[1], 2048)
    true = values.n_unique()
    assert abs(merged.count - true) <= 4 * merged.error * true
    assert (merged.error == 0) == (true <= 2048)


def test_values_that_are_all_different_are_counted_exactly_in_one_chunk():
    hashes = pl.int_range(100_000, eager=True).hash(1)
    found = distinct_of(hashes, 1024)
    assert (found.count, found.error) == (100_000, 0.0)


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(0, 60), st.sampled_from([2, 5, 100]))
def test_counts_of_frequent_values_are_never_too_high_and_miss_no_more_than_is_said(values, at, most):
    pieces = (pl.Series("value", piece, dtype=pl.String) for piece in (values[:at], values[at:]))
    one, other = (frequent_among(piece.value_counts(name="n"), most) for piece in pieces)
    merged = one.merge(other, most)
    for value in set(values):
        told = merged.counts.get(value, 0)
        assert told <= values.count(value) <= told + merged.missed


TABLES = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.none() | st.integers(-9, 9),
            "x": st.none() | st.floats(-1e3, 1e3) | st.sampled_from([float("nan"), float("inf")]),
            "s": st.none() | st.sampled_from(["a", "b", "Zoë", "x" * 9]),
            "b": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=40,
)
SCHEMA = {"n": pl.Int64, "x": pl.Float64, "s": pl.String, "b": pl.Boolean}


@settings(max_examples=40, deadline=None)
@given(TABLES, st.integers(0, 40))
def test_parts_of_a_table_together_say_what_the_whole_says(rows, at):
    frame = pl.DataFrame(rows, schema=SCHEMA)
    sizes = Sizes()
    whole = part_of(frame, 0, sizes)
    merged = part_of(frame[:at], 0, sizes).merge(part_of(frame[at:], len(frame[:at]), sizes))
    assert merged.distinct.known == whole.distinct.known
    assert merged.sample.equals(whole.sample)
    for one, other in zip(whole.columns, merged.columns, strict=True):
        assert (one.nulls, one.nans, one.infinite) == (other.nulls, other.nans, other.infinite)
        assert one.frequent.counts == other.frequent.counts
        assert one.distinct.known == other.distinct.known
        assert one.order == other.order
        if one.numbers is not None:
            assert (one.numbers.least, one.numbers.most) == (other.numbers.least, other.numbers.most)
            assert (one.numbers.zeros, one.numbers.negative) == (other.numbers.zeros, other.numbers.negative)
            assert one.numbers.bins.bins.tolist() == other.numbers.bins.bins.tolist()
            assert one.numbers.moments.mean == pytest.approx(other.numbers.moments.mean, abs=1e-9)


def test_the_rows_that_are_sampled_do_not_depend_on_the_chunks():
    frame = pl.DataFrame({"a": range(5000)})
    sizes = Sizes(rows=64)
    whole = part_of(frame, 0, sizes).sample
    merged = part_of(frame[:1200], 0, sizes).merge(part_of(frame[1200:], 1200, sizes)).sample
    assert sorted(whole["a"]) == sorted(merged["a"])
    assert len(whole) == 64
