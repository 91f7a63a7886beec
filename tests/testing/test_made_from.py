"""Which schema made data keep: what the reader needs, filled up with what the maker promises."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.model.contract import Column, Contract, Port, TableSchema
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.step import Step
from pipeproof.testing.schemas import input_schema, source_schema


def reads(name, schema, dataset="raw"):
    contract = Contract(inputs={"x": Port("x", schema=schema)} if schema else {})
    return Step(name, "python", inputs={"x": dataset}, outputs={name: name}, contract=contract)


def made_for(asked, given, readers=()):
    """Return the schema for a reader that asks, of a source that promises."""
    reader = reads("reader", asked)
    source = Source("raw", "raw.csv", schema=given)
    return input_schema(reader, "x", Pipeline("p", steps=(reader, *readers), sources={"raw": source}))


def column(asked, given):
    return made_for(TableSchema((asked,)), TableSchema((given,)))["a"]


def test_nothing_is_known_where_nobody_says_anything():
    assert made_for(None, None) is None


@pytest.mark.parametrize("side", ["asked", "given"])
def test_what_one_of_them_says_is_all_there_is(side):
    schema = TableSchema((Column("a", "integer"),))
    assert made_for(**{"asked": None, "given": None, side: schema}) == schema


def test_columns_of_both_are_made_those_of_the_maker_first():
    schema = made_for(TableSchema((Column("b"), Column("a"))), TableSchema((Column("a"), Column("c"))))
    assert schema.names == ("a", "c", "b")


def test_a_reader_that_names_a_column_only_leaves_the_rules_of_the_maker():
    made = Column("a", "integer", minimum=0, unique=True, description="said")
    assert column(Column("a"), made) == made


def test_the_bounds_of_the_reader_count_with_their_openness():
    both = column(Column("a", minimum=1), Column("a", minimum=0, minimum_open=True, maximum=9))
    assert (both.minimum, both.minimum_open, both.maximum) == (1, False, 9)


@pytest.mark.parametrize("asked", [True, False])
def test_whether_values_may_be_missing_is_what_the_reader_says(asked):
    assert column(Column("a", nullable=asked), Column("a", nullable=not asked)).nullable is asked


@pytest.mark.parametrize(
    ("asked", "given", "made"), [("number", "integer", "integer"), ("string", "integer", "string")]
)
def test_the_type_is_that_of_the_maker_where_the_reader_takes_it(asked, given, made):
    assert column(Column("a", asked), Column("a", given)).type == made


def test_the_numbers_of_rows_keep_both():
    schema = made_for(
        TableSchema((Column("a"),), min_rows=5, max_rows=90), TableSchema((Column("a"),), max_rows=70)
    )
    assert (schema.min_rows, schema.max_rows) == (5, 70)


def test_a_key_is_that_of_the_reader_or_of_the_maker():
    keyed = TableSchema((Column("a"),), key=("a",))
    assert made_for(replace(keyed, key=()), keyed).key == ("a",)


def test_a_source_is_made_for_all_who_read_it():
    steps = (
        reads("one", TableSchema((Column("a", minimum=1),))),
        reads("two", TableSchema((Column("b"),), min_rows=3)),
        reads("three", None),
        reads("four", TableSchema((Column("z"),)), dataset="one"),
    )
    source = Source("raw", "raw.csv", schema=TableSchema((Column("a", maximum=5),)))
    schema = source_schema("raw", Pipeline("p", steps=steps, sources={"raw": source}))
    assert schema.names == ("b", "a")
    assert (schema["a"].minimum, schema["a"].maximum, schema.min_rows) == (1, 5, 3)


@given(st.lists(st.sampled_from("abcde"), unique=True), st.lists(st.sampled_from("abcde"), unique=True))
def test_no_column_is_lost_or_made_twice(asked, given):
    schema = made_for(TableSchema(tuple(map(Column, asked))), TableSchema(tuple(map(Column, given))))
    assert sorted(schema.names) == sorted({*asked, *given})
