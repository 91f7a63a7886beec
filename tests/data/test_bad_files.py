"""Whatever opens a file refuses a bad one alike: with its place, and without waiting for what never comes."""

import os

import polars as pl
import pytest

from pipeproof.data import anonymise, check, compare, convert, infer, profile, scan_privacy, shrink
from pipeproof.data.shrinking.command import Command
from pipeproof.data.shrinking.failing_file import shrink_file
from pipeproof.errors import ContractError
from pipeproof.model.contract import Column, TableSchema

ROWS = b"a,b\n" + b"1,x\n" * 50
BAD = {  # name, content, and the line that is told
    "a gzip that is none": ("t.csv.gz", b"\x1f\x8bjunk", 0),
    "lines with a field too many": ("t.csv", ROWS + b"2,y,z\n" + ROWS, 52),
    "lines with a field too few": ("t.csv", ROWS + b"2\n", 52),
    "semicolons": ("t.csv", ROWS.replace(b",", b";"), 1),
    "zero bytes": ("t.csv", b"a,\0b\n1,x\n", 1),
    "no UTF-8": ("t.csv", ROWS + "2,caf\xe9\n".encode("latin-1"), 52),
    "nothing": ("t.csv", b"", 0),
    "no JSON": ("t.jsonl", b'{"a": 1}\n{"a":', 2),
}


def shrink_the_file(path):
    return shrink_file(path, Command(("false",), path.name, ""), most=1, seconds=1, show_private=True)


DOORS = {
    "infer": infer,
    "check": lambda path: check(path, TableSchema((Column("a", "integer"),))),
    "profile": profile,
    "compare, first": lambda path: compare(path, {"a": [1]}),
    "compare, second": lambda path: compare({"a": [1]}, path),
    "convert": lambda path: convert(path, path.parent / "out.parquet"),
    "anonymise": lambda path: anonymise(path, key=b"k" * 32),
    "scan": scan_privacy,
    "shrink": lambda path: shrink(path, bool),
    "shrink the file": shrink_the_file,
}


def refused(door, path):
    """Return code, file and line of the first thing that is said of a file."""
    with pytest.raises(ContractError) as caught:
        DOORS[door](path)
    one = caught.value.findings[0]
    return one.code, one.where and (one.where.file.rpartition("/")[2], one.where.line)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", BAD)
def test_bad_text_is_refused_with_its_place(door, case, tmp_path):
    name, content, line = BAD[case]
    (tmp_path / name).write_bytes(content)
    if (door, case) == ("convert", "no UTF-8"):  # which has an option for it
        assert refused(door, tmp_path / name)[0] == "PPF397"
    else:
        assert refused(door, tmp_path / name) == ("PPF320", (name, line))


@pytest.mark.parametrize("door", DOORS)
def test_a_parquet_that_is_cut_or_damaged_is_refused(door, tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(9999)}).write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert refused(door, path) == ("PPF320", ("t.parquet", 0))
    path.write_bytes(whole[:100] + bytes(900) + whole[1000:])
    assert refused(door, path) == ("PPF320", ("t.parquet", 0))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_pipe_is_not_waited_for(door, name, tmp_path):
    os.mkfifo(tmp_path / name)
    assert refused(door, tmp_path / name) == ("PPF320", (name, 0))


@pytest.mark.parametrize("door", DOORS)
def test_a_folder_without_tables_is_refused(door, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    assert refused(door, tmp_path / "notes")[0] == "PPF392"
    assert refused(door, tmp_path / "nothing.csv")[0] == "PPF391"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
@pytest.mark.parametrize("door", DOORS)
def test_a_file_that_may_not_be_read_is_refused(door, tmp_path):
    (tmp_path / "t.csv").write_bytes(ROWS)
    (tmp_path / "t.csv").chmod(0)
    assert refused(door, tmp_path / "t.csv") == ("PPF320", ("t.csv", 0))


def test_a_guess_that_later_rows_prove_wrong_loses_no_value(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "1\n" * 10_000 + "ann@firm.example\n")
    assert infer(path).columns[0].type == "string"
    assert [flag.kind for flag in scan_privacy(path, sample=None, least=0)] == ["email"]
    assert compare(path, pl.read_csv(path, infer_schema=False))


def test_a_file_that_was_written_otherwise_is_told_by_its_own_name(tmp_path):
    (tmp_path / "t.csv").write_bytes((ROWS.decode() + "2,é,z\n").encode("latin-1"))
    with pytest.raises(ContractError) as caught:
        convert(tmp_path / "t.csv", tmp_path / "out.parquet", encoding="latin-1")
    where = caught.value.findings[0].where
    assert (where.file.rpartition("/")[2], where.line) == ("t.csv", 52)
