"""Whether rows given as dicts keep a schema."""

import datetime as dt
from decimal import Decimal

import pytest

from pipeproof.contracts.rows import breaks, breaks_together
from pipeproof.model.contract import Column, TableSchema


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
    assert (broken.column, broken.rule) == ("x", "missing")


def test_a_column_that_is_not_listed_is_refused_where_the_schema_says_so():
    [broken] = breaks({"x": 1, "z": 2}, TableSchema((Column("x"),), extra_columns="refuse"))
    assert (broken.column, broken.rule) == ("z", "extra")


@pytest.mark.parametrize(
    ("values", "schema", "broken"),
    [
        ([1, 1], TableSchema((Column("x", unique=True),)), ["unique"]),
        ([None, None, 1], TableSchema((Column("x", nullable=True, unique=True),)), []),
        ([None, None], TableSchema((Column("x", nullable=True),), key=("x",)), ["key"]),
        ([1, 2], TableSchema((Column("x"),), key=("x",)), []),
        ([1], TableSchema((Column("x"),), min_rows=2), ["min_rows"]),
        ([1, 2], TableSchema((Column("x"),), max_rows=1), ["max_rows"]),
    ],
)
def test_a_table_breaks_just_these_rules(values, schema, broken):
    assert [found.rule for found in breaks_together([{"x": value} for value in values], schema)] == broken
