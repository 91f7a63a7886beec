"""Operations of a transform one by one: types, errors that name the operation, chance that repeats."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.errors import PipeproofError
from pipeproof.running.context import StepContext
from pipeproof.steps.transform import (
    AddColumn,
    Aggregate,
    Aggregation,
    Cast,
    Drop,
    FillNulls,
    Filter,
    Join,
    Rename,
    Sample,
    Select,
    Sort,
    Union,
    Window,
)
from pipeproof.steps.transform.apply import Stage, apply_all
from pipeproof.steps.transform.execute import execute
from pipeproof.steps.transform.operations import decode, encode

TABLE = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "amount": [10, None, 30],
        "rate": [0.5, float("nan"), None],
        "town": ["ulm", None, "köln"],
        "day": [dt.date(2024, 1, 1), None, dt.date(2024, 1, 3)],
        "fine": [True, None, False],
    }
)
OTHER = pl.DataFrame({"id": [1, 9], "size": [7, 8], "town": ["bonn", "trier"]})


@pytest.fixture
def made(tmp_path):
    """Return a function that runs operations as the step does, from file to file."""

    def run(*operations, table=TABLE, other=OTHER, parameters=None, seed=1, dialect="duckdb"):
        table.write_parquet(tmp_path / "table.parquet")
        other.write_parquet(tmp_path / "other.parquet")
        into = tmp_path / "scratch" / "out.parquet"
        args = {
            "input": "table",
            "tables": {name: str(tmp_path / f"{name}.parquet") for name in ("table", "other")},
            "operations": json.loads(json.dumps([encode(operation) for operation in operations])),
            "parameters": parameters or {},
            "dialect": dialect,
            "seed": seed,
            "into": str(into),
        }
        execute(args, StepContext({}))
        return pl.read_parquet(into)

    return run


@pytest.fixture
def failed(made):
    """Return a function that runs operations which must fail, and returns the finding."""

    def run(*operations, **more):
        with pytest.raises(PipeproofError) as caught:
            made(*operations, **more)
        (finding,) = caught.value.findings
        assert "pipeproof" not in str(finding)
        return finding

    return run


def test_the_example_of_the_source_works(made):
    table = pl.DataFrame({"col1": [1, 2, 3], "col2": [None, 5, None]})
    result = made(FillNulls(("col2",), 0), AddColumn("col3", "col1 + col2"), table=table)
    assert result.rows() == [(1, 0, 1), (2, 5, 7), (3, 0, 3)]


def test_no_operation_at_all_leaves_the_table(made):
    assert made().equals(TABLE, null_equal=True)


def test_filling_counts_nan_as_missing(made):
    assert made(FillNulls(("rate",), 9))["rate"].to_list() == [0.5, 9.0, 9.0]


def test_filling_with_a_mapping_gives_each_column_its_value(made):
    result = made(FillNulls(value={"town": "-", "amount": "{n}", "day": "2024-02-29"}), parameters={"n": 4})
    assert result.select("town", "amount", "day").row(1) == ("-", 4, dt.date(2024, 2, 29))


def test_filling_without_columns_fills_those_that_can_take_the_value(made):
    result = made(FillNulls(value=0))
    assert result.null_count().row(0) == (0, 0, 0, 1, 1, 1)


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (FillNulls(("town",), 0), "column 'town' is string and cannot take 0"),
        (FillNulls(("amount",), "x"), "column 'amount' is integer and cannot take 'x'"),
        (FillNulls(("day",), "someday"), "'someday' is no date"),
        (FillNulls(("town",), strategy="mean"), "column 'town' is string, which has no mean"),
        (FillNulls(("amount",), "{gone}"), "{gone} has no value"),
    ],
)
def test_a_value_that_does_not_fit_the_column_is_refused(failed, operation, says):
    assert says in failed(operation).what


def test_an_added_column_may_be_a_plain_value(made):
    assert made(AddColumn("a", 1.5), AddColumn("b", value=True)).select("a", "b").row(0) == (1.5, True)


def test_an_added_column_replaces_one_of_its_name(made):
    result = made(AddColumn("id", "id * 10"))
    assert (result.columns, result["id"].to_list()) == (TABLE.columns, [10, 20, 30])


def test_names_in_expressions_ignore_case_unless_quoted(made, failed):
    assert made(AddColumn("x", "ID + Amount"))["x"][0] == 11
    assert failed(AddColumn("x", '"ID" + 1')).column == "ID"


def test_expressions_of_snowflake_are_understood(made):
    result = made(AddColumn("x", "IFF(ID > 1, NVL(TOWN, '-'), 'first')"), dialect="snowflake")
    assert result["x"].to_list() == ["first", "-", "köln"]


@settings(max_examples=100, deadline=None)
@given(
    value=st.text()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.none()
)
def test_a_parameter_comes_back_as_it_went_in(value):
    stage = Stage({}, {"v": value}, "duckdb", 0)
    operations = [
        AddColumn("bare", "{v}"),
        AddColumn("again", "CASE WHEN {v} IS NULL THEN NULL ELSE {v} END"),
    ]
    made = apply_all(operations, TABLE.lazy(), stage)[-1].collect()
    assert made["bare"].to_list() == [value] * 3
    assert made["again"].to_list() == [value] * 3


@settings(max_examples=100, deadline=None)
@given(value=st.text())
def test_a_parameter_inside_of_a_literal_stays_inside(value):
    stage = Stage({}, {"v": value}, "duckdb", 0)
    made = apply_all([AddColumn("x", "'<{v}>'"), Filter("x = '<{v}>'")], TABLE.lazy(), stage)[-1].collect()
    assert made["x"].to_list() == [f"<{value}>"] * 3


@pytest.mark.parametrize(
    "value", ["x' OR 1=1 --", "') OR (1=1", "1 OR 1=1", "\\' OR 1=1 --", "{id}", "/* */"]
)
def test_a_hostile_parameter_lets_no_row_through(made, value):
    assert made(Filter("town = '{v}' OR town = {v}"), parameters={"v": value}).height == 0


def test_dates_as_parameters_are_cast(made):
    result = made(Filter("day >= DATE '{d}' - {n}"), parameters={"d": "2024-01-04", "n": 2})
    assert result["id"].to_list() == [3]


def test_rows_for_which_a_condition_is_unknown_are_left_out(made):
    assert made(Filter("amount > 0"))["id"].to_list() == [1, 3]


def test_missing_values_are_sorted_last_in_both_directions(made):
    assert made(Sort("amount"))["id"].to_list() == [1, 3, 2]
    assert made(Sort("amount", descending=True))["id"].to_list() == [3, 1, 2]


def test_columns_are_selected_in_the_order_given(made):
    assert made(Select(("town", "id"))).columns == ["town", "id"]


def test_columns_can_swap_their_names(made):
    assert made(Rename({"id": "amount", "amount": "id"}))["amount"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        (["1", " 2 ", None, ""], "integer", [1, 2, None, None]),
        (["1.5", "2", None, "-1e3"], "number", [1.5, 2.0, None, -1000.0]),
        (["true", "No", "1", None], "boolean", [True, False, True, None]),
        (["2024-02-29", None], "date", [dt.date(2024, 2, 29), None]),
        (["2024-02-29 12:30:00", "2024-02-29T01:02", "2024-02-29"], "timestamp", [dt.datetime(2024, 2, 29, 12, 30), dt.datetime(2024, 2, 29, 1, 2), dt.datetime(2024, 2, 29)]),  # noqa: DTZ001 without a zone is the point
        (["1.10"], "decimal", [Decimal("1.1")]),
        ([1, 2, None], "string", ["1", "2", None]),
        ([1.0, 2.0, float("nan"), None], "integer", [1, 2, None, None]),
        ([0, 1, None], "boolean", [False, True, None]),
        ([1, 2], "number", [1.0, 2.0]),
    ],
)  # fmt: skip
def test_a_column_is_cast_to_a_type_of_the_contract(made, column, kind, values):
    result = made(Cast({"c": kind}), table=pl.DataFrame({"c": column}))
    assert result["c"].to_list() == values


@pytest.mark.parametrize(
    ("column", "kind", "shown"),
    [
        (["1", "x", "y"], "integer", "2 of the values of column 'c' are no integer: 'x', 'y'"),
        ([1.0, 2.5], "integer", "2.5"),
        (["2024-13-01"], "date", "'2024-13-01'"),
        (["maybe"], "boolean", "'maybe'"),
        (["noon"], "timestamp", "'noon'"),
        ([300], "string", None),
        ([1e300], "integer", "1e+300"),
    ],
)
def test_a_strict_cast_shows_the_values_that_do_not_fit(made, failed, column, kind, shown):
    table = pl.DataFrame({"c": column})
    if shown is None:
        assert made(Cast({"c": kind}), table=table)["c"].to_list() == ["300"]
        return
    finding = failed(Drop(()), Cast({"c": kind}), table=table)
    assert finding.what.startswith("operation 2 (cast) failed: ")
    assert shown in finding.what


def test_a_lenient_cast_leaves_nulls(made):
    result = made(Cast({"c": "integer"}, strict=False), table=pl.DataFrame({"c": ["1", "x"]}))
    assert result["c"].to_list() == [1, None]


def test_a_join_puts_a_suffix_behind_names_that_are_taken(made):
    assert made(Join("other", "id")).row(0, named=True)["town_right"] == "bonn"
    assert made(Join("other", "id", suffix="_2")).columns[-1] == "town_2"


def test_a_full_join_has_one_key_column(made):
    result = made(Join("other", left_on="amount", right_on="id", how="full"))
    assert sorted(result["amount"].to_list(), key=str) == [1, 10, 30, 9, None]
    assert "id_right" not in result.columns


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (Join("other", left_on="town", right_on="id"), "the keys 'town' (string) and 'id' (integer) have different types"),
        (Join("other", left_on="id", right_on="nope"), "column 'nope' is not in 'other'"),
        (Union("other"), "'other' lacks amount, rate, day, fine and has size more"),
        (Rename({"id": "town"}), "there would be two columns 'town'"),
        (Select(("id", "id")), "there would be two columns 'id'"),
        (Drop(tuple(TABLE.columns)), "no column would be left"),
        (Filter("id + 1"), "the condition is integer"),
        (AddColumn("x", "no_such_function(id)"), "no_such_function"),
        (AddColumn("x", "town + id"), "arithmetic"),
        (AddColumn("x", "(SELECT 1)"), "use a join, or a sql step"),
        (AddColumn("x", "sum(id)"), "SUM(...) OVER ()"),
        (AddColumn("x", "id +"), "required keyword"),
        (AddColumn("x", "CAST(town AS INTEGER)"), "failed"),
        (Aggregate({"x": "id"}), "id is not one value for a group"),
        (Aggregate({"x": Aggregation("sum", "town")}), "sum"),
    ],
)  # fmt: skip
def test_an_operation_that_cannot_be_says_which_and_why(failed, operation, says):
    finding = failed(Sort("id"), operation)
    assert f"operation 2 ({operation.type})" in finding.what
    assert says in finding.what


@pytest.mark.parametrize(
    "operation",
    [
        Select("idd"),
        Drop("idd"),
        Sort("idd"),
        Rename({"idd": "x"}),
        Cast({"idd": "string"}),
        FillNulls("idd", 0),
        FillNulls(value={"idd": 0}),
        Filter("idd > 1"),
        AddColumn("x", "idd + 1"),
        Aggregate({"x": "sum(idd)"}),
        Aggregate({"x": Aggregation("sum", "idd")}),
        Aggregate({"x": "count(*)"}, "idd"),
        Window("x", "lag", "idd"),
        Window("x", "row_number", order_by="idd"),
        Join("other", left_on="idd", right_on="id"),
    ],
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(failed, operation):
    finding = failed(Sort("id"), operation)
    assert (finding.code, finding.column) == ("PPF151", "idd")
    assert finding.what.startswith(f"operation 2 ({operation.type}) uses column 'idd'")
    assert finding.fix == "did you mean 'id'?"


def test_a_failure_is_laid_at_the_operation_that_fails_and_not_at_the_last(failed):
    finding = failed(Sort("id"), AddColumn("x", "CAST(town AS INTEGER)"), AddColumn("y", "x + 1"), Sort("y"))
    assert finding.what.startswith("operation 2 (add_column) failed: ")


def test_a_union_matches_columns_by_name(made):
    other = TABLE.select(reversed(TABLE.columns))
    assert made(Union("other"), other=other)["id"].to_list() == [1, 2, 3, 1, 2, 3]


def test_a_union_fills_columns_when_asked(made):
    result = made(Union("other", fill_missing=True))
    assert (result.height, result["size"].to_list()) == (5, [None, None, None, 7, 8])


def test_a_sum_of_nothing_is_null_as_in_sql(made):
    table = pl.DataFrame({"g": ["a", "b"], "x": [None, 1]}, schema={"g": pl.String, "x": pl.Int64})
    result = made(Aggregate({"s": "sum(x)", "t": Aggregation("sum", "x")}, "g"), table=table)
    assert result.rows() == [("a", None, None), ("b", 1, 1)]


def test_groups_come_in_the_order_in_which_they_appear(made):
    table = pl.DataFrame({"g": ["z", "a", "z", "m"]})
    assert made(Aggregate({"n": "count(*)"}, "g"), table=table).rows() == [("z", 2), ("a", 1), ("m", 1)]


def test_a_window_leaves_the_rows_where_they_are(made):
    result = made(Window("r", "row_number", order_by="id", descending=True))
    assert result.select("id", "r").rows() == [(1, 3), (2, 2), (3, 1)]


NUMBERS = pl.DataFrame({"n": range(1000)})
SAMPLE_42 = [49, 354, 470, 633, 823]  # from SplitMix64 in plain Python


def test_a_sample_has_the_rows_asked_for_in_their_order(made):
    some = made(Sample(n=100), table=NUMBERS)["n"].to_list()
    assert len(some) == len(set(some)) == 100
    assert some == sorted(some)


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another(made):
    one, same, other = (
        made(Sample(fraction=0.1), table=NUMBERS, seed=seed)["n"].to_list() for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_the_seed_of_an_operation_comes_before_that_of_the_step(made):
    one, same = (made(Sample(n=9, seed=5), table=NUMBERS, seed=seed)["n"].to_list() for seed in (1, 2))
    assert one == same


def test_a_sample_does_not_change_with_versions_of_libraries(made):
    assert made(Sample(n=5, seed=42), table=NUMBERS)["n"].to_list() == SAMPLE_42


@settings(max_examples=50, deadline=None)
@given(rows=st.integers(0, 50), n=st.integers(0, 60))
def test_a_sample_never_has_more_rows_than_there_are(rows, n):
    frame = pl.DataFrame({"n": range(rows)}, schema={"n": pl.Int64}).lazy()
    made = apply_all([Sample(n=n)], frame, Stage({}, {}, "duckdb", 3))[-1].collect()
    assert made.height == min(rows, n)


def test_every_row_is_about_equally_likely_to_be_sampled():
    seen = [0] * 20
    frame = pl.DataFrame({"n": range(20)}).lazy()
    for seed in range(400):
        for row in apply_all([Sample(n=5)], frame, Stage({}, {}, "duckdb", seed))[-1].collect()["n"]:
            seen[row] += 1
    # 100 expected each; five standard deviations of a binomial (400, 1/4) are 43.
    assert all(57 <= count <= 143 for count in seen)


OPERATIONS = [
    FillNulls(("a",), {"a": 1}, None),
    AddColumn("a", "b"),
    Join("x", ("a",), how="left"),
    Union(("x", "y")),
    Aggregate({"a": "sum(b)", "c": Aggregation("sum", "b")}, ("d",)),
    Window("r", order_by=("a",), type="rank"),
    Sort(("a", "b"), (True, False)),
    Sample(n=3),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.type)
def test_an_operation_survives_the_way_to_another_process(operation):
    plain = json.loads(json.dumps(encode(operation)))
    assert json.dumps(encode(decode(plain))) == json.dumps(plain)


PROGRAM = """
import sys, hashlib, polars as pl
from pathlib import Path
from pipeproof.running.context import StepContext
from pipeproof.steps.transform import Aggregate, FillNulls, Window
from pipeproof.steps.transform.execute import execute
from pipeproof.steps.transform.operations import encode
folder = Path(sys.argv[1])
operations = [FillNulls(("x",), strategy="mean"), Window("w", "rolling_mean", "x", ("g",), size=9),
              Window("m", "mean", "x", ("g",)), Aggregate({"s": "sum(x)", "w": "avg(w)", "m": "sum(m)"}, ("g",))]
