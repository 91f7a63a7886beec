"""What a change of a contract breaks: for those who read, for those who write, and what cannot be told."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.contracts.changes import Diff
from pipeproof.contracts.diff import diff_tables
from pipeproof.contracts.diff_steps import diff_steps
from pipeproof.contracts.fit import fit
from pipeproof.contracts.rows import breaks_together
from pipeproof.model.contract import (
    Argument,
    Column,
    Comparison,
    Condition,
    Contract,
    Limit,
    Port,
    Query,
    Reference,
    RowsOf,
    Statistic,
    TableSchema,
    Variable,
)

X, Y = Column("x", "integer"), Column("y", "integer")
TABLE = TableSchema((X, Y))


def with_x(**fields):
    return TableSchema((replace(X, **fields), Y))


def answers(old, new):
    """Return what was said of each change, and what it does to consumers and producers."""
    return [
        (change.what, change.consumers.answer, change.producers.answer) for change in diff_tables(old, new)
    ]


WIDER, NARROWER, BOTH = ("breaks", "keeps"), ("keeps", "breaks"), ("breaks", "breaks")
NEITHER, READERS_OPEN, WRITERS_OPEN = ("keeps", "keeps"), ("cannot tell", "keeps"), ("keeps", "cannot tell")


@pytest.mark.parametrize(
    ("old", "new", "what", "effect"),
    [
        (TABLE, TableSchema((X,)), "column 'y' is removed", WIDER),
        (TableSchema((X,)), TABLE, "column 'y' is new", NARROWER),
        (
            TableSchema((X,)),
            TableSchema((X, replace(Y, required=False))),
            "column 'y' is new, and may be absent",
            NEITHER,
        ),
        (TABLE, with_x(type="string"), "column 'x': integer → string", BOTH),
        (TABLE, with_x(type="number"), "column 'x': integer → number", WIDER),
        (TABLE, with_x(nullable=True), "column 'x' may be missing", WIDER),
        (with_x(nullable=True), TABLE, "column 'x' may no longer be missing", NARROWER),
        (TABLE, with_x(required=False), "column 'x' may be absent", WIDER),
        (TABLE, with_x(unique=True), "column 'x' must be unique", NARROWER),
        (TABLE, with_x(minimum=0), "column 'x': now ≥ 0", NARROWER),
        (with_x(minimum=0), TABLE, "column 'x': no longer ≥ 0", WIDER),
        (with_x(minimum=0), with_x(minimum=-1, minimum_open=True), "column 'x': ≥ 0 → > -1", NEITHER),
        (with_x(maximum=5), with_x(maximum=9), "column 'x': ≤ 5 → ≤ 9", WIDER),
        (
            with_x(categories=(1, 2)),
            with_x(categories=(1, 3)),
            "column 'x': new category 3; 2 is no longer a category",
            BOTH,
        ),
        (with_x(categories=(1,)), TABLE, "column 'x': no longer only 1", WIDER),
        (TABLE, with_x(multiple_of=2), "column 'x': now a multiple of 2", NARROWER),
        (
            with_x(precision=3),
            with_x(precision=2),
            "column 'x': at most 3 digits → at most 2 digits",
            NARROWER,
        ),
        (TABLE, with_x(order="ascending"), "column 'x': now ascending", NARROWER),
        (
            with_x(minimum=0),
            with_x(minimum=0, limits=(Limit("minimum", share=0.01),)),
            "column 'x': 'minimum' may be broken nowhere → in 1 % of the rows",
            WIDER,
        ),
        (TABLE, with_x(privacy="none"), "column 'x': privacy now none", NEITHER),
        (
            TABLE,
            with_x(references=Reference("z", "x")),
            "column 'x': values come from anywhere → z.x",
            WRITERS_OPEN,
        ),
        (
            with_x(references=Reference("z", "x")),
            TABLE,
            "column 'x': values come from z.x → anywhere",
            READERS_OPEN,
        ),
        (TABLE, replace(TABLE, key=("x",)), "key none → (x)", NARROWER),
        (replace(TABLE, key=("x",)), replace(TABLE, key=("x", "y")), "key (x) → (x, y)", WIDER),
        (TABLE, replace(TABLE, min_rows=1), "at least 0 → 1 rows", NARROWER),
        (TABLE, replace(TABLE, max_rows=9), "at most any number of → 9 rows", NARROWER),
        (
            TABLE,
            replace(TABLE, extra_columns="refuse"),
            "columns that are not listed: allow → refuse",
            NARROWER,
        ),
        (
            TABLE,
            replace(TABLE, rows_of=RowsOf("raw")),
            "how many rows of an input are kept",
            ("cannot tell",) * 2,
        ),
        (TABLE, replace(TABLE, comparisons=(Comparison("x", "<", "y"),)), "x < y is new", NARROWER),
        (replace(TABLE, comparisons=(Comparison("x", "<", "y"),)), TABLE, "x < y is dropped", WIDER),
        (TABLE, replace(TABLE, conditions=(Condition("c", "x > y"),)), "condition 'c' is new", WRITERS_OPEN),
        (
            replace(TABLE, conditions=(Condition("c", "x > y"),)),
            replace(TABLE, conditions=(Condition("c", "x >  y AND x > 0"),)),
            "condition 'c' is another one",
            ("cannot tell",) * 2,
        ),
        (
            replace(TABLE, queries=(Query("q", "SELECT 1", maximum=1),)),
            replace(TABLE, queries=(Query("q", "select 1", maximum=2),)),
            "query 'q': at most 1 → at most 2",
            READERS_OPEN,
        ),
        (
            TABLE,
            replace(TABLE, statistics=(Statistic("x", "mean", 0, 9),)),
            "column 'x': mean is new: from 0 to 9",
            NARROWER,
        ),
        (
            replace(TABLE, statistics=(Statistic("x", "mean", 0, 9),)),
            replace(TABLE, statistics=(Statistic("x", "mean", 0, 12),)),
            "column 'x': mean: from 0 to 9 → from 0 to 12",
            WIDER,
        ),
        (TABLE, replace(TABLE, description="more"), "another description", NEITHER),
    ],
)
def test_a_change_is_said_with_whom_it_breaks(old, new, what, effect):
    assert answers(old, new) == [(what, *effect)]


STREET = Column("street", "string")
ADDRESS = Column("a", "struct", fields=(Column("zip", "string", max_length=5), STREET))
TAGS = Column("t", "list", items=Column("items", "string", max_length=5))


@pytest.mark.parametrize(
    ("old", "new", "what", "effect"),
    [
        (
            ADDRESS,
            replace(ADDRESS, fields=(Column("zip", "string", max_length=9), STREET)),
            "field 'zip' of column 'a': at most 5 characters → at most 9 characters",
            WIDER,
        ),
        (
            ADDRESS,
            replace(ADDRESS, fields=ADDRESS.fields[:1]),
            "field 'street' of column 'a' is removed",
            WIDER,
        ),
        (
            replace(ADDRESS, fields=ADDRESS.fields[:1]),
            ADDRESS,
            "field 'street' of column 'a' is new",
            NARROWER,
        ),
        (
            ADDRESS,
            replace(ADDRESS, fields=()),
            "the fields of column 'a' are no longer described",
            READERS_OPEN,
        ),
        (
            TAGS,
            replace(TAGS, items=Column("items", "string", max_length=4)),
            "the items of column 't': at most 5 characters → at most 4 characters",
            NARROWER,
        ),
        (TAGS, replace(TAGS, min_items=1), "column 't': now at least 1 item", NARROWER),
        (replace(TAGS, items=None), TAGS, "the items of column 't' are from now on described", WRITERS_OPEN),
    ],
)
def test_changes_of_nested_values_say_where_they_are(old, new, what, effect):
    assert answers(TableSchema((old,)), TableSchema((new,))) == [(what, *effect)]


def test_a_row_shows_what_breaks():
    [change] = diff_tables(with_x(maximum=5), with_x(maximum=9))
    assert change.consumers.rows == ({"x": 9, "y": 0},)


def test_a_column_that_was_renamed_is_guessed():
    old, new = Column("cust_code", "string"), Column("customer_code", "string")
    first, _ = diff_tables(TableSchema((X, old)), TableSchema((X, new)))
    assert first.what == "column 'cust_code' is removed (is it 'customer_code' now?)"


def test_a_change_that_another_one_makes_up_for_breaks_nobody():
    old = TableSchema((Column("x", "string", pattern="AA|BB"),))
    new = TableSchema((Column("x", "string", categories=("AA", "BB")),))
    changes = diff_tables(old, new)
    assert not Diff(changes).breaking()
    assert {change.consumers.why for change in changes} == {"", "other changes make up for it"}


def test_what_changes_do_together_only_is_told():
    same = (Comparison("x", "==", "y"),)
    old = TableSchema((replace(X, maximum=5), replace(Y, maximum=5)), comparisons=same)
    changes = diff_tables(old, TableSchema((X, Y), comparisons=same))
    assert [change.what for change in changes if change.breaks("consumers")] == [
        "the changes do together what none of them does alone"
    ]


def test_nothing_changed_between_a_contract_and_itself():
    assert diff_tables(TABLE, TABLE) == ()


@st.composite
def tables(draw):
    def column(name):
        bound = st.none() | st.integers(0, 3)
        limits = draw(st.sampled_from([(), (Limit("minimum", rows=1),)]))
        flags = [draw(st.booleans()) for _ in range(2)]
        return Column(name, "integer", *flags, minimum=draw(bound), maximum=draw(bound), limits=limits)

    names = draw(st.sampled_from(["xy", "x", "yx"]))
    key = draw(st.sampled_from([(), ("x",)]))
    return TableSchema(tuple(map(column, names)), key, max_rows=draw(st.sampled_from([None, 1])))


@given(tables(), tables())
@settings(max_examples=80, deadline=None)
def test_a_diff_breaks_whom_fit_says_it_breaks(old, new):
    found = Diff(diff_tables(old, new))
    for party, answer in (("consumers", fit(new, old).answer), ("producers", fit(old, new).answer)):
        assert bool(found.breaking(party)) == (answer == "does not fit")


@given(tables(), tables())
@settings(max_examples=80, deadline=None)
def test_a_row_that_a_change_shows_is_refused_by_the_old_version(old, new):
    for change in diff_tables(old, new):
        if change.consumers.rows:
            assert any(breaks_together(change.consumers.rows, replace(old, max_rows=None)))
        if change.producers.rows:
            assert not any(breaks_together(change.producers.rows, replace(old, min_rows=0)))


@pytest.mark.parametrize(
    ("new", "bump"),
    [
        (TABLE, "none"),
        (with_x(description="a number"), "patch"),
        (TableSchema((X, Y, Column("z", required=False))), "minor"),
        (with_x(references=Reference("z", "x")), "minor"),
        (with_x(nullable=True), "major"),
    ],
)
def test_the_version_rises_by_what_breaks(new, bump):
    assert Diff(diff_tables(TABLE, new)).bump() == bump


def test_the_version_rises_by_what_breaks_those_who_are_asked_for():
    assert Diff(diff_tables(TABLE, with_x(nullable=True))).bump("producers") == "minor"


def test_a_diff_as_json_has_rows_as_plain_values():
    old = TableSchema(
        (Column("day", "date", minimum="2024-01-01"), Column("n", "number", maximum=float("inf")))
    )
    new = TableSchema((Column("day", "date"), Column("n", "number")))
    [change] = json.loads(json.dumps(Diff(diff_tables(old, new)).to_dict()))["changes"][:1]
    assert change["consumers"]["rows"] == [{"day": "2023-12-31", "n": 0.5}]


def port(**fields):
    return Port("p", **fields)


@pytest.mark.parametrize(
    ("old", "new", "what", "effect"),
    [
        (Contract(), Contract(inputs={"p": port()}), "input 'p' is new", NARROWER),
        (Contract(), Contract(inputs={"p": port(required=False)}), "input 'p' is new, and optional", NEITHER),
        (Contract(inputs={"p": port()}), Contract(), "input 'p' is removed", NEITHER),
        (Contract(outputs={"p": port()}), Contract(), "output 'p' is removed", WIDER),
        (Contract(), Contract(outputs={"p": port()}), "output 'p' is new", NEITHER),
        (
            Contract(outputs={"p": port()}),
            Contract(outputs={"p": port(required=False)}),
            "output 'p' may be absent",
            WIDER,
        ),
        (
            Contract(inputs={"p": port(required=False)}),
            Contract(inputs={"p": port()}),
            "input 'p' must be there",
            NARROWER,
        ),
        (
            Contract(inputs={"p": port(format="csv")}),
            Contract(inputs={"p": port(format="parquet")}),
            "input 'p': format csv → parquet",
            BOTH,
        ),
        (
            Contract(inputs={"p": port()}),
            Contract(inputs={"p": port(enforce="warn")}),
            "input 'p': enforce not said → warn",
            NEITHER,
        ),
        (Contract(), Contract(environment=(Variable("V"),)), "variable V is new", NARROWER),
        (Contract(), Contract(environment=(Variable("V", default="1"),)), "variable V is new", NEITHER),
        (
            Contract(environment=(Variable("V", required=False),)),
            Contract(environment=(Variable("V"),)),
            "variable V must have a value",
            NARROWER,
        ),
        (Contract(environment=(Variable("V"),)), Contract(), "variable V is no longer read", NEITHER),
        (Contract(arguments=(Argument("a"),)), Contract(), "argument 'a' is removed", NARROWER),
        (Contract(), Contract(arguments=(Argument("a", required=True),)), "argument 'a' is new", NARROWER),
        (
            Contract(arguments=(Argument("a", "integer"),)),
            Contract(arguments=(Argument("a", "number"),)),
            "argument 'a': integer → number",
            NEITHER,
        ),
        (
            Contract(arguments=(Argument("a"),)),
            Contract(arguments=(Argument("a", "integer"),)),
            "argument 'a': string → integer",
            NARROWER,
        ),
        (
            Contract(arguments=(Argument("a"),)),
            Contract(arguments=(Argument("a", required=True),)),
            "argument 'a' must be given",
            NARROWER,
        ),
        (
            Contract(arguments=(Argument("a", default="1"),)),
            Contract(arguments=(Argument("a", default="2"),)),
            "argument 'a': default '1' → '2'",
            NEITHER,
        ),
        (Contract(), Contract(refuses=("nullable",)), "which breaches the code refuses by itself", NEITHER),
        (Contract(), Contract(enforce="off"), "enforce fail → off", NEITHER),
    ],
)
def test_a_change_of_a_step_is_said_with_whom_it_breaks(old, new, what, effect):
    [change] = diff_steps(old, new)
    assert (change.what, change.consumers.answer, change.producers.answer) == (what, *effect)
