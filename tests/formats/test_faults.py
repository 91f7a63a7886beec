"""What cannot be read is refused with a code, the line and the values; never with a traceback."""

import gzip

import polars as pl
import pytest

from pipeproof.errors import ContractError
from pipeproof.formats.convert import to_parquet
from pipeproof.model.contract import Column, TableSchema


def refused(content, kind, folder, schema=None, name=None):
    path = folder / (name or f"t.{kind}")
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ContractError) as caught:
        to_parquet(path, kind, schema, folder / "into.parquet", "output 't' of make")
    return caught.value.findings


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("csv", "", "the file is empty"),
        ("jsonl", "", "the file is empty"),
        ("parquet", b"", "the file is empty"),
        ("arrow", b"", "the file is empty"),
        ("csv", "a,b\n1,2\n1,2,3\n", "line 3 has 3 fields, the header has 2"),
        ("csv", "a,b,c\n1,2,3\n1,2\n", "line 3 has 2 fields, the header has 3"),
        ("csv", "a,b\nx,y\nx\n", "line 3 has 1 field, the header has 2"),
        ("tsv", "a\tb\n1\t2\n1\n", "line 3 has 1 field, the header has 2"),
        ("csv", "a,b\n1,2\n\n3,4\n", "line 3 is blank, the header has 2"),
        ("csv", 'a,b\n"two\nlines",2\n1\n', "line 4 has 1 field, the header has 2"),
        ("csv", 'a,b\n1,2\n3,"open\n4,5\n', "line 3 or later: unexpected end of data"),
        ("csv", b"a,b\n1,2\n\xe9,3\n", "line 3 is not UTF-8 (byte 0xe9 at 1)"),
        ("csv", b"\x00\x01\x02\xff" * 99, "not"),
        ("csv", "a,a\n1,2\n", "column 'a' stands twice in the header"),
        ("jsonl", '{"a": 1}\n{"a":\n', "line 2 is no JSON"),
        ("jsonl", '[{"a": 1}]\n', "line 1 is no JSON object but list"),
        ("jsonl", b'{"a": "\xff"}\n', "line 1 is not UTF-8"),
        ("parquet", b"junk", "cannot be read as parquet"),
        ("parquet", b"PAR1" + b"junk" * 9 + b"PAR1", "cannot be read as parquet"),
        ("arrow", b"junk", "cannot be read as arrow"),
        ("arrow", b"ARROW1" + b"junk" * 99, "cannot be read as arrow"),
        ("csv", None, "cannot be read as csv"),
    ],
)
def test_a_broken_file_is_refused_with_what_is_wrong(kind, content, says, tmp_path):
    [finding] = refused(content, kind, tmp_path)
    assert finding.code == "PPF208"
    assert finding.what.startswith(f"output 't' of make cannot be read as {kind}: ")
    assert says in finding.what


def test_a_truncated_parquet_file_is_refused(tmp_path):
    pl.DataFrame({"x": range(1000)}).write_parquet(tmp_path / "whole.parquet")
    [finding] = refused((tmp_path / "whole.parquet").read_bytes()[:-30], "parquet", tmp_path)
    assert finding.code == "PPF208"


def test_a_truncated_compressed_file_is_refused(tmp_path):
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    [finding] = refused(whole[:-50], "csv", tmp_path, name="t.csv.gz")
    assert finding.code == "PPF208"


def test_a_broken_line_in_a_compressed_file_is_found(tmp_path):
    [finding] = refused(gzip.compress(b"a,b\n1,2\n1\n"), "csv", tmp_path, name="t.csv.gz")
    assert "line 3 has 1 field" in finding.what


def test_of_a_folder_the_broken_part_is_named(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "1.csv").write_text("a,b\n1,2\n")
    (folder / "2.csv").write_text("a,b\n1,2\n1,2,3\n")
    [finding] = refused(None, "csv", tmp_path, name="parts")
    assert "2.csv: line 3 has 3 fields" in finding.what


def test_parts_with_other_columns_are_refused(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "1.csv").write_text("a,b\n1,2\n")
    (folder / "2.csv").write_text("b,a\n1,2\n")
    [finding] = refused(None, "csv", tmp_path, name="parts")
    assert finding.code == "PPF208"


def test_a_folder_without_a_file_of_the_format_says_what_is_there(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "notes.txt").touch()
    [finding] = refused(None, "csv", tmp_path, name="parts")
    assert (finding.code, finding.what) == ("PPF207", "no csv file in parts/ (there: notes.txt)")


@pytest.mark.parametrize(
    ("kind", "values", "shown"),
    [
        ("integer", ["1", "x", "2.5", "", "9223372036854775808"], "row 2: 'x', row 3: '2.5', row 5: '9223372036854775808'"),
        ("number", ["1", "1,5", "n/a"], "row 2: '1,5', row 3: 'n/a'"),
        ("decimal", ["1.5", "abc"], "row 2: 'abc'"),
        ("boolean", ["true", "maybe"], "row 2: 'maybe'"),
        ("date", ["2024-01-01", "01/02/2024", "2024-02-30", "2024-01-01 12:00"], "row 2: '01/02/2024', row 3: '2024-02-30', row 4: '2024-01-01 12:00'"),
        ("timestamp", ["2024-01-01 10:00", "noon", "2024-01-01T10:00Z"], "row 2: 'noon', row 3: '2024-01-01T10:00Z'"),
        ("time", ["10:00", "25:00"], "row 2: '25:00'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_values_that_are_not_of_their_type_are_shown_with_their_rows(form, kind, values, shown, tmp_path):
    frame = pl.DataFrame({"x": values, "y": 1})
    content = frame.write_csv(quote_style="always") if form == "csv" else frame.write_ndjson()
    [finding] = refused(content, form, tmp_path, TableSchema((Column("x", kind, nullable=True),)))
    assert (finding.code, finding.column, finding.evidence) == ("PPF302", "x", shown)


def test_json_numbers_that_are_not_whole_are_no_integers(tmp_path):
    schema = TableSchema((Column("x", "integer"),))
    [finding] = refused('{"x": 1}\n{"x": 2.5}\n', "jsonl", tmp_path, schema)
    assert finding.evidence == "row 2: '2.5'"


def test_every_column_with_wrong_values_is_reported_at_once(tmp_path):
    schema = TableSchema((Column("a", "integer"), Column("b", "date")))
    findings = refused("a,b\nx,y\n", "csv", tmp_path, schema)
    assert [finding.column for finding in findings] == ["a", "b"]


def test_a_file_that_may_not_be_read_says_so(tmp_path):
    path = tmp_path / "t.csv"
    path.symlink_to("t.csv")  # even the superuser cannot read a link to itself
    [finding] = refused(None, "csv", tmp_path)
    assert finding.code == "PPF208"
