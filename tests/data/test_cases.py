"""Which cases a schema gives, and how they are said."""

from __future__ import annotations

import pytest

from pipeproof.data.cases import edge_cases, malformed_cases, narrow
from pipeproof.model.contract import Column, Reference, TableSchema


def names(cases):
    return [case.name for case in cases]


def edges(*columns, **rules):
    return names(edge_cases(TableSchema(columns, **rules)))


def broken(column, **rules):
    return names(malformed_cases(TableSchema((column,), **rules)))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("x"), []),
        (Column("x", "boolean"), []),
        (Column("x", "boolean", nullable=True), ["nulls"]),
        (Column("x", "number"), ["extremes"]),
        (Column("x", minimum=3), ["extremes"]),
        (Column("x", "string", references=Reference("a", "b")), []),
        (Column("x", "string", pattern="a+"), ["categories"]),
        (Column("x", categories=(1, 2)), ["categories"]),
    ],
)
def test_a_column_decides_which_edges_there_are(column, expected):
    assert edges(column, min_rows=2, max_rows=1) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, ["empty", "one_row", "duplicates"]),
        ({"min_rows": 1}, ["one_row", "duplicates"]),
        ({"min_rows": 2}, ["duplicates"]),
        ({"max_rows": 1}, ["empty", "one_row"]),
        ({"max_rows": 0}, ["empty"]),
        ({"key": ("x",)}, ["empty", "one_row"]),
    ],
)
def test_the_rows_decide_which_edges_there_are(rules, expected):
    assert edges(Column("x", "boolean"), **rules) == expected


def test_an_edge_is_narrowed_to_the_columns_that_it_is_about():
    schema = TableSchema(
        (Column("a", "integer", nullable=True), Column("b", "integer"), Column("c", "string", nullable=True))
    )
    cases = {case.name: case for case in edge_cases(schema)}
    assert [case.column for case in narrow(cases["nulls"], schema)] == ["a", "c"]
    assert [case.says for case in narrow(cases["nulls"], schema)] == [
        "missing values in a",
        "missing values in c",
    ]
    assert narrow(cases["empty"], schema) == ()
    assert narrow(narrow(cases["nulls"], schema)[0], schema) == ()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("x"), ["missing_column", "nullable"]),
        (Column("x", "integer", nullable=True), ["missing_column", "type"]),
        (Column("x", "integer", nullable=True, required=False), ["type"]),
        (
            Column("x", "integer", nullable=True, minimum=0, maximum=9),
            ["missing_column", "type", "minimum", "maximum"],
        ),
        (
            Column("x", "string", nullable=True, unique=True, pattern="[A-Z]"),
            ["missing_column", "type", "pattern", "unique"],
        ),
        (Column("x", "string", nullable=True, categories=("a",)), ["missing_column", "type", "categories"]),
        (
            Column("x", "string", nullable=True, min_length=1, max_length=2),
            ["missing_column", "type", "min_length", "max_length"],
        ),
    ],
)
def test_each_rule_of_a_column_is_broken_once(column, expected):
    assert broken(column) == expected


def test_a_rule_that_cannot_be_broken_alone_is_left_alone():
    assert "minimum" not in broken(Column("x", "integer", categories=(1, 2), minimum=0))
    assert "key" not in broken(Column("x", "integer", unique=True), key=("x",))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"min_rows": 1}, [("min_rows", "no rows")]),
        ({"min_rows": 1000}, [("min_rows", "999 rows, the least are 1,000")]),
        ({"extra_columns": "refuse"}, [("extra_columns", "a column that the contract does not have")]),
        ({"key": ("x",)}, [("key", "the key (x) twice")]),
    ],
)
def test_the_rules_of_a_table_are_broken_after_those_of_columns(rules, expected):
    cases = malformed_cases(TableSchema((Column("x", nullable=True, required=False),), **rules))
    assert [(case.name, case.says) for case in cases] == expected


@pytest.mark.parametrize(
    ("column", "rule", "says"),
    [
        (Column("wind", "number", minimum=0), "minimum", "wind: -1.0, the least is 0"),
        (
            Column("far", "number", minimum=0, minimum_open=True),
            "minimum",
            "far: 0.0, the least is 0, itself not allowed",
        ),
        (Column("code", "string", pattern="[A-Z]{2}"), "pattern", "code: '?', which does not match [A-Z]{2}"),
        (
            Column("carrier", "string", categories=("UA",)),
            "categories",
            "carrier: a category that the contract does not know ('unknown')",
        ),
        (Column("day", "date"), "type", "day: a text, the type is date"),
        (Column("day", "date"), "missing_column", "no column day"),
    ],
)
def test_a_case_is_said_in_plain_words(column, rule, says):
    cases = {case.name: case for case in malformed_cases(TableSchema((column,)))}
    assert (cases[rule].says, cases[rule].column) == (says, column.name)
