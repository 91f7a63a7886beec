"""Tables are profiled: what each kind of column tells, how columns go together, what is not shown."""

import datetime as dt
import json
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import pipeproof.data as ppd
from pipeproof.data.profiling.profile import Profile, read_profile
from pipeproof.data.profiling.sizes import Sizes
from pipeproof.data.profiling.texts import shape_of
from pipeproof.errors import ConfigError, ContractError, UsageError
from pipeproof.model.contract import Column, TableSchema

RNG = np.random.default_rng(11)
N = 4000


@pytest.fixture(scope="module")
def frame():
    x = RNG.normal(size=N)
    city = RNG.choice(["Rome", "Oslo", "Lima"], N, p=[0.6, 0.3, 0.1])
    return pl.DataFrame(
        {
            "id": np.arange(N),
            "x": x,
            "y": x**3 + RNG.normal(size=N) / 100,
            "city": city,
            "height": np.where(city == "Lima", 100.0, 0.0) + RNG.normal(size=N),
            "code": [f"AB-{n:04}" for n in RNG.permutation(N)],
            "day": pl.Series(np.arange(N) // 100).cast(pl.Int32).cast(pl.Date),
        }
    )


@pytest.fixture(scope="module")
def whole(frame):
    return ppd.profile(frame)


def test_numbers_have_the_moments_and_quantiles_of_numpy(frame, whole):
    x, told = frame["x"].to_numpy(), whole["x"]
    assert (told.minimum, told.maximum) == (x.min(), x.max())
    assert (told.mean, told.std) == (pytest.approx(x.mean()), pytest.approx(x.std(ddof=1)))
    assert told.grid.quantiles == pytest.approx(tuple(np.quantile(x, told.grid.levels)))
    assert told.negative == (x < 0).sum()


def test_a_histogram_counts_what_lies_between_its_edges(frame, whole):
    grid = whole["x"].grid
    assert grid.counts == tuple(np.histogram(frame["x"].to_numpy(), grid.edges)[0])


def test_few_categories_are_all_told_with_their_shares(whole):
    city = whole["city"]
    assert [one.value for one in city.common] == ["Rome", "Oslo", "Lima"]
    assert city.others == 0
    assert sum(one.share for one in city.common) == pytest.approx(1)


def test_texts_have_shapes_and_lengths(whole):
    code = whole["code"]
    assert [(one.shape, one.share) for one in code.texts.shapes] == [("AA-9999", 1.0)]
    assert (code.lengths.minimum, code.lengths.mean, code.lengths.maximum) == (7, 7, 7)


@pytest.mark.parametrize(
    ("text", "shape"), [("N725MQ", "A999AA"), ("Zoë 7", "Aaa 9"), ("", ""), ("-_.", "-_.")]
)
def test_a_shape_keeps_what_is_neither_letter_nor_digit(text, shape):
    assert shape_of(text) == shape


def test_dates_are_told_as_dates_and_counted_in_days(whole):
    day = whole["day"]
    assert (day.minimum, day.maximum, day.unit, day.order) == (
        "1970-01-01",
        "1970-02-09",
        "days",
        "ascending",
    )
    assert day.grid.at(1.0) == 39


def test_keys_are_columns_without_repetition_and_no_measurements(whole):
    assert whole.keys == (("id",), ("code",))
    assert whole["x"].unique


def test_two_columns_that_tell_rows_apart_together_are_found():
    pairs = pl.DataFrame({"a": [1, 1, 2, 2], "b": ["x", "y", "x", "y"], "c": [0.5, 0.25, 0.5, 0.25]})
    assert ppd.profile(pairs).keys == (("a", "b"),)


def test_correlations_are_those_of_pandas(frame, whole):
    known = whole.correlations
    numbers = frame.select("x", "y").to_pandas()
    x, y = known.columns.index("x"), known.columns.index("y")
    assert known.pearson[x][y] == pytest.approx(numbers.corr().iloc[0, 1], abs=1e-4)
    assert known.spearman[x][y] == pytest.approx(numbers.corr("spearman").iloc[0, 1], abs=1e-4)


def test_a_correlation_is_measured_over_the_rows_that_have_both():
    table = pl.DataFrame({"a": [1.0, 2, 3, 4, None, 9], "b": [2.0, 4, 6, 8, 5, None], "flat": [1] * 6})
    known = ppd.profile(table).correlations
    assert known.pearson[0][1] == 1.0
    assert known.pearson[0][2] is None


def test_a_number_that_depends_on_a_category_is_told_with_its_distribution(whole):
    (found,) = [one for one in whole.dependences if one.by == "city"]
    assert found.of == "height"
    lima = next(group for group in found.groups if group.value == "Lima")
    assert lima.quantiles[found.levels.index(0.5)] == pytest.approx(100, abs=0.5)


def test_rows_that_repeat_are_counted():
    told = ppd.profile(pl.DataFrame({"a": [1, 1, 2, 1], "b": ["x", "x", "x", "x"]}))
    assert (told.repeated, told.repeated_exactly, told.keys) == (2, True, ())


def test_what_is_not_finite_is_counted_apart():
    told = ppd.profile(pl.DataFrame({"a": [1.0, float("inf"), float("nan"), None, 3.0]}))["a"]
    assert (told.nulls, told.nans, told.infinite, told.missing) == (1, 1, 1, 2)
    assert (told.minimum, told.maximum, told.mean) == (1.0, 3.0, 2.0)


ODD = {
    "nothing": pl.Series([None] * 3),
    "all missing": pl.Series([None] * 3, dtype=pl.Float64),
    "only infinite": pl.Series([float("inf")] * 3),
    "largest floats": pl.Series([1e308, -1e308, 5e-324]),
    "largest integers": pl.Series([2**63 - 1, -(2**63), 0]),
    "unsigned": pl.Series([2**64 - 1, 0, 1], dtype=pl.UInt64),
    "decimals": pl.Series([Decimal("1.10"), None, Decimal("-3.30")]),
    "lists": pl.Series([[1, 2], [], None]),
    "arrays": pl.Series([[1, 2], [3, 4], None], dtype=pl.Array(pl.Int64, 2)),
    "structs": pl.Series([{"x": 1, "y": "a"}, None, {"x": 3, "y": None}]),
    "categories": pl.Series(["a", "b", None], dtype=pl.Categorical),
    "bytes": pl.Series([b"ab", b"", None]),
    "spans": pl.Series([dt.timedelta(seconds=1), None, dt.timedelta(days=1)]),
    "times": pl.Series([dt.time(1), dt.time(2), None]),
    "far times": pl.Series(
        [dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 1, 1, tzinfo=dt.UTC), None]
    ),
    "texts": pl.Series(["b\x00c", "x" * 10_000, "東京"]),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_column_of_any_kind_is_profiled_and_kept_as_json(kind):
    told = ppd.profile(pl.DataFrame({"a": ODD[kind]}))
    text = json.dumps(told.to_dict(), allow_nan=False)
    assert Profile.from_dict(json.loads(text)) == told
    assert told["a"].missing == ODD[kind].null_count()


def test_lists_have_lengths_and_structs_have_fields():
    told = ppd.profile(pl.DataFrame({"l": ODD["lists"], "s": ODD["structs"]}))
    assert (told["l"].lengths.minimum, told["l"].lengths.maximum) == (0, 2)
    assert [(field.name, field.nulls) for field in told["s"].fields] == [("x", 0), ("y", 1)]


@pytest.mark.parametrize("table", [pl.DataFrame(), pl.DataFrame(schema={"a": pl.Int64, "b": pl.String})])
def test_a_table_without_rows_is_profiled(table):
    told = ppd.profile(table)
    assert (told.rows, told.quality, len(told.columns)) == (0, None, table.width)


def test_pandas_arrow_and_duckdb_tables_say_the_same(frame):
    few = frame.select("id", "x", "city").head(50)
    con = duckdb.connect()
    tables = (few.lazy(), few.to_pandas(), few.to_arrow(), con.from_arrow(few.to_arrow()))
    profiles = [ppd.profile(table) for table in tables]
    assert all(one.columns == profiles[0].columns for one in profiles)
    assert isinstance(tables[1], pd.DataFrame)


def test_a_table_in_chunks_says_nearly_the_same(frame, whole):
    chunked = ppd.profile(frame, sizes=Sizes(chunk=700, bins=512, hashes=512, rows=256))
    assert chunked["id"].order == "ascending"
    assert chunked["city"].common == whole["city"].common
    assert not chunked.exact
    for name in ("x", "y", "height"):
        one, other = chunked[name], whole[name]
        assert (one.minimum, one.maximum) == (other.minimum, other.maximum)
        assert one.mean == pytest.approx(other.mean)
        assert one.distinct == pytest.approx(other.distinct, rel=4 * one.distinct_error)


def test_exact_sketches_nothing(frame, whole):
    told = ppd.profile(frame, exact=True, sizes=None)
    assert told.exact
    assert told["x"].distinct == whole["x"].distinct


def test_profiles_of_parts_can_be_merged(frame, whole):
    merged = ppd.merge_profiles(ppd.profile(frame[:1500]), ppd.profile(frame[1500:]))
    assert merged.rows == N
    assert merged["x"].grid == whole["x"].grid
    assert merged["city"].common == whole["city"].common
    assert merged.quality.score == pytest.approx(whole.quality.score)


def test_profiles_of_other_columns_are_not_merged(frame, whole):
    with pytest.raises(UsageError, match=r"PPF331.*x \(Float64 and not there\)"):
        ppd.merge_profiles(whole, ppd.profile(frame.drop("x")))


def test_profiles_read_from_json_are_not_merged(whole):
    kept = Profile.from_dict(whole.to_dict())
    with pytest.raises(UsageError, match="PPF331"):
        ppd.merge_profiles(kept, kept)


def test_a_sample_says_so(frame):
    told = ppd.profile(frame, sample=300)
    assert (told.rows, told.looked, told.exact) == (N, 300, False)
    assert told["id"].order == "ascending"
    assert told["x"].mean == pytest.approx(0, abs=0.25)


PEOPLE = pl.DataFrame(
    {
        "email": [f"person{n}@example.com" for n in range(40)],
        "salary": [1000 + n * 7 for n in range(40)],
        "team": ["red", "blue"] * 20,
    }
)


def test_values_of_private_columns_are_nowhere_in_a_profile():
    schema = TableSchema((Column("salary", "integer", privacy="personal"),))
    told = ppd.profile(PEOPLE, schema)
    text = json.dumps(told.to_dict())
    assert (told["email"].private, told["salary"].private) == ("email", "personal")
    assert "@example.com" not in text
    assert not {str(value) for value in PEOPLE["salary"]} & set(text.replace(",", " ").split())
    assert told["email"].texts.shapes
    assert told["team"].common


def test_private_values_are_shown_on_purpose():
    assert ppd.profile(PEOPLE, private={})["email"].private == ""


def test_a_guessed_type_that_proves_wrong_later_is_guessed_anew(tmp_path):
    lines = ["a"] + [str(n) for n in range(12_000)] + ["1.5"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    told = ppd.profile(tmp_path / "t.csv")["a"]
    assert (told.type, told.missing, told.maximum) == ("number", 0, 11999)


def test_texts_that_are_not_of_the_type_in_the_contract_are_invalid(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\ntwo,y\n3,z\n4,w\n")
    schema = TableSchema((Column("a", "integer", nullable=True), Column("b", "string")))
    assert ppd.profile(tmp_path / "t.csv", schema).quality["validity"].score == pytest.approx(7 / 8)


def test_a_file_that_breaks_while_it_is_read_is_told(tmp_path):
    good = tmp_path / "good.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(good)
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(good.read_bytes()[:-200])
    with pytest.raises(ContractError):
        ppd.profile(bad)


WRONG = {
    "no JSON": "{",
    "another schema": '{"schema": "pipeproof.run/1"}',
    "a list": "[]",
    "no columns' names": '{"schema": "pipeproof.profile/1", "name": "a", "rows": 1, "looked": 1, "columns": [{}]}',
    "texts for numbers": '{"schema": "pipeproof.profile/1", "name": "a", "rows": 1, "looked": 1, "columns": '
    '[{"name": "a", "type": "integer", "physical": "Int64", "rows": "many"}]}',
    "a grid with gaps": '{"schema": "pipeproof.profile/1", "name": "a", "rows": 1, "looked": 1, "columns": '
    '[{"name": "a", "type": "integer", "physical": "Int64", "rows": 1, "grid": {"levels": [0.5]}}]}',
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_no_profile_is_refused(fault, tmp_path):
    text = WRONG[fault]
    (tmp_path / "p.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match="PPF330"):
        read_profile(tmp_path / "p.json")


def test_a_profile_is_read_back_as_it_was_written(whole, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(whole.to_dict()))
    assert read_profile(tmp_path / "p.json") == whole
