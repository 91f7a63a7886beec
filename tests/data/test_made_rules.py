"""Made tables under all rules of the model: formats, digits, lists, order, comparisons, conditions, statistics."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.data.cases import edge_cases, malformed_cases, narrow
from pipeproof.data.checking.edges import check_table
from pipeproof.data.synth import make_table
from pipeproof.errors import ContractError
from pipeproof.model.contract import Column, Comparison, Condition, Statistic, TableSchema
from pipeproof.model.trial import STANDARD, Case

ROWS = 60
QUICK = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))

NUMBERS = st.sampled_from(
    [
        {"multiple_of": 5},
        {"multiple_of": 0.25},
        {"multiple_of": 0.1, "minimum": 0, "maximum": 9},
        {"scale": 1},
        {"scale": 2, "minimum": -3, "maximum": 3},
        {"precision": 5, "scale": 2},
        {"precision": 3},
        {"precision": 6, "scale": 3, "multiple_of": 0.5},
    ]
)
TEXTS = st.sampled_from([{"format": name} for name in TEXT_FORMATS]) | st.sampled_from(
    [
        {"format": "email", "max_length": 24},
        {"format": "hostname", "pattern": "[a-z.]{3,9}"},
        {"generator": "city"},
        {"generator": "company", "min_length": 12},
        {},
    ]
)
SIMPLE = {
    "integer": st.sampled_from([{}, {"multiple_of": 7}, {"precision": 2}, {"minimum": 1, "maximum": 9}]),
    "number": NUMBERS,
    "decimal": NUMBERS,
    "string": TEXTS,
    "date": st.just({}),
    "boolean": st.just({}),
}


@st.composite
def inner_columns(draw, name):
    kind = draw(st.sampled_from(list(SIMPLE)))
    return Column(name, kind, nullable=draw(st.booleans()), **draw(SIMPLE[kind]))


@st.composite
def columns(draw, name):
    shape = draw(st.sampled_from(["simple", "simple", "list", "struct", "order"]))
    nullable = draw(st.booleans())
    if shape == "list":
        fewest = draw(st.integers(0, 2))
        most = draw(st.none() | st.integers(fewest, 4))
        items = draw(inner_columns("items"))
        return Column(name, "list", nullable, items=items, min_items=fewest, max_items=most)
    if shape == "struct":
        fields = tuple(draw(inner_columns(field)) for field in ("a", "b")[: draw(st.integers(1, 2))])
        return Column(name, "struct", nullable, fields=fields)
    column = draw(inner_columns(name))
    if shape == "order" and column.type != "boolean":
        order = draw(st.sampled_from(["ascending", "descending"]))
        return Column(
            name, column.type, nullable, unique=draw(st.booleans()) and column.type != "string", order=order
        )
    return column


@st.composite
def schemas(draw):
    names = ("alpha", "email", "c", "last_name")[: draw(st.integers(1, 4))]
    listed = tuple(draw(columns(name)) for name in names)
    return TableSchema(listed, min_rows=draw(st.sampled_from([0, 1, 5])))


def made(schema, case=STANDARD, seed=0, **given):
    try:
        return make_table(schema, case, rows=ROWS, seed=seed, name="t", **given)
    except ContractError:
        reject()


@given(schemas(), st.integers(0, 99))
@QUICK
def test_ordinary_tables_keep_every_rule_of_values(schema, seed):
    assert check_table(made(schema, seed=seed).lazy(), schema) == []


@given(schemas(), st.data())
@QUICK
def test_edges_keep_every_rule_of_values(schema, data):
    cases = (*edge_cases(schema), Case("edge", "all"))
    case = data.draw(st.sampled_from(cases))
    case = data.draw(st.sampled_from([case, *narrow(case, schema)]))
    assert check_table(made(schema, case).lazy(), schema) == []


@given(schemas(), st.data())
@QUICK
def test_one_broken_rule_is_found_as_that_rule(schema, data):
    cases = [
        case for case in malformed_cases(schema) if case.name not in {"min_rows", "type", "missing_column"}
    ]
    assume(cases)
    case = data.draw(st.sampled_from(cases))
    findings = check_table(made(schema, case).lazy(), schema)
    assert [(finding.column, finding.rule) for finding in findings] == [(case.column, case.name)]


# Rules between columns

DAY = {"minimum": "2024-01-01", "maximum": "2024-03-01"}
COMPARED = {
    "integer": [
        {},
        {"minimum": 5},
        {"maximum": 20},
        {"minimum": 0, "maximum": 30},
        {"categories": (3, 9, 27)},
    ],
    "number": [{}, {"minimum": 0.5, "maximum": 99.5}, {"maximum": 7}],
    "date": [{}, DAY],
    "timestamp": [{}, {"minimum": "2024-01-01 00:00:00"}],
    "string": [{}, {"format": "uuid"}, {"generator": "city"}],
}
OPERATORS = ("<=", "<", ">=", ">", "==", "!=")


@st.composite
def compared(draw):
    kind = draw(st.sampled_from(list(COMPARED)))
    names = ("a", "b", "c", "d")[: draw(st.integers(2, 4))]
    listed = tuple(
        Column(name, kind, draw(st.booleans()), **draw(st.sampled_from(COMPARED[kind]))) for name in names
    )
    pairs = draw(st.lists(st.sampled_from(list(pairwise(names))), min_size=1, unique=True))
    rules = tuple(Comparison(left, draw(st.sampled_from(OPERATORS)), right) for left, right in pairs)
    return TableSchema(listed, comparisons=rules)


def breaches(table, schema):
    rows = table.drop_nulls()
    kept = {
        "<=": lambda a, b: a <= b,
        "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b,
        ">": lambda a, b: a > b,
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
    }
    return {
        rule.name: count
        for rule in schema.comparisons
        if (count := int((~kept[rule.operator](rows[rule.left], rows[rule.right])).sum()))
    }


@given(compared(), st.integers(0, 9))
@QUICK
def test_each_row_keeps_comparisons(schema, seed):
    table = made(schema, seed=seed)
    assert breaches(table, schema) == {}
    assert check_table(table.lazy(), schema) == []


CHAIN = TableSchema(
    (Column("ordered", "date"), Column("sent", "date"), Column("arrived", "date", nullable=True)),
    comparisons=(Comparison("ordered", "<=", "sent"), Comparison("sent", "<", "arrived")),
)


def test_a_chain_of_dates_is_mostly_not_at_its_ends():
    table = make_table(CHAIN, rows=2000, seed=1, name="t").drop_nulls()
    waits = (table["arrived"] - table["sent"]).dt.total_days()
    assert waits.min() >= 1
    assert waits.median() > 5


@pytest.mark.parametrize("rule", CHAIN.comparisons, ids=lambda rule: rule.name)
def test_a_comparison_is_broken_in_one_row(rule):
    case = Case("malformed", rule.name, rule.left)
    assert case.name in {known.name for known in malformed_cases(CHAIN)}
    assert breaches(make_table(CHAIN, case, rows=50, seed=1, name="t"), CHAIN) == {rule.name: 1}


def test_a_comparison_that_bounds_rule_out_is_told():
    schema = TableSchema(
        (Column("a", "integer", minimum=10), Column("b", "integer", maximum=9)),
        comparisons=(Comparison("a", "<=", "b"),),
    )
    with pytest.raises(ContractError, match=r"PPF309|PPF351"):
        make_table(schema, rows=9, seed=1, name="t")


def test_a_comparison_of_two_keys_that_do_not_meet_is_told():
    schema = TableSchema(
        (Column("a", "integer", unique=True), Column("b", "integer", unique=True)),
        comparisons=(Comparison("a", "<", "b"),),
    )
    with pytest.raises(ContractError, match=r"PPF351.*a < b"):
        make_table(schema, rows=50, seed=1, name="t")


PRICED = TableSchema(
    (Column("price", "number", minimum=0, maximum=100), Column("pieces", "integer", minimum=1, maximum=20)),
    conditions=(
        Condition("no free samples", "price * pieces > 5"),
        Condition("few dear ones", "pieces < 15 OR price < 80"),
    ),
)


def test_each_row_keeps_conditions():
    table = make_table(PRICED, rows=3000, seed=1, name="t")
    assert (table["price"] * table["pieces"] > 5).all()
    assert ((table["pieces"] < 15) | (table["price"] < 80)).all()


def test_a_condition_is_broken_in_one_row_that_keeps_the_others():
    case = Case("malformed", "few dear ones")
    table = make_table(PRICED, case, rows=300, seed=1, name="t")
    assert ((table["pieces"] < 15) | (table["price"] < 80)).sum() == 299
    assert (table["price"] * table["pieces"] > 5).all()


def test_a_condition_that_no_row_keeps_is_told():
    schema = TableSchema(PRICED.columns, conditions=(Condition("huge", "price > 1000"),))
    with pytest.raises(ContractError, match=r"PPF352.*'huge'"):
        make_table(schema, rows=50, seed=1, name="t")


def test_a_condition_that_no_row_can_break_is_told():
    schema = TableSchema(PRICED.columns, conditions=(Condition("always", "price >= 0"),))
    with pytest.raises(ContractError, match=r"PPF353.*always"):
        make_table(schema, Case("malformed", "always"), rows=50, seed=1, name="t")


# Statistics


def table_with(column, *statistics, rows=4000):
    return make_table(TableSchema((column,), statistics=statistics), rows=rows, seed=3, name="t")[column.name]


def test_the_share_of_missing_values_is_what_statistics_ask_for():
    values = table_with(Column("x", "number", nullable=True), Statistic("x", "missing", 0.3, 0.32))
    assert values.null_count() == 1240


@pytest.mark.parametrize(
    ("measure", "low", "high", "of"),
    [
        ("mean", 700, 710, None),
        ("median", 90, 110, None),
        ("quantile", 900, 920, 0.9),
        ("std", 95, 105, None),
    ],
)
def test_numbers_have_the_statistics_that_are_asked_for(measure, low, high, of):
    column = Column("x", "number", minimum=0, maximum=1000)
    values = table_with(column, Statistic("x", measure, low, high, of=of))
    seen = values.quantile(of, "linear") if measure == "quantile" else getattr(values, measure)()
    assert low <= seen <= high


def test_quantiles_and_a_mean_hold_together():
    column = Column("x", "integer", minimum=0, maximum=1000)
    asked = (
        Statistic("x", "quantile", 95, 105, of=0.25),
        Statistic("x", "median", 190, 210),
        Statistic("x", "mean", 225, 235),
    )
    values = table_with(column, *asked)
    assert 95 <= values.quantile(0.25, "linear") <= 105
    assert 190 <= values.median() <= 210
    assert 225 <= values.mean() <= 235


def test_amounts_near_one_end_of_a_wide_range_are_spread_as_amounts_are():
    column = Column("x", "number", minimum=0, maximum=5000)
    asked = (
        Statistic("x", "mean", 30, 60),
        Statistic("x", "median", 20, 60),
        Statistic("x", "quantile", maximum=300, of=0.99),
    )
    low, middle, high = (table_with(column, *asked).quantile(level, "linear") for level in (0.25, 0.5, 0.75))
    assert 10 < low < 0.8 * middle
    assert 1.2 * middle < high < 150


def test_categories_have_the_shares_that_are_asked_for():
    column = Column("c", "string", categories=("a", "b", "c"))
    asked = (Statistic("c", "share", 0.6, 0.62, of="b"), Statistic("c", "share", 0.05, 0.07, of="a"))
    counts = dict(table_with(column, *asked).value_counts().iter_rows())
    assert (counts["b"], counts["a"]) == (2440, 240)


def test_a_share_of_different_values_is_what_is_asked_for():
    values = table_with(Column("x", "integer"), Statistic("x", "distinct", 0.2, 0.22))
    assert 0.2 <= values.n_unique() / len(values) <= 0.22


def test_the_ends_of_numbers_are_where_statistics_want_them():
    column = Column("x", "number", minimum=0, maximum=1000)
    values = table_with(column, Statistic("x", "maximum", 500, 600), Statistic("x", "minimum", 100, 120))
    assert 500 <= values.max() <= 600
    assert 100 <= values.min() <= 120


# Realistic texts


def test_names_and_address_of_one_row_are_of_one_person():
    schema = TableSchema(tuple(Column(name, "string") for name in ("first_name", "last_name", "email")))
    table = make_table(schema, rows=200, seed=1, name="customers")
    plain = table.filter(
        pl.col("last_name").str.contains("^[A-Za-z]+$") & pl.col("first_name").str.contains("^[A-Za-z]+$")
    )
    assert plain.height > 50
    for first, last, email in plain.iter_rows():
        assert email.startswith(f"{first}.{last}".lower())


def test_unique_addresses_differ_in_a_large_table():
    schema = TableSchema(
        (
            Column("name", "string", generator="full_name"),
            Column("email", "string", unique=True, format="email"),
        )
    )
    table = make_table(schema, rows=100_000, seed=1, name="t")
    assert table["email"].n_unique() == 100_000
    assert table["email"].str.contains(f"^(?:{TEXT_FORMATS['email']})$").all()


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("shipping_city", "^[^0-9]+$"),
        ("currency", "^[A-Z]{3}$"),
        ("customerEmail", ".+@.*example"),
        ("Telefonnummer", r"^\+1\d{10}$"),
        ("ip_address", r"^10\.\d+\.\d+\.\d+$"),
        ("product_id", r"^product_id-\d+$"),
    ],
)
def test_the_name_of_a_column_tells_what_its_texts_are_like(name, like):
    values = make_table(TableSchema((Column(name, "string"),)), rows=100, seed=1, name="t")[name]
    assert values.str.contains(like).all()


def test_latitudes_end_at_the_poles_and_births_are_of_adults():
    schema = TableSchema((Column("latitude", "number"), Column("birth_date", "date")))
    table = make_table(schema, rows=500, seed=1, name="t", around=dt.date(2024, 1, 1))
    assert table["latitude"].is_between(-90, 90).all()
    assert table["birth_date"].max() <= dt.date(2006, 1, 1)


def test_sorted_values_rise_over_blocks():
    schema = TableSchema((Column("at", "timestamp", unique=True, order="ascending"),))
    values = make_table(schema, rows=150_000, seed=1, name="t")["at"]
    assert (np.diff(values.to_physical().to_numpy()) > 0).all()


def test_a_column_without_bounds_stays_within_the_categories_that_it_is_compared_with():
    schema = TableSchema(
        (Column("low", "number", nullable=False), Column("step", "integer", categories=(-16, -10, -8))),
        comparisons=(Comparison("step", ">", "low"),),
    )
    table = make_table(schema, rows=200, seed=1, name="t")
    assert table.filter(table["step"] <= table["low"]).is_empty()
    assert table["low"].max() < -8
