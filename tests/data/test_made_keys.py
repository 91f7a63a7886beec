"""Made columns that refer to another table, and keys: what joins on them finds."""

from __future__ import annotations

import polars as pl
import pytest

from pipeproof.data.checking.edges import check_table
from pipeproof.data.synth import make_table
from pipeproof.model.contract import Column, Reference, TableSchema

PLANES = TableSchema((Column("tailnum", "string", unique=True), Column("seats", "integer", minimum=1)))
WEATHER = TableSchema(
    (
        Column("origin", "string", categories=("EWR", "JFK", "LGA")),
        Column("hour", "timestamp"),
        Column("temp", "number"),
    ),
    key=("origin", "hour"),
)


def make(*columns, key=(), parents=None, rows=200, **rules):
    return make_table(
        TableSchema(columns, key, **rules), rows=rows, seed=1, name="child", parents=parents or {}
    )


@pytest.fixture(scope="module")
def parents():
    return {
        "planes": make_table(PLANES, rows=50, seed=1, name="planes"),
        "weather": make_table(WEATHER, rows=120, seed=1, name="weather"),
    }


TAIL = Column("tail", "string", references=Reference("planes", "tailnum"))


def test_every_value_is_one_of_the_parent(parents):
    table = make(TAIL, parents=parents)
    assert table.join(parents["planes"], left_on="tail", right_on="tailnum", how="anti").is_empty()
    assert table["tail"].n_unique() > 25


def test_columns_that_refer_to_one_parent_come_from_one_row_of_it(parents):
    table = make(
        Column("from", "string", references=Reference("weather", "origin")),
        Column("at", "timestamp", references=Reference("weather", "hour")),
        parents=parents,
    )
    found = table.join(parents["weather"], left_on=["from", "at"], right_on=["origin", "hour"], how="inner")
    assert found.height == table.height == 200


def test_two_columns_that_refer_to_the_same_column_are_drawn_apart(parents):
    table = make(TAIL, Column("other", "string", references=Reference("planes", "tailnum")), parents=parents)
    assert (table["tail"] != table["other"]).sum() > 100


def test_with_orphans_about_a_tenth_has_no_partner(parents):
    orphans = Column("tail", "string", references=Reference("planes", "tailnum", orphans=True))
    table = make(orphans, parents=parents)
    strangers = table.join(parents["planes"], left_on="tail", right_on="tailnum", how="anti").height
    assert 10 <= strangers <= 20
    assert check_table(table.lazy(), TableSchema((orphans,))) == []


@pytest.mark.parametrize(
    "column",
    [
        Column("tail", "string", references=Reference("nobody", "tailnum")),
        Column("tail", "string", references=Reference("planes", "nothing")),
        Column("tail", "integer", references=Reference("planes", "tailnum")),
        Column("tail", "string", pattern="[a-z]{3}", references=Reference("planes", "tailnum")),
    ],
)
def test_without_a_parent_that_fits_values_are_ordinary(column, parents):
    table = make(column, parents=parents)
    assert check_table(table.lazy(), TableSchema((column,))) == []
    assert table.height == 200


def test_only_values_of_the_parent_that_the_column_allows_are_drawn(parents):
    some = parents["planes"]["tailnum"].sort()[25]
    column = Column("tail", "string", maximum=some, references=Reference("planes", "tailnum"))
    assert set(make(column, parents=parents)["tail"]) <= set(parents["planes"]["tailnum"])
    assert check_table(make(column, parents=parents).lazy(), TableSchema((column,))) == []


def test_missing_values_are_not_drawn_but_come_where_they_are_allowed(parents):
    half = {"planes": parents["planes"].with_columns(pl.when(pl.col("seats") > 500).then("tailnum"))}
    assert make(TAIL, parents=half)["tail"].null_count() == 0
    nullable = Column("tail", "string", nullable=True, references=Reference("planes", "tailnum"))
    assert 5 < make(nullable, parents=half)["tail"].null_count() < 40


def test_a_unique_reference_takes_each_value_of_the_parent_once(parents):
    table = make(
        Column("tail", "string", unique=True, references=Reference("planes", "tailnum")), parents=parents
    )
    assert sorted(table["tail"]) == sorted(parents["planes"]["tailnum"])


def test_a_key_of_references_is_unique_and_finds_its_partners(parents):
    columns = (TAIL, Column("day", "date"))
    table = make(*columns, key=("tail", "day"), parents=parents)
    assert check_table(table.lazy(), TableSchema(columns, ("tail", "day"))) == []
    assert set(table["tail"]) <= set(parents["planes"]["tailnum"])


def test_a_key_of_a_few_and_many_values_uses_all_of_the_few():
    table = make_table(WEATHER, rows=200, seed=1, name="weather")
    assert table.select("origin", "hour").is_unique().all()
    assert dict(table["origin"].value_counts().iter_rows()).keys() == {"EWR", "JFK", "LGA"}
