"""Whether rows given as dicts keep a schema."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.contracts.constraints import has_digits
from pipeproof.contracts.rows import breaks, breaks_together, compare
from pipeproof.model.contract import Column, Comparison, Limit, Statistic, TableSchema


def rules(value, column):
    return [broken.rule for broken in breaks({"x": value}, TableSchema((column,)))]


@pytest.mark.parametrize(
    ("value", "column", "broken"),
    [
        (1, Column("x", "integer"), []),
        (True, Column("x", "integer"), ["type"]),
        (1.0, Column("x", "integer"), ["type"]),
        (1, Column("x", "number"), []),
        (Decimal("1.5"), Column("x", "number"), []),
        (1.5, Column("x", "decimal"), []),
        (1, Column("x", "boolean"), ["type"]),
        (dt.datetime(2024, 1, 1), Column("x", "date"), ["type"]),  # noqa: DTZ001 a plain timestamp
        (dt.date(2024, 1, 1), Column("x", "timestamp"), ["type"]),
        ("2024-01-01", Column("x", "date"), ["type"]),
        (None, Column("x", "integer"), ["nullable"]),
        (float("nan"), Column("x", "number"), ["nullable"]),
        (float("nan"), Column("x", "number", nullable=True, maximum=1), []),
        (None, Column("x", "integer", nullable=True, minimum=0, categories=(1,)), []),
        (0, Column("x", "integer", minimum=0, minimum_open=True), ["minimum"]),
        (1, Column("x", "integer", maximum=1), []),
        (True, Column("x", categories=(1,)), ["categories"]),
        (1.0, Column("x", "number", categories=(1,)), []),
        (dt.date(2024, 1, 2), Column("x", "date", categories=("2024-01-01",)), ["categories"]),
        ("ABCD", Column("x", "string", pattern="[A-Z]{3}"), ["pattern"]),
        ("ABC\n", Column("x", "string", pattern="^[A-Z]{3}$"), ["pattern"]),
        ("é", Column("x", "string", min_length=2, max_length=3), ["min_length"]),
        ("abcd", Column("x", "string", max_length=3), ["max_length"]),
        (5, Column("x", pattern="a", max_length=1), []),
        ("a", Column("x", minimum=0), ["minimum"]),
        ("a", Column("x", "string", pattern="("), ["pattern"]),
        (dt.date(2024, 1, 1), Column("x", "date", maximum="never"), ["maximum"]),
        ("a@b.org", Column("x", "string", format="email"), []),
        ("a@b", Column("x", "string", format="email"), ["format"]),
        ("a", Column("x", "string", format="no such format"), ["format"]),
        (0.3, Column("x", "number", multiple_of=0.1), []),
        (0.35, Column("x", "number", multiple_of=0.1), ["multiple_of"]),
        (Decimal("1.50"), Column("x", "decimal", multiple_of=0.25), []),
        (float("inf"), Column("x", "number", multiple_of=1, scale=1), ["multiple_of", "digits"]),
        (7, Column("x", "integer", multiple_of=2), ["multiple_of"]),
        (999.99, Column("x", "decimal", precision=5, scale=2), []),
        (1000, Column("x", "decimal", precision=5, scale=2), ["digits"]),
        (9.999, Column("x", "decimal", precision=5, scale=2), ["digits"]),
        (0.00001, Column("x", "decimal", precision=5), []),
        (10.0001, Column("x", "decimal", precision=5), ["digits"]),
        (-12345.0, Column("x", "number", precision=5), []),
        (Decimal("1.10"), Column("x", "decimal", scale=1), []),
        ([], Column("x", "list", min_items=1), ["min_items"]),
        ([1, 2], Column("x", "list", max_items=1), ["max_items"]),
        ((1, None), Column("x", "list", items=Column("items", "integer")), ["items.nullable"]),
        ([1, 3, 3], Column("x", "list", items=Column("items", "integer", maximum=2)), ["items.maximum"]),
        ([[1], []], Column("x", "list", items=Column("items", "list", min_items=1)), ["items.min_items"]),
        (
            [["a"]],
            Column("x", "list", items=Column("", "list", items=Column("", "integer"))),
            ["items.items.type"],
        ),
        (
            [{"zip": "x"}, {}],
            Column("x", "list", items=Column("", "struct", fields=(Column("zip", pattern="[0-9]"),))),
            ["items.zip.pattern", "items.zip.missing_column"],
        ),
        ("a", Column("x", "list"), ["type"]),
        ([1], Column("x", "struct"), ["type"]),
        (
            dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            Column("x", "timestamp", minimum="2024-01-01T00:00:00Z"),
            [],
        ),
    ],
)
def test_a_value_breaks_just_these_rules(value, column, broken):
    assert rules(value, column) == broken


def test_a_required_column_must_be_there():
    [broken] = breaks({}, TableSchema((Column("x"), Column("y", required=False))))
    assert (broken.column, broken.rule) == ("x", "missing_column")


def test_a_column_that_is_not_listed_is_refused_where_the_schema_says_so():
    [broken] = breaks({"x": 1, "z": 2}, TableSchema((Column("x"),), extra_columns="refuse"))
    assert (broken.column, broken.rule) == ("z", "extra_columns")


def test_the_field_of_a_struct_is_named_by_its_path():
    address = Column(
        "address", "struct", fields=(Column("zip", "string", pattern="[0-9]{5}"), Column("town"))
    )
    found = [
        (broken.column, broken.rule) for broken in breaks({"address": {"zip": "1"}}, TableSchema((address,)))
    ]
    assert found == [("address.zip", "pattern"), ("address.town", "missing_column")]


@given(st.integers(-2000, 2000), st.integers(1, 4), st.integers(0, 3))
def test_digits_are_those_that_sql_holds(number, precision, scale):
    fits = any(
        Decimal(unscaled).scaleb(-scale) == Decimal(number) / 100
        for unscaled in range(-(10**precision) + 1, 10**precision)
    )
    assert has_digits(number / 100, precision, scale) == fits


@pytest.mark.parametrize(
    ("left", "operator", "right", "holds"),
    [
        (1, "<", 1.5, True),
        (Decimal("1.5"), "==", 1.5, True),
        ("b", ">", "a", True),
        ("a", "<", 1, None),
        (True, "==", 1, None),
        ([1], "==", [1], None),
        (dt.date(2024, 1, 2), ">=", dt.datetime(2024, 1, 2), True),  # noqa: DTZ001 a plain timestamp
        (dt.date(2024, 1, 2), ">", dt.datetime(2024, 1, 2), False),  # noqa: DTZ001 a plain timestamp
        (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "!=", dt.datetime(2024, 1, 1), False),  # noqa: DTZ001 a plain timestamp
    ],
)
def test_values_of_alike_types_are_compared(left, operator, right, holds):
    assert compare(left, operator, right) is holds


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"a": 1, "b": 2}, []),
        ({"a": 2, "b": 1}, ["a <= b"]),
        ({"a": None, "b": 1}, []),
        ({"a": 1}, []),
        ({"a": "x", "b": 1}, ["a <= b; string and integer are unlike"]),
    ],
)
def test_a_row_keeps_a_comparison_where_a_value_is_missing(row, says):
    schema = TableSchema(comparisons=(Comparison("a", "<=", "b"),))
    assert [broken.says for broken in breaks(row, schema)] == says


@pytest.mark.parametrize(
    ("values", "schema", "broken"),
    [
        ([1, 1], TableSchema((Column("x", unique=True),)), ["unique"]),
        ([None, None, 1], TableSchema((Column("x", nullable=True, unique=True),)), []),
        ([None, None], TableSchema((Column("x", nullable=True),), key=("x",)), ["key"]),
        ([1, 2], TableSchema((Column("x"),), key=("x",)), []),
        ([1], TableSchema((Column("x"),), min_rows=2), ["min_rows"]),
        ([1, 2], TableSchema((Column("x"),), max_rows=1), ["max_rows"]),
        ([1, None, 2, 2], TableSchema((Column("x", nullable=True, order="ascending"),)), []),
        ([1, 3, 2], TableSchema((Column("x", order="ascending"),)), ["order"]),
        ([3, 2, 2], TableSchema((Column("x", order="descending"),)), []),
        ([1, "a"], TableSchema((Column("x", order="descending"),)), ["order"]),
        ([[1], [1]], TableSchema((Column("x", unique=True),)), ["unique"]),
        ([{"a": 1}, {"a": 2}], TableSchema((Column("x"),), key=("x",)), []),
        ([1, 2], TableSchema((Column("x"),), statistics=(Statistic("x", "mean", maximum=1.5),)), []),
        ([1, 2], TableSchema((Column("x"),), statistics=(Statistic("x", "mean", minimum=2),)), ["mean"]),
        ([], TableSchema((Column("x"),), statistics=(Statistic("x", "mean", minimum=2),)), []),
        ([5, 6], TableSchema((Column("x", maximum=4, limits=(Limit("maximum", rows=1),)),)), ["maximum"]),
        ([5, 1], TableSchema((Column("x", maximum=4, limits=(Limit("maximum", rows=1),)),)), []),
        ([5, 1], TableSchema((Column("x", maximum=4, limits=(Limit("maximum", share=0.5),)),)), []),
        (
            [5, 1, 1],
            TableSchema((Column("x", maximum=4, limits=(Limit("maximum", share=0.3),)),)),
            ["maximum"],
        ),
        ([1, 1], TableSchema((Column("x"),), key=("x",), limits=(Limit("key", rows=1),)), []),
        (["a", 1], TableSchema((Column("x", "integer", limits=(Limit("type", rows=1),)),)), ["type"]),
        (
            [[5]],
            TableSchema((Column("x", items=Column("", maximum=4), limits=(Limit("items", rows=1),)),)),
            [],
        ),
        (
            [{"a": 5}],
            TableSchema((Column("x", fields=(Column("a", maximum=4),), limits=(Limit("fields", rows=1),)),)),
            [],
        ),
        (
            [{"a": 5}],
            TableSchema((Column("x", fields=(Column("a", maximum=4, limits=(Limit("maximum", rows=1),)),)),)),
            [],
        ),
    ],
)
def test_a_table_breaks_just_these_rules(values, schema, broken):
    assert [found.rule for found in breaks_together([{"x": value} for value in values], schema)] == broken
