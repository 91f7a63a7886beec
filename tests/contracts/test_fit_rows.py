"""Whether what is promised of rows together is enough: comparisons, order, conditions, statistics, limits."""

from dataclasses import replace

import pytest

from pipeproof.contracts.fit import fit
from pipeproof.model.contract import Column, Comparison, Condition, Limit, Query, Statistic, TableSchema

A, B, C = (Column(name, "integer") for name in "abc")
MEAN = Statistic("a", "mean", 0, 10)


def table(*columns, **rules):
    return TableSchema(columns or (A, B, C), **rules)


def compared(*names, columns=(A, B, C)):
    return table(*columns, comparisons=tuple(Comparison(*name.split()) for name in names))


def answer(written, read):
    return fit(written, read).answer


def only(written, read):
    [misfit] = fit(written, read).misfits
    return misfit


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (compared("a <= b", "b <= c"), compared("a <= c")),
        (compared("a < b", "b == c"), compared("c > a")),
        (compared("a < b", "b < c"), compared("a != c")),
        (compared("a <= b", "b <= a"), compared("a == b")),
        (compared("a != b"), compared("b != a")),
        (compared(), compared("a <= a")),
        (compared(columns=(replace(A, maximum=5), replace(B, minimum=6))), compared("a < b", columns=(A, B))),
        (compared("a <= b", columns=(A, replace(B, maximum=5))), table(replace(A, maximum=5), B)),
        (compared("a < b", columns=(replace(A, minimum=5), B)), table(A, replace(B, minimum=6))),
    ],
)
def test_what_follows_from_comparisons_and_bounds_fits(written, read):
    assert answer(written, read) == "fits"


@pytest.mark.parametrize(
    ("written", "read", "row"),
    [
        (compared(), compared("a < b"), {"a": 0, "b": 0, "c": 0}),
        (compared("a <= b"), compared("a < b"), {"a": 0, "b": 0, "c": 0}),
        (compared("a < b"), compared("a != c"), {"a": 0, "b": 1, "c": 0}),
        (
            compared("a <= b", "b <= c", columns=(A, replace(B, nullable=True), C)),
            compared("a <= c", columns=(A, replace(B, nullable=True), C)),
            {"a": 0, "b": None, "c": -1},
        ),
        (
            compared("a <= b", columns=(A, replace(B, maximum=5, nullable=True))),
            table(replace(A, maximum=5), replace(B, nullable=True)),
            {"a": 6, "b": None},
        ),
    ],
)
def test_a_comparison_that_does_not_follow_has_a_row(written, read, row):
    assert only(written, read).rows == (row,)


def test_a_row_that_shows_a_value_keeps_the_comparisons_of_the_writer():
    misfit = only(compared("a < b", "b < c"), table(replace(A, minimum=100), B, C))
    assert misfit.rows == ({"a": 99, "b": 100, "c": 101},)


def test_an_order_that_is_not_promised_is_shown_by_two_rows():
    misfit = only(table(A), table(replace(A, order="ascending")))
    assert misfit.evidence == "{a: 1} and {a: 0}"


@pytest.mark.parametrize(
    "written",
    [table(replace(A, order="ascending")), table(A, max_rows=1), table(replace(A, categories=(3,)))],
)
def test_an_order_is_promised_or_follows(written):
    assert answer(written, table(replace(A, order="ascending"))) == "fits"


def test_an_order_of_another_column_is_kept_in_the_rows_that_are_shown():
    written = table(replace(A, order="ascending", unique=True), B)
    misfit = only(written, table(A, replace(B, order="ascending")))
    assert misfit.rows == ({"a": 0, "b": 1}, {"a": 1, "b": 0})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("A  >=\n 0 AND b<>'X' -- why", "fits"),
        ("(a >= 0 and b != 'X');", "fits"),
        ("(a >= 0) and (b != 'X')", "cannot tell"),
        ("a >= 0 and b != 'x'", "cannot tell"),
    ],
)
def test_conditions_are_compared_by_their_text(written, expected):
    asked = table(conditions=(Condition("sane", "a >= 0 AND b <> 'X'"),))
    assert answer(table(conditions=(Condition("other", written),)), asked) == expected


def test_a_condition_of_the_writer_may_rule_out_what_seems_not_to_fit():
    written = table(A, B, conditions=(Condition("positive", "a > 0"),))
    [doubt] = fit(written, table(replace(A, minimum=1), B)).doubts
    assert doubt.why == "the condition 'positive' may rule it out"


