"""Files that are no tables are refused: where they are broken, never with a traceback, never without an end."""

import gzip
import os
import sqlite3

import duckdb
import polars as pl
import pytest

from pipeproof.data import check
from pipeproof.data.inputs import open_table, table_name
from pipeproof.errors import ContractError
from pipeproof.formats.limits import endless_line
from pipeproof.model.contract import Column, TableSchema

SCHEMA = TableSchema((Column("a", "integer"), Column("b", "string", nullable=True)))
GOOD = b"a,b\n1,x\n2,y\n"
PARQUET = "parquet"


def refused(path, schema=SCHEMA):
    """Return code, place and text of what is said of a file."""
    with pytest.raises(ContractError) as caught:
        check(path, schema)
    return [
        (one.code, (one.where.line, one.where.column) if one.where else None, one.what)
        for one in caught.value.findings
    ]


BROKEN = {
    "nothing": ("t.csv", b"", (0, 0), "the file is empty"),
    "nothing of JSON": ("t.jsonl", b"", (0, 0), "the file is empty"),
    "nothing of Parquet": ("t.parquet", b"", (0, 0), "the file is empty"),
    "spaces": ("t.csv", b"   \n\n", (0, 0), "blank"),
    "a field too many": ("t.csv", b"a,b\n1,x\n2,y,z\n", (3, 5), "line 3 has 3 fields, the header has 2"),
    "a field too many behind quotes": ("t.csv", b'a,b\n1,"x,y\n",z\n', (3, 3), "line 2 has 3 fields"),
    "a field too few": ("t.csv", b"a,b\n1,x\n22\n3,y\n", (3, 3), "line 3 has 1 field, the header has 2"),
    "a blank line": ("t.csv", b"a,b\n1,x\n\n3,y\n", (3, 1), "line 3 is blank"),
    "a quote never closed": ("t.csv", b'a,b\n1,"x\n2,y\n3,z\n', (2, 3), "unexpected end of data"),
    "text behind a quote": ("t.csv", b'a,b\n1,"x"y\n', (2, 3), "line 2 or later"),
    "Latin-1": ("t.csv", "a,b\n1,x\n2,café\n".encode("latin-1"), (3, 6), "not UTF-8 (byte 0xe9"),
    "Windows-1252": ("t.csv", "a,b\n1,“x”\n".encode("cp1252"), (2, 3), "not UTF-8 (byte 0x93"),
    "UTF-16": ("t.csv", GOOD.decode().encode("utf-16"), (1, 1), "text in UTF-16"),
    "UTF-16 big end first": ("t.csv", b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), (1, 1), "text in UTF-16"),
    "carriage returns alone": ("t.csv", GOOD.replace(b"\n", b"\r"), (1, 4), "carriage return"),
    "semicolons": ("t.csv", GOOD.replace(b",", b";"), (1, 2), "separated by a semicolon, not by a comma"),
    "tabs": ("t.csv", GOOD.replace(b",", b"\t"), (1, 2), "separated by a tab"),
    "bars": ("t.csv", GOOD.replace(b",", b"|"), (1, 2), "separated by a bar"),
    "commas in tsv": ("t.tsv", GOOD, (1, 2), "separated by a comma, not by a tab"),
    "a column twice": ("t.csv", b"a,a\n1,2\n", (1, 1), "column 'a' stands twice in the header"),
    "zero bytes in the header": ("t.csv", b"a,\0b\n1,x\n", (1, 1), "the file is not text"),
    "Parquet as csv": ("t.csv", b"PAR1" + b"junk" * 9, (1, 1), "its name says csv, but it is a Parquet file"),
    "Arrow as csv": ("t.csv", b"ARROW1" + b"junk" * 9, (1, 1), "but it is an Arrow file"),
    "Excel as csv": ("t.csv", b"PK\x03\x04" + b"x" * 99, (1, 1), "a ZIP archive, such as an Excel file"),
    "SQLite as csv": ("t.csv", b"SQLite format 3\0" + b"x" * 99, (1, 1), "write sqlite:///FILE#TABLE"),
    "PDF as csv": ("t.csv", b"%PDF-1.7\n", (1, 1), "a PDF file"),
    "a page as csv": ("t.csv", b"<!DOCTYPE html><html>\n<body>\n", (1, 1), "a page or document"),
    "gzip without its ending": ("t.csv", gzip.compress(GOOD), (1, 1), "compressed by gzip"),
    "Zstandard without its ending": ("t.csv", b"\x28\xb5\x2f\xfd" + b"x" * 99, (1, 1), "compressed by Zstandard"),
    "csv as Parquet": ("t.parquet", GOOD, (0, 0), "cannot be read as parquet"),
    "csv as Arrow": ("t.arrow", GOOD, (0, 0), "cannot be read as arrow"),
    "gzip that is none": ("t.csv.gz", b"\x1f\x8bjunk", (0, 0), "cannot be read as csv"),
    "gzip cut off": ("t.csv.gz", gzip.compress(GOOD * 999)[:-9], (0, 0), "cannot be read as csv"),
    "a broken line in gzip": ("t.csv.gz", gzip.compress(GOOD + b"3,z,4\n"), (4, 5), "line 4 has 3 fields"),
    "JSON cut off": ("t.jsonl", b'{"a": 1}\n{"a":', (2, 6), "line 2 is no JSON"),
    "a word that JSON has not": ("t.jsonl", b'{"a": 1}\n{"a": NaN}\n', (2, 1), "NaN is no value of JSON"),
    "a list of JSON": ("t.jsonl", b'[{"a": 1}, {"a": 2}]', (1, 1), "a JSON list"),
    "a number among JSON": ("t.jsonl", b'{"a": 1}\n7\n', (2, 1), "no JSON object but int"),
    "JSON not in UTF-8": ("t.jsonl", b'{"a": "\xff"}\n', (1, 8), "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_its_place(case, tmp_path):
    name, content, place, says = BROKEN[case]
    (tmp_path / name).write_bytes(content)
    [(code, where, what), *_] = refused(tmp_path / name)
    assert (code, where) == ("PPF320", place)
    assert says in what


def test_json_whose_values_are_of_unlike_kinds_is_refused(tmp_path):
    (tmp_path / "t.jsonl").write_bytes(b'{"a": {"b": 1}}\n{"a": 1}\n')
    assert refused(tmp_path / "t.jsonl", TableSchema((Column("a"),)))[0][0] == "PPF320"


def test_the_first_three_bad_places_are_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,x,1\n2,y\n3,z,1\n4,z,1\n5,z,1\n")
    assert [place for _, place, _ in refused(tmp_path / "t.csv")] == [(2, 5), (4, 5), (5, 5)]


def test_lines_in_three_encodings_are_each_told(tmp_path):
    lines = ["a,b\n", *(f"{n},café\n" for n in range(3))]
    text = b"".join(
        line.encode(how) for line, how in zip(lines, ["utf-8", "utf-8", "latin-1", "cp437"], strict=True)
    )
    (tmp_path / "t.csv").write_bytes(text)
    assert [place for _, place, _ in refused(tmp_path / "t.csv")] == [(3, 6), (4, 6)]


@pytest.mark.parametrize("end", [4, 30, 200, -1, -9, -40])
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_file_that_is_cut_anywhere_is_refused(kind, end, tmp_path):
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    frame = pl.DataFrame({"a": range(500), "b": ["x"] * 500})
    frame.write_parquet(whole) if kind == PARQUET else frame.write_ipc(whole)
    cut.write_bytes(whole.read_bytes()[:end])
    [(code, _, what)] = refused(cut)
    assert (code, f"cannot be read as {kind}" in what) == ("PPF320", True)


def test_parquet_whose_data_are_damaged_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(5000), "b": ["x"] * 5000}).write_parquet(path)
    content = bytearray(path.read_bytes())
    content[10:400] = b"\xff" * 390
    path.write_bytes(content)
    assert refused(path)[0][0] == "PPF320"


