"""How good a table is, and what its parts mean."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.data import profile
from pipeproof.data.profiling.score import WEIGHTS, Part, Quality
from pipeproof.data.quality import assess
from pipeproof.model.contract import Column, Comparison, Condition, Statistic, TableSchema

POSITIVE = TableSchema((Column("a", "integer", nullable=True, minimum=0),))


def table(**columns):
    return pl.DataFrame(columns).lazy()


def score(name, frame, schema=None):
    return assess(frame, schema)[name].score


def test_a_table_without_faults_is_perfect():
    assert assess(table(a=[1, 2, 3]), POSITIVE).score == 1


def test_completeness_is_the_share_of_cells_that_are_there():
    assert score("completeness", table(a=[1, None], b=["x", "y"])) == pytest.approx(0.75)


def test_what_is_no_number_is_missing_too():
    assert score("completeness", table(a=[1.0, float("nan")])) == pytest.approx(0.5)


def test_a_column_that_the_contract_asks_for_and_is_not_there_misses_all_its_cells():
    wanted = TableSchema((Column("a", "integer"), Column("b", "integer")))
    assert score("completeness", table(a=[1, 2]), wanted) == pytest.approx(0.5)


def test_validity_is_the_share_of_good_answers_to_rules_of_values():
    schema = TableSchema((Column("a", "integer", minimum=0, maximum=10),))
    # Type, minimum and maximum, each asked of four rows; the missing value counts as incomplete alone.
    assert score("validity", table(a=[1, -1, 11, None]), schema) == pytest.approx(1 - 2 / 12)


def test_a_column_of_another_type_has_no_valid_value():
    schema = TableSchema((Column("a", "integer"),))
    assert score("validity", table(a=["x", "y"]), schema) == 0


def test_a_value_not_of_its_type_is_invalid_and_not_missing_too(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n2\nx\n4\n")
    quality = profile(tmp_path / "t.csv", TableSchema((Column("a", "integer"),))).quality
    assert (quality["completeness"].score, quality["validity"].score) == (1, 0.75)


def test_without_a_contract_validity_is_not_measured():
    assert score("validity", table(a=[-1])) is None


def test_uniqueness_is_the_share_of_rows_that_repeat_no_earlier_one():
    assert score("uniqueness", table(a=[1, 1, 1, 2], b=[1, 1, 1, 2])) == pytest.approx(0.5)


def test_a_key_asks_each_row_once_more():
    schema = TableSchema((Column("a", "integer"),), key=("a",))
    assert score("uniqueness", table(a=[1, 1, 2, 3], b=[1, 2, 3, 4]), schema) == pytest.approx(7 / 8)


def test_a_comparison_of_columns_is_a_matter_of_consistency():
    schema = TableSchema((), comparisons=(Comparison("a", "<=", "b"),))
    assert score("consistency", table(a=[1, 5], b=[2, 2]), schema) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("sql", "told"),
    [("CAST(a AS INT) > 0", "'sure' fails on some rows"), ("b > 0", "there is no column 'b'")],
)
def test_a_condition_that_cannot_be_asked_counts_as_neither_kept_nor_broken(sql, told):
    sure = Condition("sure", sql)
    alone = assess(table(a=["1", "x"]), TableSchema((), conditions=(sure,)))["consistency"]
    assert told in alone.flaws[-1].what
    none = assess(table(a=["1", "x"]), TableSchema(()))["consistency"]
    assert (alone.score, alone.asked) == (none.score, none.asked)


def test_a_word_among_numbers_lowers_consistency_and_a_number_among_words_does_not():
    assert score("consistency", table(a=["1", "2", "3", "4", "five"])) == pytest.approx(0.9)
    assert score("consistency", table(a=["one", "two", "3", "four", "five"])) == 1


def test_several_spellings_of_a_value_lower_consistency_and_are_named():
    part = assess(table(a=["Paris", "Paris", "paris ", "Berlin"]))["consistency"]
    assert part.score == pytest.approx(1 - 1 / 8)
    assert "'Paris' and 'paris '" in part.flaws[0].what


def test_without_texts_and_rules_consistency_is_not_measured():
    assert score("consistency", table(a=[1, 2])) is None


def test_a_table_twice_as_old_as_allowed_is_half_as_timely():
    day = 86_400.0
    schema = TableSchema((), statistics=(Statistic("at", "age", maximum=day),))
    newest = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    assert score("timeliness", table(at=[newest, newest]), schema) == pytest.approx(0.5, abs=1e-3)
    assert score("timeliness", table(at=[dt.datetime.now(dt.UTC)]), schema) == 1
    assert score("timeliness", table(at=pl.Series([None], dtype=pl.Date)), schema) == 0


def test_the_score_shares_out_the_weight_of_what_was_not_measured():
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    quality = Quality((Part("completeness", 0.5, 10), Part("validity"), Part("uniqueness", 1.0, 10)))
    assert quality.score == pytest.approx((0.5 * 0.3 + 1.0 * 0.2) / 0.5)


@pytest.mark.parametrize("frame", [pl.LazyFrame(), pl.LazyFrame({"a": []})])
def test_a_table_without_cells_has_no_quality(frame):
    assert assess(frame) is None


def test_a_contract_about_columns_that_need_not_be_there_asks_nothing():
    schema = TableSchema((Column("a", "integer", required=False, minimum=0),))
    assert score("validity", table(b=[1]), schema) is None


@settings(max_examples=25)
@given(st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=30))
def test_every_part_is_between_0_and_1(values):
    quality = assess(pl.LazyFrame({"a": pl.Series(values, dtype=pl.Int64)}), POSITIVE)
    assert all(0 <= part.score <= 1 for part in quality.parts if part.score is not None)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30, unique=True), st.integers(0, 29))
def test_a_value_that_goes_missing_makes_a_table_worse(values, at):
    worse = [None if index == at % len(values) else value for index, value in enumerate(values)]
    frames = (pl.LazyFrame({"a": pl.Series(one, dtype=pl.Int64)}) for one in (values, worse))
    good, bad = (assess(frame, POSITIVE) for frame in frames)
    assert bad.score < good.score