def test_a_row_is_shown_without_the_columns_that_a_condition_of_the_writer_is_about():
    written = table(A, B, conditions=(Condition("positive", "a > 0"),))
    assert only(written, table(A, replace(B, minimum=1))).rows == ({"b": 0},)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(Query("other", "select count(*)", 2, 4), "fits"), (Query("n", "SELECT count(*)", 1, 4), "cannot tell")],
)
def test_queries_are_compared_by_their_text_and_bounds(given, expected):
    assert answer(table(queries=(given,)), table(queries=(Query("n", "SELECT count(*)", 2, 5),))) == expected


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (table(statistics=(Statistic("a", "mean", 1, 9),)), table(statistics=(MEAN,))),
        (table(replace(A, minimum=0, maximum=10)), table(A, statistics=(MEAN,))),
        (table(replace(A, categories=(1, 2))), table(A, statistics=(MEAN,))),
        (table(A), table(A, statistics=(Statistic("a", "missing", maximum=0.1),))),
        (table(replace(A, unique=True)), table(A, statistics=(Statistic("a", "duplicates", maximum=0.1),))),
        (table(A, statistics=(Statistic("a", "distinct", minimum=1),)), table(replace(A, unique=True))),
        (table(replace(A, nullable=True), statistics=(Statistic("a", "missing", maximum=0),)), table(A)),
        (table(A, statistics=(Statistic("a", "minimum", minimum=0),)), table(replace(A, minimum=0))),
        (
            table(A, statistics=(Statistic("a", "age", maximum=60),)),
            table(A, statistics=(Statistic("a", "age", maximum=90),)),
        ),
        (table(replace(A, maximum=4)), table(A, statistics=(Statistic("a", "share", maximum=0.2, of=5),))),
    ],
)
def test_statistics_follow_from_the_same_measure_or_the_rules_of_the_column(written, read):
    assert answer(written, read) == "fits"


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (Statistic("a", "mean", maximum=2), [3]),
        (Statistic("a", "missing", maximum=0.5), [None]),
        (Statistic("a", "duplicates", maximum=0.4), [1, 1]),
        (Statistic("a", "std", maximum=1), [2, 4]),
    ],
)
def test_a_statistic_that_is_not_promised_is_shown_by_a_small_table(rule, values):
    written = table(replace(A, nullable=True, minimum=1))
    misfit = only(written, replace(written, statistics=(rule,)))
    assert [row["a"] for row in misfit.rows] == values


@pytest.mark.parametrize(
    "rule",
    [Statistic("a", "age", maximum=60), Statistic("a", "distance", maximum=0.1, of="psi", against="p.json")],
)
def test_what_needs_a_clock_or_a_profile_cannot_be_told(rule):
    assert answer(table(A), table(A, statistics=(rule,))) == "cannot tell"


def test_an_odd_value_is_shown_among_others_where_the_writer_promises_a_mean():
    written = table(A, statistics=(Statistic("a", "mean", 0, 10),))
    misfit = only(written, table(replace(A, minimum=-60)))
    assert [row["a"] for row in misfit.rows] == [-61, *[5] * 19]


PATTERN = Column("x", "string", pattern="[A-Z]")


def limited(**limit):
    return table(replace(PATTERN, limits=(Limit("pattern", **limit),)))


def test_a_looser_limit_of_the_writer_does_not_fit():
    misfit = only(limited(share=0.01), table(PATTERN))
    assert (len(misfit.rows), misfit.rows[0], misfit.rows[1]) == (100, {"x": ""}, {"x": "A"})


@pytest.mark.parametrize(
    ("written", "read", "expected"),
    [
        (limited(share=0.01), limited(share=0.01), "fits"),
        (limited(share=0.01), limited(share=0.02), "fits"),
        (limited(rows=3), limited(rows=2), "does not fit"),
        (limited(share=0.02), limited(share=0.01), "does not fit"),
        (limited(share=0.02), limited(share=1), "fits"),
        (table(Column("x", "string")), limited(rows=2), "does not fit"),
        (table(Column("x", "string"), max_rows=2), limited(rows=2), "fits"),
        (table(A, key=("a",), limits=(Limit("key", rows=1),)), table(A, key=("a",)), "does not fit"),
        (
            table(A, key=("a",), limits=(Limit("key", rows=1),)),
            table(A, key=("a",), limits=(Limit("key", rows=2),)),
            "fits",
        ),
    ],
)
def test_limits_are_compared_by_how_many_rows_they_allow(written, read, expected):
    assert answer(written, read) == expected


def test_how_bad_a_misfit_is_the_reader_says():
    read = limited(severity="warning")
    assert only(table(Column("x", "string")), read).severity == "warning"


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (
            Column("x", "list", items=Column("", "integer", maximum=3)),
            "column 'x' may be [4]; read are only items of which each is ≤ 3",
        ),
        (
            Column("x", "struct", fields=(Column("zip", "integer", maximum=3),)),
            "column 'x' may be {zip: 4}; read is only what in 'x.zip' is ≤ 3",
        ),
    ],
)
def test_a_misfit_of_nested_values_says_where_it_is(column, says):
    items = None if column.items is None else replace(column.items, maximum=None)
    fields = tuple(replace(field, maximum=None) for field in column.fields)
    assert only(table(replace(column, items=items, fields=fields)), table(column)).what == says
