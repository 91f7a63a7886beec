"""A table in another format: nothing is lost but what is said, and nothing is there until all of it is."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import pipeproof.data as ppd
from pipeproof.errors import ContractError, PipeproofError, UsageError
from pipeproof.formats import tables
from pipeproof.model.contract import Column, TableSchema

FORMATS = ["csv", "csv.gz", "csv.zst", "tsv", "jsonl", "jsonl.gz", "jsonl.zst", "parquet", "arrow"]
ORDERS = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "town": ["ulm", 'bo"nn\n', None],
        "amount": [1.5, None, -2.0],
        "day": [dt.date(2024, 5, 1), dt.date(2024, 5, 2), None],
        "paid": [True, False, None],
    }
)


def read(path):
    return tables.read(path, tables.format_in(path)).frame.collect()


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# What is kept

YEARS = dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)  # noqa: DTZ001 most timestamps in tables have no zone

ROW = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**62), 2**62),
        "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "flag": st.none() | st.booleans(),
        "day": st.none() | st.dates(dt.date(1900, 1, 1)),
        "at": st.none() | st.datetimes(*YEARS),
        "clock": st.none() | st.times(),
        "price": st.none() | st.decimals(-1000, 1000, places=2),
        "text": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    }
)
TYPES = {
    "whole": pl.Int64,
    "number": pl.Float64,
    "flag": pl.Boolean,
    "day": pl.Date,
    "at": pl.Datetime("us"),
    "clock": pl.Time,
    "price": pl.Decimal(10, 2),
    "text": pl.String,
}
SCHEMA = TableSchema(
    tuple(
        Column(name, kind, nullable=True)
        for name, kind in zip(
            TYPES,
            ("integer", "number", "boolean", "date", "timestamp", "time", "decimal", "string"),
            strict=True,
        )
    )
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=1, max_size=5), st.sampled_from(FORMATS))
def test_with_a_contract_every_value_comes_back_from_every_format(tmp_path_factory, rows, to):
    folder = tmp_path_factory.mktemp("round")
    before = pl.DataFrame(rows, schema=TYPES)
    ppd.convert(before, folder / f"there.{to}")
    ppd.convert(folder / f"there.{to}", folder / "back.parquet", schema=SCHEMA)
    after = pl.read_parquet(folder / "back.parquet").with_columns(pl.col("price").cast(pl.Decimal(10, 2)))
    assert_frame_equal(after, before, check_exact=True)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=1, max_size=5), st.sampled_from(FORMATS))
def test_without_a_contract_what_comes_back_as_another_type_was_said(tmp_path_factory, rows, to):
    folder = tmp_path_factory.mktemp("round")
    before = pl.DataFrame(rows, schema=TYPES)
    lost = {one.column for one in ppd.convert(before, folder / f"there.{to}").lost}
    after = tables.read(folder / f"there.{to}", to.partition(".")[0]).frame.collect()
    kept = [name for name in before.columns if name not in lost]
    assert_frame_equal(after.select(kept), before.select(kept), check_dtypes=False, check_exact=True)


@pytest.mark.parametrize("to", ["parquet", "arrow"])
def test_types_that_only_binary_formats_have_are_kept(to, tmp_path):
    rare = pl.DataFrame(
        {
            "list": [[1, 2]],
            "struct": [{"a": 1}],
            "bytes": [b"x"],
            "zone": [dt.datetime(2024, 5, 1, tzinfo=dt.UTC)],
        }
    )
    assert ppd.convert(rare, tmp_path / f"a.{to}").lost == ()
    assert_frame_equal(read(tmp_path / f"a.{to}"), rare)


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    ppd.convert(ORDERS.clear(), tmp_path / "a.csv")
    assert read(tmp_path / "a.csv").columns == ORDERS.columns


def test_what_a_text_format_cannot_hold_is_said(tmp_path):
    frame = pl.DataFrame(
        {"code": ["1", "2"], "price": [Decimal("1.10"), None], "day": [dt.date(2024, 5, 1), None]}
    )
    assert [str(one) for one in ppd.convert(frame, tmp_path / "a.csv").lost] == [
        "code: string → integer",
        "price: decimal → number",
    ]


def test_numbers_that_json_does_not_have_are_counted(tmp_path):
    frame = pl.DataFrame({"n": [1.0, float("nan"), float("inf"), None]})
    assert [str(one) for one in ppd.convert(frame, tmp_path / "a.jsonl").lost] == [
        "n: 2 not finite → missing"
    ]


@pytest.mark.parametrize(
    ("values", "to", "fix"),
    [([[1]], "csv", "convert to jsonl"), ([b"x"], "jsonl", "parquet"), ([dt.timedelta(1)], "tsv", "parquet")],
)
def test_a_column_that_a_format_cannot_hold_is_refused_before_anything_is_written(values, to, fix, tmp_path):
    with pytest.raises(ContractError, match="PPF399") as caught:
        ppd.convert(pl.DataFrame({"a": values}), tmp_path / f"a.{to}")
    assert fix in caught.value.findings[0].fix
    assert names_in(tmp_path) == []


# Folders of parts


@pytest.mark.parametrize("to", ["csv", "parquet", "arrow", "jsonl.gz"])
def test_parts_of_so_many_rows_are_the_table_in_its_order(to, tmp_path):
    frame = pl.DataFrame({"n": range(25)})
    made = ppd.convert(frame, tmp_path / "parts", to=to, part_rows=10)
    assert (made.files, names_in(tmp_path / "parts")[0]) == (3, f"part-00000.{to}")
    ppd.convert(tmp_path / "parts", tmp_path / "whole.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "whole.parquet"), frame)


@pytest.mark.parametrize("to", ["csv", "parquet", "jsonl"])
def test_parts_by_columns_give_the_table_back(to, tmp_path):
    frame = pl.DataFrame(
        {"year": [2013, 2013, 2014, None], "town": ["a/b", "x=é", "a/b", "c d"], "n": [1, 2, 3, 4]}
    )
    ppd.convert(frame, tmp_path / "parts", to=to, by=["year", "town"])
    ppd.convert(tmp_path / "parts", tmp_path / "whole.parquet")
    back = pl.read_parquet(tmp_path / "whole.parquet").select(frame.columns).sort("n")
    assert_frame_equal(back, frame)


def test_what_was_parted_is_discovered_as_one_dataset(tmp_path):
    ppd.convert(ORDERS, tmp_path / "orders", by=["town"])
    found = ppd.discover(tmp_path)["orders"]
    assert (found.rows, dict(found.partitions)) == (3, {"town": "string"})


def test_a_column_with_a_value_for_each_row_is_no_column_to_part_by(tmp_path):
    frame = pl.DataFrame({"id": range(10_001), "n": 1})
    with pytest.raises(UsageError, match="10,001 folders"):
        ppd.convert(frame, tmp_path / "parts", by=["id"])


# Where tables come from


def test_a_table_of_sqlite_is_converted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db")) as database:
        database.execute("CREATE TABLE orders (id INTEGER, town TEXT)")
        database.execute("INSERT INTO orders VALUES (1, 'ulm'), (2, NULL)")
        database.commit()
    made = ppd.convert("sqlite:///shop.db#orders", "a.csv")
    assert (made.rows, made.columns) == (2, {"id": "integer", "town": "string"})


def test_the_only_table_of_a_database_needs_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect("shop.duckdb") as database:
        database.execute("CREATE TABLE orders AS SELECT 1 AS id")
    assert ppd.convert("duckdb:///shop.duckdb", "a.parquet").rows == 1


def test_of_several_tables_of_a_database_one_must_be_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect("shop.duckdb") as database:
        database.execute("CREATE TABLE a AS SELECT 1 AS id; CREATE TABLE b AS SELECT 1 AS id")
    with pytest.raises(ContractError, match="there is: a, b"):
        ppd.convert("duckdb:///shop.duckdb", "a.parquet")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "shift_jis", "utf-8-sig"])
def test_a_text_in_another_encoding_is_read(encoding, tmp_path):
    words = "café" if encoding != "shift_jis" else "日本"
    (tmp_path / "a.csv").write_bytes(f"name,price\n{words},1\n".encode(encoding))
    ppd.convert(tmp_path / "a.csv", tmp_path / "b.csv", encoding=encoding)
    assert (tmp_path / "b.csv").read_text("utf-8") == f"name,price\n{words},1\n"


def test_an_encoding_that_nothing_tells_is_asked_for(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"name\ncaf\xe9\n")
    with pytest.raises(ContractError, match=r"PPF397 .* not in UTF-8") as caught:
        ppd.convert(tmp_path / "a.csv", tmp_path / "b.parquet")
    assert "--encoding" in caught.value.findings[0].fix


def test_a_byte_that_is_none_in_the_encoding_is_told_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"name\nok\n\x81\n")
    with pytest.raises(ContractError, match=r"a.csv:3  PPF397  this is no cp1252: byte 0x81"):
        ppd.convert(tmp_path / "a.csv", tmp_path / "b.parquet", encoding="windows-1252")


def test_a_value_behind_the_first_rows_decides_too(tmp_path):
    (tmp_path / "a.csv").write_text("n\n" + "1\n" * 10_500 + "x\n")
    assert ppd.convert(tmp_path / "a.csv", tmp_path / "b.parquet").columns == {"n": "string"}


# Whole or not at all

BROKEN = {
    "a.csv": b"a,b\n1,2\n1,2,3\n",
    "a.parquet": b"PAR1" + bytes(100),
    "a.jsonl": b'{"a": 1}\n{"a": \n',
    "a.csv.gz": b"\x1f\x8b" + bytes(20),
    "a.arrow": b"ARROW1\0\0" + bytes(20),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_source_leaves_what_was_there(name, tmp_path):
    (tmp_path / name).write_bytes(BROKEN[name])
    (tmp_path / "there.tsv").write_text("keep")
    with pytest.raises(ContractError):
        ppd.convert(tmp_path / name, tmp_path / "there.tsv", force=True)
    assert ((tmp_path / "there.tsv").read_text(), names_in(tmp_path)) == ("keep", sorted([name, "there.tsv"]))


def test_a_parquet_that_is_damaged_in_the_middle_leaves_nothing(tmp_path):
    pl.DataFrame({"n": range(50_000)}).write_parquet(tmp_path / "a.parquet", compression="zstd")
    whole = bytearray((tmp_path / "a.parquet").read_bytes())
    whole[100:2000] = bytes(1900)
    (tmp_path / "a.parquet").write_bytes(whole)
    with pytest.raises(ContractError, match="PPF320  it cannot be read as parquet"):
        ppd.convert(tmp_path / "a.parquet", tmp_path / "b.csv")
    assert names_in(tmp_path) == ["a.parquet"]


def test_what_is_there_is_replaced_only_when_that_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("keep")
    with pytest.raises(UsageError, match=r"PPF398 .* is there already; .*--force"):
        ppd.convert(ORDERS, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "keep"


@pytest.mark.parametrize("old", ["file", "folder"])
@pytest.mark.parametrize("new", ["file", "folder"])
def test_a_file_or_folder_takes_the_place_of_either(old, new, tmp_path):
    place = tmp_path / "place"
    if old == "folder":
        place.mkdir()
        (place / "left.txt").touch()
    else:
        place.touch()
    ppd.convert(ORDERS, place, to="csv", part_rows=2 if new == "folder" else None, force=True)
    assert names_in(tmp_path) == (
        ["place/part-00000.csv", "place/part-00001.csv"] if new == "folder" else ["place"]
    )


WRONG = {
    "no format": ({"into": "a.xlsx"}, "PPF392"),
    "another format than the name": ({"into": "a.csv", "to": "parquet"}, "PPF398"),
    "a format that is none": ({"into": "a", "to": "cvs"}, "did you mean 'csv'"),
    "a packing inside": ({"into": "a", "to": "parquet.gz"}, "packed inside"),
    "parts into a file": ({"into": "a.csv", "part_rows": 1}, "name a folder for parts"),
    "no folder": ({"into": "b/a.csv"}, "there is no folder"),
    "no column": ({"into": "a", "by": ["twon"]}, "did you mean 'town'"),
    "all columns": ({"into": "a", "by": ORDERS.columns}, "no column is left"),
    "an encoding that is none": (
        {"into": "a.csv", "encoding": "latn-1", "source": "o.csv"},
        "did you mean 'latin-1'",
    ),
    "itself": ({"into": "o.csv", "source": "o.csv", "force": True}, "is the source itself"),
    "in itself": ({"into": "d/a.csv", "source": "d"}, "is the source, or in it"),
    "nothing": ({"into": "a.csv", "source": "nothing.csv"}, "PPF391"),
    "folder of several formats": ({"into": "a.csv", "source": "mixed"}, "PPF392"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused_with_what_to_do(wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("d", "mixed"):
        Path(folder).mkdir()
    for file in ("o.csv", "d/o.csv", "mixed/o.csv"):
        ORDERS.write_csv(file)
    ORDERS.write_parquet("mixed/o.parquet")
    before = names_in(tmp_path)
    options, said = WRONG[wrong]
    with pytest.raises(PipeproofError, match=said):
        ppd.convert(**{"source": ORDERS, **options})
    assert names_in(tmp_path) == before
