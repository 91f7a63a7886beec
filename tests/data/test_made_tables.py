"""Made tables: the laws that what is made keeps its schema, and that what is broken breaks one rule only."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeproof.data.cases import edge_cases, malformed_cases, narrow
from pipeproof.data.checking.edges import check_table
from pipeproof.data.synth import make_table
from pipeproof.errors import ContractError
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.trial import STANDARD, Case

ROWS = 40
QUICK = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
PATTERNS = [
    "[A-Z]{3}",
    "[A-Z0-9]{2}",
    r"N\d{1,5}[A-Z]?",
    "(yes|no)",
    r"\w+@\w+\.com",
    "a*",
    ".{2,9}",
    "(?i)ab?",
    r"(^x\d$)",
]


@st.composite
def bounds(draw, values):
    """Draw bounds of which the first is the smaller, either of them open or absent."""
    low, high = sorted((draw(values), draw(values)))
    return {
        "minimum": draw(st.none() | st.just(low)),
        "maximum": draw(st.none() | st.just(high)),
        "minimum_open": draw(st.booleans()),
        "maximum_open": draw(st.booleans()),
    }


WHOLE = st.integers(-50, 50) | st.integers(-(10**12), 10**12)
REAL = st.floats(-1e6, 1e6).map(lambda number: round(number, 6)) | st.sampled_from(
    [0.0, 0.1, 0.3, 1e-9, 1e12]
)
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(str)
MOMENTS = st.tuples(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), st.times()).map(
    lambda at: f"{at[0]} {at[1]}"
)
TIMES = st.times().map(str)
RULES = {
    "integer": bounds(WHOLE)
    | st.fixed_dictionaries({"categories": st.lists(WHOLE, min_size=1, max_size=6, unique=True).map(tuple)}),
    "number": bounds(REAL) | bounds(WHOLE),
    "decimal": bounds(REAL) | st.just({}),
    "boolean": st.just({}),
    "date": bounds(DAYS),
    "timestamp": bounds(MOMENTS),
    "time": bounds(TIMES),
    "string": st.one_of(
        st.just({}),
        st.sampled_from(PATTERNS).map(lambda pattern: {"pattern": pattern}),
        st.lists(st.text("abcé ,", max_size=4), min_size=1, max_size=5, unique=True).map(
            lambda c: {"categories": tuple(c)}
        ),
        st.tuples(st.integers(0, 4), st.integers(4, 12)).map(
            lambda n: {"min_length": n[0], "max_length": n[1]}
        ),
        st.text("bcd", min_size=1, max_size=3).map(lambda low: {"minimum": low}),
        st.text("bcd", min_size=1, max_size=3).map(lambda high: {"maximum": high}),
    ),
}


@st.composite
def columns(draw, name):
    kind = draw(st.sampled_from(list(RULES)))
    rules = draw(RULES[kind])
    unique = draw(st.booleans()) and draw(st.booleans())
    return Column(name, kind, nullable=draw(st.booleans()), unique=unique, **rules)


@st.composite
def schemas(draw):
    listed = tuple(draw(columns(name)) for name in ("alpha", "b", "c_c", "delta")[: draw(st.integers(1, 4))])
    key = tuple(draw(st.lists(st.sampled_from([column.name for column in listed]), max_size=3, unique=True)))
    low = draw(st.sampled_from([0, 0, 1, 5]))
    high = draw(st.sampled_from([None, None, low, 30]))
    return TableSchema(listed, key, low, high, draw(st.sampled_from(["allow", "refuse"])))


def made(schema, case=STANDARD, seed=0, **given):
    """Make a table; contracts that allow too few values are none of the law."""
    try:
        return make_table(schema, case, rows=ROWS, seed=seed, name="t", **given)
    except ContractError:
        reject()


@given(schemas(), st.integers(0, 99))
@QUICK
def test_an_ordinary_table_keeps_its_schema(schema, seed):
    assert check_table(made(schema, seed=seed).lazy(), schema) == []


@given(schemas(), st.data())
@QUICK
def test_a_table_at_the_edge_keeps_its_schema(schema, data):
    cases = edge_cases(schema)
    assume(cases)
    case = data.draw(st.sampled_from(cases))
    case = data.draw(st.sampled_from([case, *narrow(case, schema)]))
    assert check_table(made(schema, case).lazy(), schema) == []


CODES = {"missing_column": "PPF301", "type": "PPF302", "extra_columns": "PPF304", "min_rows": "PPF305"}


@given(schemas(), st.data())
@QUICK
def test_a_malformed_table_breaks_the_rule_of_its_case_and_no_other(schema, data):
    case = data.draw(st.sampled_from(malformed_cases(schema)))
    # Where a contract allows one row only, a second one repeats whatever else is unique.
    assume(case.name not in {"unique", "key"} or made(schema).height > 1)
    findings = check_table(made(schema, case).lazy(), schema)
    assert [finding.code for finding in findings][:1] == [CODES.get(case.name, "PPF303")]
    if case.column:
        assert {finding.column for finding in findings if finding.rule != "key"} == {case.column}
    if not (case.name == "unique" and case.column in schema.key):  # a unique column may be the key besides
        assert len(findings) == 1


FLIGHTS = TableSchema(
    (
        Column("id", "integer", unique=True, minimum=1),
        Column("carrier", "string", categories=("UA", "B6", "AA", "OO")),
        Column("tail", "string", nullable=True),
        Column("delay", "number", nullable=True),
        Column("day", "date"),
        Column("at", "timestamp"),
        Column("code", "string", pattern="[A-Z]{3}"),
    ),
    key=("day", "code"),
)


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    assert_frame_equal(made(FLIGHTS, seed=3), made(FLIGHTS, seed=3))
    assert not made(FLIGHTS, seed=3).equals(made(FLIGHTS, seed=4))


def test_neither_the_order_of_columns_nor_a_further_one_changes_the_others():
    plain = TableSchema(FLIGHTS.columns[:4])
    turned = TableSchema((*reversed(plain.columns), Column("more", "integer")))
    assert_frame_equal(made(plain), made(turned).select(plain.names))


def test_many_rows_in_blocks_begin_as_one_block_does():
    schema = TableSchema((Column("x", "number"), Column("c", "string", categories=("a", "b"))))
    many = make_table(schema, rows=150_000, seed=1, name="t")
    assert many.height == 150_000
    assert_frame_equal(many.head(65_536), make_table(schema, rows=65_536, seed=1, name="t"))


def test_ordinary_numbers_lie_between_0_and_1000_and_one_bound_gives_a_width_beside_it():
    schema = TableSchema(
        (
            Column("free", "number"),
            Column("low", "integer", minimum=100_000),
            Column("high", "number", maximum=50),
        )
    )
    table = make_table(schema, rows=500, seed=1, name="t")
    assert table["free"].is_between(0, 1000).all()
    assert table["low"].is_between(100_000, 200_000).all()
    assert table["high"].is_between(0, 50).all()


def test_dates_without_bounds_end_on_the_day_that_is_named():
    day = dt.date(2013, 7, 3)
    table = make_table(TableSchema(FLIGHTS.columns), rows=2000, seed=1, name="t", around=day)
    assert (table["day"].max(), table["at"].dt.date().max()) == (day, day)
    assert table["day"].min() == day - dt.timedelta(days=89)


def test_all_categories_are_there_the_first_ones_more_often():
    counts = dict(make_table(FLIGHTS, rows=4000, seed=1, name="t")["carrier"].value_counts().iter_rows())
    assert counts["UA"] > counts["B6"] > counts["AA"] > counts["OO"] > 0


def test_about_a_tenth_of_a_nullable_column_is_missing():
    share = make_table(FLIGHTS, rows=4000, seed=1, name="t")["tail"].null_count() / 4000
    assert 0.07 < share < 0.13


def test_plain_text_is_a_word_of_the_column_with_a_number():
    assert made(FLIGHTS)["tail"].drop_nulls().str.contains(r"^tail-\d{3}$").all()


@pytest.mark.parametrize("column", ["", "tail"])
def test_the_edge_of_missing_values_has_a_row_without_any_and_many_more(column):
    table = made(FLIGHTS, Case("edge", "nulls", column))
    assert table["tail"][0] is None
    assert table["tail"].null_count() > ROWS / 4
    assert (table["delay"].null_count() == 0) == bool(column)


def test_the_extremes_are_all_there():
    schema = TableSchema(
        (Column("x", "integer", minimum=0, maximum=9), Column("y", "number"), Column("t", "string"))
    )
    table = made(schema, Case("edge", "extremes"))
    assert {0, 9} <= set(table["x"])
    assert {0.0, 1.0, -1.0, 1e6, -1e6} <= set(table["y"])
    assert {"", "  spaces around  ", 'a "quoted", text'} <= set(table["t"])


def test_rare_values_are_there_although_there_are_fewer_rows_than_categories():
    schema = TableSchema((Column("c", "string", categories=tuple(f"k{number}" for number in range(60))),))
    assert made(schema, Case("edge", "categories"))["c"].n_unique() == 60


def test_the_rare_words_of_a_pattern_come_from_each_of_its_branches():
    schema = TableSchema((Column("c", "string", pattern=r"[A-Z]{5}|x|\d{4}"),))
    words = set(made(schema, Case("edge", "categories"))["c"])
    assert {"x", "AAAAA", "0000"} <= words


def test_duplicates_are_whole_rows():
    table = made(TableSchema(FLIGHTS.columns[1:5]), Case("edge", "duplicates"))
    assert table.height == ROWS
    assert table.is_duplicated().all()


def test_there_are_as_many_rows_as_unique_values_allow():
    schema = TableSchema(
        (Column("c", "string", unique=True, categories=("a", "b", "c")), Column("x", "number"))
    )
    assert sorted(made(schema)["c"]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "schema",
    [
        TableSchema((Column("c", "boolean", unique=True),), min_rows=5),
        TableSchema((Column("a", "boolean"), Column("b", "boolean")), key=("a", "b"), min_rows=5),
        TableSchema((Column("a", "integer", minimum=1, maximum=1, minimum_open=True),), min_rows=1),
        TableSchema(
            (Column("d", "date", unique=True, minimum="2024-01-01", maximum="2024-01-03"),), min_rows=5
        ),
    ],
)
def test_a_contract_that_allows_too_few_values_is_a_clear_error(schema):
    with pytest.raises(ContractError, match=r"PPF309.*no data can be made for t"):
        make_table(schema, rows=ROWS, seed=0, name="t")


def test_a_table_without_rows_has_its_columns_and_types():
    table = made(FLIGHTS, Case("edge", "empty"))
    assert table.height == 0
    assert table.schema == made(FLIGHTS).schema


def test_a_decimal_is_exact_as_money_is():
    table = made(TableSchema((Column("price", "decimal", minimum=0, maximum=100),)))
    assert table["price"].dtype == pl.Decimal(38, 3)
    assert check_table(table.lazy(), TableSchema((Column("price", "decimal", minimum=0, maximum=100),))) == []
