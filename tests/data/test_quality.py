"""How good a table is, and what its parts mean."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.data.quality import Quality, assess
from pipeproof.model.contract import Column, TableSchema

POSITIVE = TableSchema((Column("a", "integer", nullable=True, minimum=0),))


def table(**columns):
    return pl.DataFrame(columns).lazy()


def test_a_table_without_faults_is_perfect():
    assert assess(table(a=[1, 2, 3]), POSITIVE) == Quality(1, 1, 1)


def test_completeness_is_the_share_of_cells_that_are_there():
    assert assess(table(a=[1, None], b=["x", "y"])).completeness == pytest.approx(0.75)


def test_validity_is_the_share_of_good_answers_to_rules():
    schema = TableSchema((Column("a", "integer", minimum=0, maximum=10),))
    # Missing, below and above: three rules, each asked of four rows.
    assert assess(table(a=[1, -1, 11, None]), schema).validity == pytest.approx(1 - 3 / 12)


def test_without_a_contract_all_is_valid():
    assert assess(table(a=[-1])).validity == 1


def test_uniqueness_is_the_share_of_different_rows():
    assert assess(table(a=[1, 1, 1, 2], b=[1, 1, 1, 2])).uniqueness == pytest.approx(0.5)


def test_the_score_is_the_mean_of_the_parts():
    assert Quality(0.3, 0.6, 0.9).score == pytest.approx(0.6)


@pytest.mark.parametrize("frame", [pl.LazyFrame(), pl.LazyFrame({"a": []})])
def test_a_table_without_cells_has_no_quality(frame):
    assert assess(frame) is None


def test_a_contract_about_columns_that_are_not_there_asks_nothing():
    assert assess(table(b=[1]), POSITIVE).validity == 1


@given(st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=30))
def test_every_part_is_between_0_and_1(values):
    quality = assess(pl.LazyFrame({"a": pl.Series(values, dtype=pl.Int64)}), POSITIVE)
    assert all(0 <= part <= 1 for part in (quality.completeness, quality.validity, quality.uniqueness))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30, unique=True), st.integers(0, 29))
def test_a_value_that_goes_missing_makes_a_table_worse(values, at):
    worse = [None if index == at % len(values) else value for index, value in enumerate(values)]
    frames = (pl.LazyFrame({"a": pl.Series(one, dtype=pl.Int64)}) for one in (values, worse))
    good, bad = (assess(frame, POSITIVE) for frame in frames)
    assert bad.score < good.score
