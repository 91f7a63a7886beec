"""Checking a table against its schema: the law that it agrees with the rows, and every rule and type."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.contracts.rows import breaks
from pipeproof.data.checking.edges import check_table
from pipeproof.model.contract import Column, TableSchema


def check(values, column, dtype=None):
    return check_table(pl.LazyFrame({"x": pl.Series(values, dtype=dtype)}), TableSchema((column,)))


def broken(values, column, dtype=None):
    """Return how often each rule of the one column is said to be broken."""
    return [finding.what.split("' in ")[1] for finding in check(values, column, dtype)]


integers = st.none() | st.integers(-4, 4)
numbers = st.none() | st.sampled_from([-1.5, -1.0, 0.0, 0.1, 1.0, 2.5, float("nan")])
texts = st.none() | st.text("ab\n", max_size=3)
days = st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 4))
DAYS = st.sampled_from(["2024-01-01", "2024-01-02", "2024-01-03"])


@st.composite
def checked(draw):
    kind, values, bound = draw(
        st.sampled_from(
            [
                ("integer", integers, st.integers(-3, 3) | st.sampled_from([0.5, -1.5])),
                ("number", numbers, st.sampled_from([-1, 0, 0.1, 1, 2.5])),
                ("string", texts, st.text("ab", max_size=2)),
                ("date", days, DAYS),
            ]
        )
    )
    maybe = st.none() | bound
    textual = kind == "string"
    column = Column(
        "x",
        kind,
        nullable=draw(st.booleans()),
        minimum=draw(maybe),
        maximum=draw(maybe),
        minimum_open=draw(st.booleans()),
        maximum_open=draw(st.booleans()),
        categories=tuple(draw(st.lists(bound, max_size=3))),
        pattern=draw(st.none() | st.sampled_from(["a*", ".b?", "(?=a).*", "^[ab]$"])) if textual else None,
        min_length=draw(st.none() | st.integers(0, 2)) if textual else None,
        max_length=draw(st.none() | st.integers(0, 2)) if textual else None,
    )
    return column, draw(st.lists(values, min_size=1, max_size=6))


DTYPES = {"integer": pl.Int64, "number": pl.Float64, "string": pl.String, "date": pl.Date}


@given(checked())
@settings(deadline=None)
def test_checking_a_table_agrees_with_checking_its_rows(case):
    column, values = case
    expected = Counter(rule.says for value in values for rule in breaks({"x": value}, TableSchema((column,))))
    findings = check(values, column, DTYPES[column.type])
    found = {
        finding.what.split("breaks '")[1].rsplit("' in ", 1)[0]: int(
            finding.what.split("' in ")[-1].split()[0]
        )
        for finding in findings
    }
    assert found == dict(expected)


@pytest.mark.parametrize(
    ("values", "dtype", "column", "says"),
    [
        ([1, None], pl.Int64, Column("x", "integer"), ["1 of 2 rows"]),
        ([1.0, float("nan"), None], pl.Float64, Column("x", "number"), ["2 of 3 rows"]),
        ([1.0, float("nan")], pl.Float64, Column("x", "number", nullable=True, maximum=2), []),
        ([float("nan")] * 2, pl.Float64, Column("x", "number", nullable=True, unique=True), []),
        ([float("nan")], pl.Float64, Column("x", "number", nullable=True, categories=(1,)), []),
        ([0.1], pl.Float32, Column("x", "number", categories=(0.1,), minimum=0.1, maximum=0.1), []),
        ([2**62 + 1], pl.Int64, Column("x", "integer", maximum=float(2**62)), ["1 of 1 rows"]),
        ([1, 2], pl.UInt8, Column("x", "integer", minimum=-1, maximum=300, categories=(1, 2, -5, 999)), []),
        ([1, 2], pl.Int64, Column("x", "integer", categories=(1.0, 1.5)), ["1 of 2 rows"]),
        ([1, 2], pl.Int64, Column("x", "integer", maximum=10**400), []),
        ([1, 2], pl.Int64, Column("x", "integer", minimum=float("inf")), ["2 of 2 rows"]),
        ([1, 3], pl.Int64, Column("x", "integer", minimum=1.5, maximum=2.5), ["1 of 2 rows", "1 of 2 rows"]),
        (["a", "b"], pl.Categorical, Column("x", "string", categories=("a", "c"), minimum="a"), ["1 of 2 rows"]),
        (["a", "b"], pl.Enum(["a", "b"]), Column("x", "string", categories=("a", "zz"), pattern="[ab]"), ["1 of 2 rows"]),
        ([Decimal("1.10"), Decimal("2.00")], pl.Decimal(10, 2), Column("x", "decimal", categories=(1.1,)), ["1 of 2 rows"]),
        ([Decimal("1.10")], pl.Decimal(10, 2), Column("x", "number", minimum=1.1, maximum=1.1), []),
        ([Decimal("1.10"), None], pl.Decimal(10, 2), Column("x", "decimal", maximum=Decimal("1.09999")), ["1 of 2 rows", "1 of 2 rows"]),
        ([dt.date(2024, 1, 2)], pl.Date, Column("x", "date", maximum="2024-01-01"), ["1 of 1 rows"]),
        ([dt.time(12)], pl.Time, Column("x", "time", maximum="11:59", categories=("12:00",)), ["1 of 1 rows"]),
        ([True, False], pl.Boolean, Column("x", "boolean", categories=(True,)), ["1 of 2 rows"]),
        (["", None], pl.String, Column("x", "string", nullable=True, min_length=1), ["1 of 2 rows"]),
        (["ab\n"], pl.String, Column("x", "string", pattern="^ab$"), ["1 of 1 rows"]),
        (["b", "ab"], pl.String, Column("x", "string", pattern="a|b"), ["1 of 2 rows"]),
        (["ab", "b", None], pl.String, Column("x", "string", nullable=True, pattern="(?=a).*"), ["1 of 3 rows"]),
        (["aa", "ab"], pl.String, Column("x", "string", pattern=r"(a)\1"), ["1 of 2 rows"]),
        (["a" * 3000], pl.String, Column("x", "string", pattern=r"[\w]{3000}"), []),
        (["a", "b"], pl.String, Column("x", categories=("a",)), ["1 of 2 rows"]),
        ([1, 1, None, None], pl.Int64, Column("x", "integer", nullable=True, unique=True), ["1 of 4 rows"]),
    ],
)  # fmt: skip
def test_a_rule_is_asked_of_every_type_it_is_for(values, dtype, column, says):
    assert broken(values, column, dtype) == says


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize(
    "bound", ["2024-01-01", "2024-01-01 00:00", "2024-01-01T00:00:00Z", "2024-01-01T01:00+01:00"]
)
def test_timestamps_of_every_zone_and_unit_are_compared_in_utc(zone, unit, bound):
    moments = pl.Series("x", [dt.datetime(2023, 12, 31, 23, 59), dt.datetime(2024, 1, 1)])  # noqa: DTZ001 zoned next
    zoned = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else moments
    frame = zoned.dt.cast_time_unit(unit).to_frame().lazy()
    [finding] = check_table(
        frame, TableSchema((Column("x", "timestamp", minimum=bound, maximum="9999-12-31"),))
    )
    assert "in 1 of 2 rows" in finding.what


def test_a_finding_shows_the_first_three_rows_that_break_the_rule():
    [finding] = check([5, -1, 7, -2, -3, -4], Column("x", "integer", minimum=0))
    assert finding.what == "column 'x' breaks '≥ 0' in 4 of 6 rows"
    assert finding.evidence == "row 2: -1, row 4: -2, row 5: -3"


def test_a_broken_key_shows_all_its_columns():
    frame = pl.LazyFrame({"a": [1, 1, 1], "b": ["x", "y", "x"]})
    [finding] = check_table(frame, TableSchema((Column("a"), Column("b")), key=("a", "b")))
    assert (finding.what, finding.evidence) == (
        "the key breaks '(a, b) is unique' in 1 of 3 rows",
        "row 3: 1, 'x'",
    )


def test_missing_values_are_alike_in_a_key():
    frame = pl.LazyFrame({"a": [float("nan"), None]})
    [finding] = check_table(frame, TableSchema((Column("a", "number", nullable=True),), key=("a",)))
    assert "1 of 2 rows" in finding.what


@pytest.mark.parametrize("pattern", ["(", "[a", "*a", "(?P<n"])
def test_a_pattern_that_is_none_is_a_finding(pattern):
    [finding] = check(["a"], Column("x", "string", pattern=pattern))
    assert (finding.code, finding.column) == ("PPF306", "x")


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["a"], Column("x", minimum=0)),
        ([1], Column("x", maximum="2024-01-01")),
        ([dt.date(2024, 1, 1)], Column("x", "date", minimum="tomorrow")),
    ],
)
def test_a_bound_that_cannot_be_compared_with_the_column_is_a_finding(values, column):
    [finding] = check(values, column)
    assert finding.code == "PPF306"


def test_a_column_of_another_type_is_one_finding_and_not_asked_its_rules():
    [finding] = check(["a", None], Column("x", "integer", minimum=0))
    assert (finding.code, finding.what) == ("PPF302", "column 'x' is string, the contract says integer")


def test_a_column_of_nulls_alone_satisfies_any_nullable_type():
    assert check([None, None], Column("x", "integer", nullable=True, minimum=0, unique=True)) == []


def test_nested_columns_can_be_unique():
    [finding] = check([[1], [1]], Column("x", unique=True))
    assert "1 of 2 rows" in finding.what


def test_an_empty_table_breaks_only_a_least_number_of_rows():
    schema = TableSchema((Column("x", "integer", minimum=0, unique=True),), key=("x",), min_rows=1)
    [finding] = check_table(pl.LazyFrame({"x": pl.Series([], dtype=pl.Int64)}), schema)
    assert (finding.code, finding.what) == ("PPF305", "0 rows, the contract says at least 1")


def test_a_table_without_columns_lacks_those_of_its_schema():
    [finding] = check_table(pl.LazyFrame(), TableSchema((Column("x"), Column("y", required=False))))
    assert (finding.code, finding.column) == ("PPF301", "x")


def test_too_many_rows_and_extra_columns_are_found():
    schema = TableSchema((Column("x"),), max_rows=1, extra_columns="refuse")
    findings = check_table(pl.LazyFrame({"x": [1, 2], "z": [1, 2]}), schema)
    assert [finding.code for finding in findings] == ["PPF304", "PPF305"]


def test_a_column_may_be_named_like_a_row_number():
    frame = pl.LazyFrame({"row": [1, -1], "rows": [1, 1]})
    [finding] = check_table(frame, TableSchema((Column("row", "integer", minimum=0),)))
    assert finding.evidence == "row 2: -1"


@pytest.mark.parametrize("kind", [pl.Null, pl.String])
def test_a_column_without_rows_has_no_type_yet(kind):
    table = pl.DataFrame({"day": pl.Series([], dtype=kind)}).lazy()
    assert check_table(table, TableSchema((Column("day", "date"),))) == []
