"""Alarms of drift: none where nothing changed, all where much did, with what changed and by how much."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from pipeproof.data.comparing.compare import compare, drift
from pipeproof.data.comparing.drift import find_drift
from pipeproof.data.comparing.sides import Table


def table(random: np.random.Generator, rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "normal": random.normal(size=rows),
            "skewed": random.lognormal(0, 2, rows),
            "count": random.poisson(3, rows),
            "gaps": np.where(random.random(rows) < 0.1, np.nan, random.random(rows)),
            "few_gaps": pl.Series(random.random(rows) < 0.01).replace_strict({True: None, False: 1.0}),
            "even": random.choice(["a", "b", "c", "d"], rows),
            "long_tail": [f"c{number}" for number in random.zipf(1.5, rows) % 500],
            "rare": random.random(rows) < 0.02,
        },
        nan_to_null=False,
    )


COLUMNS = table(np.random.default_rng(0), 1).columns


def opened(frame: pl.DataFrame) -> Table:
    return Table("table", frame.lazy(), frame.schema)


def test_samples_of_one_distribution_raise_no_alarm_in_99_of_100_seeds():
    alarms = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        found = find_drift(opened(table(random, 400)), opened(table(random, 300)), COLUMNS, {})
        alarms += any(column.alarms for column in found)
    assert alarms <= 1


def test_a_shift_by_half_a_standard_deviation_is_found_in_nearly_all_of_20_seeds():
    found = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        before, after = table(random, 400), table(random, 400)
        after = after.with_columns(pl.col("normal") + 0.5)
        found += [column.column for column in drift(before, after).drifted] == ["normal"]
    assert found >= 19


def moved(before, after, **named):
    """Return the one column of two lists of values."""
    (column,) = drift(pl.DataFrame({"x": before}), pl.DataFrame({"x": after}), **named).drift
    return column


RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=2000)


def test_a_difference_that_is_certain_and_too_small_to_matter_is_no_alarm():
    random = np.random.default_rng(1)
    column = moved(random.normal(size=200_000), random.normal(size=200_000) + 0.05)
    assert column.questions[0].corrected < 1e-9
    assert not column.alarms


def test_a_shift_is_told_in_units_of_the_values():
    column = moved(NORMAL, NORMAL + 0.5)
    assert column.wasserstein == pytest.approx(0.5)
    assert [question.about for question in column.alarms] == ["distribution"]


def test_values_that_go_missing_are_an_alarm_of_their_own():
    after = pl.Series(NORMAL).set(pl.Series(np.arange(2000) % 10 == 0), None)
    column = moved(NORMAL, after)
    assert [question.about for question in column.alarms] == ["missing"]
    assert (column.before.missing, column.after.missing) == (0, 0.1)


def test_nan_counts_as_missing():
    assert moved([1.0, 2.0, float("nan"), 4.0], [1.0, 2.0, None, 4.0]).before.missing == 0.25


def test_values_far_out_are_found_where_the_distribution_hardly_moved():
    after = NORMAL.copy()
    after[:60] = 50.0
    column = moved(NORMAL, after)
    assert "outliers" in {question.about for question in column.alarms}
    assert column.beyond >= 0.03


def test_a_category_that_takes_over_is_an_alarm():
    column = moved(["a", "b"] * 300, ["a", "c"] * 300)
    assert column.alarms[0].effect_name == "V"
    assert (column.new[0].name, column.gone[0].name, column.many) == ("c", "b", (1, 1))


def test_one_rare_new_category_is_told_and_no_alarm():
    column = moved(["a", "b"] * 300, [*["a", "b"] * 299, "a", "new"])
    assert column.new[0].name == "new"
    assert not column.alarms


def test_texts_that_name_rows_are_compared_by_their_lengths():
    column = moved([f"id-{n}" for n in range(500)], [f"id-{n:012}" for n in range(500)])
    assert column.kind == "lengths"
    assert column.alarms


def test_dates_move_in_days():
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=n % 30) for n in range(300)]
    column = moved(days, [day + dt.timedelta(days=31) for day in days])
    assert (column.type, column.wasserstein) == ("date", pytest.approx(31))


def test_timestamps_of_other_units_move_in_seconds():
    minutes = pl.Series(range(300)) * 60_000
    before = minutes.cast(pl.Datetime("ms"))
    after = (minutes + 3_600_000).cast(pl.Datetime("ms")).cast(pl.Datetime("ns"))
    assert moved(before, after).wasserstein == pytest.approx(3600)


def test_fields_of_structs_are_compared_one_by_one():
    before, after = ([{"a": float(n % 7), "b": kind} for n in range(300)] for kind in ("x", "y"))
    found = drift({"s": before}, {"s": after})
    assert [(column.column, bool(column.alarms)) for column in found.drift] == [("s.a", False), ("s.b", True)]


def test_lists_are_compared_by_their_lengths():
    column = moved([[1]] * 300, [[1, 2, 3]] * 300)
    assert column.kind == "lengths"
    assert column.ks == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], []),
        ([None, None], [None, None]),
        ([1.0, 2.0], [None, None]),
        ([float("inf"), 1.0, 2.0] * 9, [1.0, float("-inf"), 2.0] * 9),
        ([1, 2], ["a", "b"]),
        ([b"a", b"bc"], [b"a", None]),
        ([1], [2]),
    ],
)
def test_odd_columns_are_compared_as_far_as_they_can_be(before, after):
    column = moved(pl.Series(before, strict=False), pl.Series(after, strict=False))
    assert len(column.questions) >= 1
    assert 0 <= column.before.missing <= 1


def test_small_samples_have_an_exact_probability_and_large_ones_say_that_theirs_is_not():
    small, large = moved(NORMAL[:50], NORMAL[50:100]), moved(NORMAL[:1000], NORMAL[1000:])
    assert small.questions[0].method.endswith("exact")
    assert large.questions[0].method.endswith("asymptotic")


def test_alarms_are_corrected_for_the_number_of_columns():
    random = np.random.default_rng(5)
    before, after = random.normal(size=300), random.normal(size=300) + 0.26
    alone = drift({"x": before}, {"x": after}).drift[0].questions[0]
    names = [f"n{number}" for number in range(40)]
    others = {name: random.normal(size=300) for name in names}
    among = drift({"x": before, **others}, {"x": after, **others}).drift[0].questions[0]
    assert (alone.alarm, among.alarm) == (True, False)
    assert among.chance == alone.chance


def test_values_of_personal_data_are_not_in_the_result():
    before = {"email": [f"person{n % 9}@example.org" for n in range(300)]}
    after = {"email": [f"other{n % 9}@example.org" for n in range(300)]}
    told = str(compare(before, after).to_dict())
    assert "example.org" not in told
    assert "example.org" in str(compare(before, after, show_private=True).to_dict())