into = folder / "scratch" / "out.parquet"
execute({"input": "t", "tables": {"t": str(folder / "t.parquet")}, "operations": list(map(encode, operations)),
         "parameters": {}, "dialect": "duckdb", "seed": 0, "into": str(into)}, StepContext({}))
print(hashlib.sha256(into.read_bytes()).hexdigest())
"""


def test_sums_of_floats_do_not_depend_on_the_number_of_threads(tmp_path):
    rows = 300_000
    pl.DataFrame({"n": range(rows)}).select(
        g=pl.col("n") % 97, x=pl.when(pl.col("n") % 13 > 0).then((pl.col("n") * 0.7310585).sin() * 1e3)
    ).write_parquet(tmp_path / "t.parquet", row_group_size=10_000)
    digests = set()
    for threads in ("1", "4", "4"):
        environment = {**os.environ, "POLARS_MAX_THREADS": threads}
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], env=environment, capture_output=True, text=True, check=True)  # fmt: skip
        digests.add(done.stdout)
    assert len(digests) == 1


def test_equal_tables_give_equal_bytes(made, tmp_path):
    digests = set()
    for _ in range(3):
        made(Sort("id"), AddColumn("x", "id * 2"))
        digests.add(hashlib.sha256((tmp_path / "scratch" / "out.parquet").read_bytes()).hexdigest())
    assert len(digests) == 1