def test_a_part_of_a_folder_is_named(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "1.csv").write_bytes(GOOD)
    (tmp_path / "parts" / "2.csv").write_bytes(b"a,b\n1,x,z\n")
    with pytest.raises(ContractError) as caught:
        check(tmp_path / "parts", SCHEMA)
    assert caught.value.findings[0].where.file.endswith("parts/2.csv")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    assert refused(tmp_path / "t.csv")[0][2].endswith("it is a pipe, which has no end")


def test_a_pipe_among_parts_is_no_part(tmp_path):
    (tmp_path / "1.csv").write_bytes(GOOD)
    os.mkfifo(tmp_path / "2.csv")
    assert check(tmp_path, SCHEMA).rows == 2


def test_a_file_without_permission_is_told(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_bytes(GOOD)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read whatever its mode says
    assert refused(tmp_path / "t.csv")[0][2].endswith("permission denied")


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("nope.csv", "PPF391", "there is no file"),
        ("x" * 300 + ".csv", "PPF391", "cannot be used"),
        ("notes.txt", "PPF392", "in no format that holds a table"),
        ("folder", "PPF392", "holds no parts of one table"),
    ],
)
def test_what_is_no_table_is_told(name, code, says, tmp_path):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder").mkdir()
    [(found, _, what)] = refused(tmp_path / name)
    assert (found, says in what) == (code, True)


