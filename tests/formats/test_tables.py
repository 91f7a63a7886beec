"""Tables go to files and come back the same, in every format and every type."""

import datetime as dt
import hashlib
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeproof.data import check
from pipeproof.formats import tables
from pipeproof.formats.convert import narrow_dates, to_parquet
from pipeproof.model.contract import TABLE_FORMATS, Column, TableSchema

TEXTS = [
    "a,b",
    "two\nlines\r\n",
    'é "quoted"',
    "",
    "  spaced ",
    "007",
    "\t",
    None,
    "null",
    "1.0",
    "日本",
    "'",
]
MOMENT = dt.datetime(2024, 2, 29, 1, 2, 3, 456)  # noqa: DTZ001 timestamps without a zone are the case
VALUES = {
    "string": pl.Series(TEXTS),
    "integer": pl.Series([2**63 - 1, None, -(2**63), 0]),
    "number": pl.Series([0.1 + 0.2, None, -0.0, 1e300, 5e-324, 3.0]),
    "decimal": pl.Series(
        [Decimal("1.10"), None, Decimal("-12345678901234567890.12")], dtype=pl.Decimal(38, 2)
    ),
    "boolean": pl.Series([True, None, False]),
    "date": pl.Series([dt.date(2024, 2, 29), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    "timestamp": pl.Series([MOMENT, None, dt.datetime(1900, 1, 1), dt.datetime(2024, 1, 1)]),  # noqa: DTZ001 the same
    "time": pl.Series([dt.time(1, 2, 3, 456), None, dt.time(0), dt.time(23, 59, 59)]),
}


def there_and_back(frame, kind, folder, schema=None, name=None):
    path = folder / (name or f"t{tables.extension(kind)}")
    tables.write(frame.lazy(), path, kind)
    return taken(path, kind, folder, schema)


def taken(path, kind, folder, schema=None):
    into = folder / "taken.parquet"
    to_parquet(path, kind, schema, into, "table 't'")
    return pl.read_parquet(into)


def schema_of(kind, name="x"):
    return TableSchema((Column(name, kind, nullable=True),))


@pytest.mark.parametrize("kind", TABLE_FORMATS)
@pytest.mark.parametrize("logical", VALUES)
def test_every_type_comes_back_from_every_format_with_a_contract(kind, logical, tmp_path):
    frame = VALUES[logical].alias("x").to_frame()
    assert_frame_equal(there_and_back(frame, kind, tmp_path, schema_of(logical)), frame)


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "arrow"])
@pytest.mark.parametrize("logical", [name for name in VALUES if name != "decimal"])
def test_every_type_but_decimals_comes_back_without_a_contract(kind, logical, tmp_path):
    frame = VALUES[logical].alias("x").to_frame()
    assert_frame_equal(there_and_back(frame, kind, tmp_path), frame)


@pytest.mark.parametrize("logical", ["string", "integer", "number", "boolean"])
def test_the_types_that_json_knows_come_back_without_a_contract(logical, tmp_path):
    frame = VALUES[logical].alias("x").to_frame()
    assert_frame_equal(there_and_back(frame, "jsonl", tmp_path), frame)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_timestamps_with_a_zone_come_back_in_utc(kind, tmp_path):
    zoned = pl.DataFrame({"x": [MOMENT, None]}).with_columns(
        pl.col("x").dt.replace_time_zone("Europe/Berlin")
    )
    expected = zoned.with_columns(pl.col("x").dt.convert_time_zone("UTC"))
    assert_frame_equal(there_and_back(zoned, kind, tmp_path, schema_of("timestamp")), expected)


def test_numbers_that_are_none_come_back_from_csv(tmp_path):
    frame = pl.DataFrame({"x": [float("nan"), float("inf"), -float("inf"), 1.5]})
    assert_frame_equal(there_and_back(frame, "csv", tmp_path), frame)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_text_formats_may_be_compressed(kind, packed, tmp_path):
    frame = pl.DataFrame({"x": [1, None], "s": ["a", "b"]})
    name = f"t{tables.extension(kind)}{packed}"
    assert_frame_equal(there_and_back(frame, kind, tmp_path, name=name), frame)
    magic = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
    assert (tmp_path / name).read_bytes().startswith(magic[packed])


