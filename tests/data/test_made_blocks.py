"""Blocks: what is made depends on neither chunks nor threads, and keys follow from the numbers of rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeproof.data import generate
from pipeproof.data.checking.edges import check_table
from pipeproof.data.synth import Recipe
from pipeproof.data.synth.seeds import blocks, permutation, rising
from pipeproof.model.contract import Column, Comparison, Condition, Reference, TableSchema

ROWS = 70_000  # two blocks
WHOLE = TableSchema(
    (
        Column("id", "integer", unique=True),
        Column("code", "string", unique=True, pattern="[A-Z]{2}[0-9]{6}"),
        Column("full_name", "string"),
        Column("city", "string", nullable=True),
        Column("at", "timestamp", order="ascending"),
        Column("low", "number", minimum=0, maximum=9),
        Column("high", "number", minimum=0, maximum=9),
        Column("line", "integer", minimum=1, maximum=50),
        Column("part", "integer"),
    ),
    key=("line", "part"),
    comparisons=(Comparison("low", "<=", "high"),),
    conditions=(Condition("together", "low + high > 1"),),
    name="whole",
)


@pytest.fixture(scope="module")
def whole():
    return Recipe(WHOLE, wanted=ROWS, seed=5).table()


def test_a_block_can_be_made_alone(whole):
    recipe = Recipe(WHOLE, wanted=ROWS, seed=5)
    last = list(blocks(ROWS))[-1]
    assert_frame_equal(recipe.block(last), whole[last.first :])


def test_threads_and_the_columns_that_are_read_change_nothing(whole):
    frame = generate({"table": WHOLE}, ROWS, seed=5, threads=3)
    assert_frame_equal(frame.select("high", "id").collect(), whole.select("high", "id"))


def test_a_filter_and_a_head_are_those_of_the_whole(whole):
    frame = generate({"table": WHOLE}, ROWS, seed=5)
    wanted = pl.col("line") == 7
    assert_frame_equal(frame.filter(wanted).collect(), whole.filter(wanted))
    assert_frame_equal(frame.head(66_000).collect(), whole.head(66_000))


def test_keys_differ_and_order_holds_over_all_blocks(whole):
    assert whole["id"].n_unique() == whole["code"].n_unique() == ROWS
    assert not whole.select("line", "part").is_duplicated().any()
    assert whole["at"].is_sorted()
    assert check_table(whole.lazy(), WHOLE) == []


@given(st.integers(1, 10**18), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_permutation_gives_each_number_once(size, seed):
    at = np.unique(np.linspace(0, size - 1, 500).astype(np.int64).clip(0, size - 1))
    found = permutation(size, seed)(at)
    assert len(np.unique(found)) == len(at)
    assert found.min() >= 0
    assert found.max() < size


@pytest.mark.parametrize("size", [1, 2, 97, 4097, 20_000])
def test_a_permutation_of_all_is_all(size):
    assert (np.sort(permutation(size, "x")(np.arange(size))) == np.arange(size)).all()


@given(st.integers(1, 10**17), st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_rising_positions_never_fall_and_rise_where_there_are_enough(size, rows):
    found = rising(size, rows, np.arange(rows), "x")
    steps = np.diff(found)
    assert (steps >= (1 if size >= rows else 0)).all()
    assert 0 <= found[0] <= found[-1] < size


# Tables that refer to each other

PEOPLE = TableSchema(
    (
        Column("id", "integer", unique=True, minimum=1),
        Column("boss", "integer", nullable=True, references=Reference("people", "id")),
    ),
    name="people",
)
ORDERS = TableSchema(
    (
        Column("order_id", "string", unique=True, pattern="O[0-9]{7}"),
        Column("customer", "integer", references=Reference("people", "id")),
        Column("seller", "integer", references=Reference("people", "id", orphans=True)),
    ),
    name="orders",
)
LINES = TableSchema(
    (
        Column("order_id", "string", references=Reference("orders", "order_id")),
        Column("line", "integer", minimum=1, maximum=9),
    ),
    key=("order_id", "line"),
    name="lines",
)
NOTES = TableSchema(
    (
        Column("order_id", "string", references=Reference("lines", "order_id")),
        Column("line", "integer", references=Reference("lines", "line")),
    ),
    name="notes",
)


@pytest.fixture(scope="module")
def shop():
    tables = {table.name: table for table in (NOTES, LINES, ORDERS, PEOPLE)}
    return {name: frame.collect() for name, frame in generate(tables, 80_000, seed=2).items()}


def strangers(shop, child, columns, parent, theirs):
    rows = shop[child].drop_nulls(columns)
    return rows.join(shop[parent], left_on=columns, right_on=theirs, how="anti").height


@pytest.mark.parametrize(
    ("child", "columns", "parent", "theirs"),
    [
        ("orders", ["customer"], "people", ["id"]),
        ("lines", ["order_id"], "orders", ["order_id"]),
        ("people", ["boss"], "people", ["id"]),
        ("notes", ["order_id", "line"], "lines", ["order_id", "line"]),
    ],
)
def test_every_key_has_its_partner(shop, child, columns, parent, theirs):
    assert strangers(shop, child, columns, parent, theirs) == 0


def test_about_a_tenth_are_orphans_where_they_may_be(shop):
    assert 0.05 < strangers(shop, "orders", ["seller"], "people", ["id"]) / 80_000 < 0.11


def test_a_key_of_a_reference_and_a_number_is_unique(shop):
    assert not shop["lines"].is_duplicated().any()
    assert shop["lines"].height == 80_000


def test_tables_that_refer_to_each_other_in_turn_find_their_partners():
    tables = {
        "men": TableSchema(
            (
                Column("id", "integer", unique=True),
                Column("other", "integer", references=Reference("women", "id")),
            )
        ),
        "women": TableSchema(
            (
                Column("id", "integer", unique=True),
                Column("other", "integer", references=Reference("men", "id")),
            )
        ),
    }
    shop = {name: frame.collect() for name, frame in generate(tables, 500).items()}
    assert strangers(shop, "men", ["other"], "women", ["id"]) == 0
    assert strangers(shop, "women", ["other"], "men", ["id"]) == 0


def test_a_table_without_rows_has_the_types_of_one_with_rows():
    tables = {"people": PEOPLE, "orders": ORDERS}
    empty, full = (generate(tables, rows)["orders"].collect() for rows in (0, 10))
    assert empty.schema == full.schema
    assert empty.height == 0