def test_a_misspelt_name_is_guessed(tmp_path):
    (tmp_path / "orders.csv").write_bytes(GOOD)
    with pytest.raises(ContractError, match=r"did you mean 'orders\.csv'"):
        open_table(tmp_path / "order.csv")


def test_what_is_no_table_of_python_is_told():
    with pytest.raises(ContractError, match="a int is no table"):
        open_table(7)


class TestLinesWithoutEnd:
    MOST = 1000

    @pytest.mark.parametrize(
        ("content", "begin"),
        [
            (b"a,b\n" * 9000, None),
            (b"a,b\n" + b"0" * 900 + b"\n1\n", None),
            (b"a,b\n" + b"0" * 1001 + b"\n1\n", 4),
            (b"0" * 50_000, 0),
            (b"a\n" * 3000 + b"x" * 5000, 6000),
        ],
    )
    @pytest.mark.parametrize("packed", [False, True])
    def test_are_found_without_reading_on(self, content, begin, packed, tmp_path):
        path = tmp_path / "t.csv"
        path.write_bytes(gzip.compress(content) if packed else content)
        assert endless_line(path, self.MOST) == begin

    def test_of_two_gigabytes_are_refused_at_once(self, tmp_path):
        path = tmp_path / "t.csv"
        with path.open("wb") as file:  # a file with a hole: nothing is written
            file.write(b"a,b\n")
            file.truncate(2**31)
        [(code, _, what)] = refused(path)
        assert (code, "a line that begins after 4 bytes has more than" in what) == ("PPF320", True)

    def test_that_gzip_made_small_are_refused(self, tmp_path):
        path = tmp_path / "t.csv.gz"
        with gzip.open(path, "wb", compresslevel=1) as file:
            for _ in range(70):
                file.write(bytes(2**20))
        assert "a line that begins at its start has more than" in refused(path)[0][2]


class TestDatabases:
    @pytest.fixture
    def shop(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with sqlite3.connect("shop.db") as base:
            base.execute("CREATE TABLE orders (a INTEGER, b TEXT)")
            base.execute("INSERT INTO orders VALUES (1, 'x'), (NULL, 'y')")
            base.execute("CREATE TABLE other (a INTEGER)")
        base.close()
        with duckdb.connect("shop.duckdb") as base:
            base.execute("CREATE TABLE orders AS SELECT 1 AS a, 'x' AS b")

    @pytest.mark.parametrize(
        ("address", "rows"),
        [
            ("sqlite:///shop.db#orders", 2),
            ("duckdb:///shop.duckdb#main.orders", 1),
            ("duckdb:///shop.duckdb", 1),
        ],
    )
    @pytest.mark.usefixtures("shop")
    def test_are_read_by_their_address(self, address, rows):
        result = check(address, SCHEMA)
        assert (result.name, result.rows, result.passed) == ("orders", rows, rows == 1)

    @pytest.mark.parametrize(
        ("address", "says"),
        [
            ("sqlite:///shop.db#order", "has no table 'order'"),
            ("sqlite:///shop.db", "names no table"),
            ("sqlite:///nope.db#orders", "there is no database nope.db"),
            ("sqlite://shop.db#orders", "is no address of a database file"),
            ("duckdb:///shop.db.txt#orders", "there is no database"),
            ("sqlite:///shop.duckdb#orders", "cannot be read"),
        ],
    )
    @pytest.mark.usefixtures("shop")
    def test_that_are_not_there_are_told(self, address, says):
        [(_, _, what)] = refused(address)
        assert says in what


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("data/orders/", "orders"),
        ("data/v1.2/", "v1.2"),
        ("Orders.CSV.gz", "Orders"),
        ("orders.2024.parquet", "orders.2024"),
        ("duckdb:///shop.duckdb#main.orders", "orders"),
        ({"a": [1]}, "table"),
    ],
)
def test_tables_are_called_as_their_files_without_endings(given, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.duckdb").touch()
    assert table_name(given) == name