@pytest.mark.parametrize("kind", TABLE_FORMATS)
def test_equal_tables_give_equal_bytes(kind, tmp_path):
    frame = pl.DataFrame({"x": range(300_000)}).with_columns(s=pl.format("name {}", pl.col("x") % 77))
    pieces = pl.concat([frame[start : start + 7_777] for start in range(0, 300_000, 7_777)], rechunk=False)
    digests = set()
    for name, table in {"whole": frame.lazy(), "pieces": pieces.lazy(), "again": frame.lazy()}.items():
        path = tmp_path / f"{name}.{kind}"
        tables.write(table, path, kind)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("kind", TABLE_FORMATS)
def test_a_folder_of_parts_is_one_table_in_the_order_of_names(kind, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in (2, 1, 3):
        part = pl.DataFrame({"x": [number, None]}, schema={"x": pl.Int64})
        tables.write(part.lazy(), folder / f"part-{number}{tables.extension(kind)}", kind)
    (folder / "_SUCCESS").touch()
    (folder / ".hidden.csv").write_text("nothing")
    assert taken(folder, kind, tmp_path)["x"].to_list() == [1, None, 2, None, 3, None]


def test_parts_of_json_lines_may_have_different_keys(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "1.jsonl").write_text('{"a": 1}\n')
    (folder / "2.jsonl").write_text('{"b": "x"}\n')
    assert taken(folder, "jsonl", tmp_path).rows() == [(1, None), (None, "x")]


def test_an_empty_part_is_passed_over(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "1.csv").touch()
    (folder / "2.csv").write_text("a\n1\n")
    assert taken(folder, "csv", tmp_path).rows() == [(1,)]


@pytest.mark.parametrize("kind", TABLE_FORMATS)
def test_a_table_without_rows_keeps_its_columns_with_a_contract(kind, tmp_path):
    frame = pl.DataFrame(schema={"x": pl.Int64, "s": pl.String})
    schema = TableSchema((Column("x", "integer"), Column("s", "string")))
    assert_frame_equal(there_and_back(frame, kind, tmp_path, schema), frame)


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("1\n2\n\n", pl.Int64),
        ("1\n-2\n", pl.Int64),
        ("+491701234567\n-2\n", pl.String),
        ("+1.5\n-2.5\n", pl.String),
        ("007\n010\n", pl.String),
        ("99999999999999999999\n1\n", pl.String),
        ("1\n2.5\n1e3\n", pl.Float64),
        ("True\nfalse\n", pl.Boolean),
        ("yes\nno\n", pl.String),
        ("2024-01-01\n2024-02-30\n", pl.String),
        ("2024-01-01\n2024-01-02 03:04\n", pl.Datetime("us")),
        ("2024-01-01T00:00:00Z\n", pl.Datetime("us", "UTC")),
        ("12:30\n13:00:01.5\n", pl.Time),
        ("12:30 pm\n", pl.String),
        ("-5\n--\n", pl.String),
        ('""\n""\n', pl.String),
    ],
)
def test_types_are_guessed_only_when_no_value_is_told_less(text, dtype, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x\n" + text)
    assert taken(path, "csv", tmp_path).schema["x"] == dtype


@pytest.mark.parametrize(
    ("late", "dtype"),
    [("x", pl.String), ("1.5", pl.Float64), ("007", pl.String), ("+8", pl.String), ("8", pl.Int64)],
)
def test_a_guess_holds_for_rows_far_down(late, dtype, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 12_000 + f"{late},2\n")
    frame = taken(path, "csv", tmp_path)
    assert frame.schema == {"a": dtype, "b": pl.Int64}
    assert str(frame["a"][-1]) == late


def test_a_column_may_be_called_self(tmp_path):
    (tmp_path / "t.csv").write_text("self,b\n1,x\n" + "2,y\n" * 10_000 + "z,y\n")
    to_parquet(tmp_path / "t.csv", "csv", None, tmp_path / "t.parquet", "t")
    assert pl.read_parquet_schema(tmp_path / "t.parquet") == {"self": pl.String, "b": pl.String}
    assert check(tmp_path / "t.csv", TableSchema((Column("self", "string"), Column("b", "string"))))


def test_a_column_that_begins_with_gaps_is_guessed_from_its_values(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + ",2\n" * 12_000 + "7,2\n")
    assert taken(path, "csv", tmp_path)["a"][-1] == 7


def test_csv_of_other_programs_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b,d\r\n3.0,"x\r\ny",2024-01-01 00:00:00\r\n,,\r\n')
    schema = TableSchema((Column("a", "integer", nullable=True), Column("d", "date", nullable=True)))
    assert taken(path, "csv", tmp_path, schema).rows() == [
        (3, "x\r\ny", dt.date(2024, 1, 1)),
        (None, None, None),
    ]


def test_json_numbers_stand_for_integers_where_they_are_whole(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1.0}\n{"a": null}\n{"a": 2}\n')
    assert taken(path, "jsonl", tmp_path, schema_of("integer", "a"))["a"].to_list() == [1, None, 2]


def test_a_key_that_json_lines_have_only_far_down_is_kept(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n' * 12_000 + '{"a": 2.5, "z": "late"}\n')
    assert taken(path, "jsonl", tmp_path).row(-1) == (2.5, "late")


def test_types_of_parquet_are_left_as_they_are(tmp_path):
    frame = pl.DataFrame({"x": ["1", "2"]})
    assert_frame_equal(there_and_back(frame, "parquet", tmp_path, schema_of("integer")), frame)


rows = st.lists(
    st.tuples(
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False),
    ),
    max_size=5,
)


@given(rows)
@settings(deadline=None, max_examples=50)
def test_any_text_and_number_comes_back_from_csv_with_a_contract(tmp_path_factory, rows):
    kinds = {"s": "string", "i": "integer", "f": "number"}
    schema = TableSchema(tuple(Column(name, kind, nullable=True) for name, kind in kinds.items()))
    frame = pl.DataFrame(rows, schema={"s": pl.String, "i": pl.Int64, "f": pl.Float64}, orient="row")
    assert_frame_equal(there_and_back(frame, "csv", tmp_path_factory.mktemp("t"), schema), frame)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.CSV", "csv"),
        ("a.csv.gz", "csv"),
        ("a.tab", "tsv"),
        ("a.ndjson.zst", "jsonl"),
        ("a.feather", "arrow"),
        ("a.parquet.gz", None),
        ("a.txt", None),
    ],
)
def test_a_file_name_says_its_format(name, kind):
    assert tables.format_of(name) == kind


def test_the_line_break_that_pandas_writes_for_no_rows_is_a_table_without_rows(tmp_path):
    (tmp_path / "none.jsonl").write_text("\n")
    to_parquet(tmp_path / "none.jsonl", "jsonl", TableSchema((Column("a", "integer"),)), tmp_path / "t", "t")
    assert pl.read_parquet(tmp_path / "t").shape == (0, 1)


@pytest.mark.parametrize(
    ("hour", "kind"), [(0, pl.Date), (1, pl.Datetime)], ids=["at midnight", "at another time"]
)
def test_timestamps_become_the_dates_that_are_wanted_only_at_midnight(hour, kind, tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"d": [dt.datetime(2026, 1, 1, hour), None]}).write_parquet(path)  # noqa: DTZ001 as pandas has them
    narrow_dates(path, TableSchema((Column("d", "date", nullable=True),)))
    assert pl.read_parquet(path)["d"].dtype == kind
