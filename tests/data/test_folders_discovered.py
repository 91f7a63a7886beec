"""What a folder holds: tables, parts of tables, other files, and what is left out with the reason."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeproof.data as ppd
from pipeproof.data.folders.encodings import encoding_of
from pipeproof.data.folders.grouping import Part, group, kinds_of_partitions, partition_of
from pipeproof.digest import digest_file
from pipeproof.errors import ContractError

ORDERS = pl.DataFrame({"id": [1, 2], "town": ["ulm", "bonn"], "at": [dt.date(2024, 5, 1), None]})


def left_out(folder):
    return {item.path: item.why for item in ppd.discover(folder).left_out}


def test_a_table_has_its_format_rows_columns_size_and_digest(tmp_path):
    ORDERS.write_csv(tmp_path / "orders.csv")
    found = ppd.discover(tmp_path)["orders"]
    file = found.files[0]
    assert (found.format, found.rows, found.encoding, found.compression) == ("csv", 2, "utf-8", "")
    assert found.columns == {"id": "integer", "town": "string", "at": "date"}
    assert (file.size, file.sha256) == (
        (tmp_path / "orders.csv").stat().st_size,
        digest_file(tmp_path / "orders.csv"),
    )


def test_when_a_file_was_written_is_told_in_utc(tmp_path):
    ORDERS.write_parquet(tmp_path / "orders.parquet")
    os.utime(tmp_path / "orders.parquet", (0, 86_400.9))
    assert ppd.discover(tmp_path)["orders"].files[0].modified == "1970-01-02T00:00:00Z"


def test_folders_that_name_values_make_one_dataset_with_partitions(tmp_path):
    for year in (2013, 2014):
        folder = tmp_path / "sales" / f"year={year}" / "month=01"
        folder.mkdir(parents=True)
        ORDERS.write_parquet(folder / "a.parquet")
    found = ppd.discover(tmp_path)["sales"]
    assert (found.rows, len(found.files)) == (4, 2)
    assert found.partitions == {"year": "integer", "month": "integer"}


def test_numbered_files_beside_each_other_are_one_dataset(tmp_path):
    for number in range(3):
        ORDERS.write_ndjson(tmp_path / f"orders-{number}.jsonl")
    assert [dataset.name for dataset in ppd.discover(tmp_path).datasets] == ["orders"]


def test_numbered_files_with_other_columns_are_datasets_of_their_own(tmp_path):
    ORDERS.write_csv(tmp_path / "table1.csv")
    ORDERS.drop("town").write_csv(tmp_path / "table2.csv")
    assert [dataset.name for dataset in ppd.discover(tmp_path).datasets] == ["table1", "table2"]


def test_a_type_that_parts_do_not_agree_on_is_the_wider_one(tmp_path):
    (tmp_path / "part-0.csv").write_text("a,b\n1,x\n")
    (tmp_path / "part-1.csv").write_text("a,b\n1.5,2\n")
    assert next(iter(ppd.discover(tmp_path).datasets)).columns == {"a": "number", "b": "string"}


def test_a_value_behind_the_first_rows_changes_the_type(tmp_path):
    (tmp_path / "a.csv").write_text("n\n" + "1\n" * 10_500 + "x\n")
    assert ppd.discover(tmp_path)["a"].columns == {"n": "string"}


def test_models_databases_and_other_files_are_told_apart(tmp_path):
    (tmp_path / "m.json").write_text('{"learner": {}}')
    (tmp_path / "s.dat").write_bytes(b"SQLite format 3\0" + bytes(100))
    (tmp_path / "read.me").write_text("hello")
    found = {file.path: file.kind for file in ppd.discover(tmp_path).files}
    assert found == {"m.json": "model", "read.me": "other", "s.dat": "database"}


def test_a_link_is_not_followed_and_says_where_it_leads(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    ORDERS.write_csv(inside / "a.csv")
    ORDERS.write_csv(tmp_path / "secret.csv")
    (inside / "b.csv").symlink_to("a.csv")
    (inside / "c.csv").symlink_to("../secret.csv")
    (inside / "d").symlink_to(tmp_path, target_is_directory=True)
    (inside / "e").symlink_to("nowhere")
    assert left_out(inside) == {
        "b.csv": "a link to a.csv",
        "c.csv": "a link out of the folder",
        "d": "a link out of the folder",
        "e": "a link to nothing",
    }


def test_what_is_hidden_is_named_and_not_looked_into(tmp_path):
    (tmp_path / ".git").mkdir()
    ORDERS.write_csv(tmp_path / ".git" / "a.csv")
    (tmp_path / "_SUCCESS").touch()
    found = ppd.discover(tmp_path)
    assert (found.datasets, left_out(tmp_path)) == ((), {".git": "hidden", "_SUCCESS": "hidden"})


def test_a_pipe_is_left_out_and_nothing_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert left_out(tmp_path) == {"a.csv": "no regular file"}


BROKEN = {
    "cut.parquet": (b"PAR1" + bytes(100), "cannot be read as parquet"),
    "empty.csv": (b"", "the file is empty"),
    "cut.csv.gz": (gzip.compress(b"a,b\n" + os.urandom(3000).hex().encode())[:-900], "cannot be read as csv"),
    "list.jsonl": (b"[1, 2]\n", "cannot be read as jsonl"),
    "wide.csv": (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields"),
    "twice.csv": (b"a,a\n1,2\n", "twice"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_table_that_cannot_be_read_is_left_out_with_the_reason(name, tmp_path):
    content, why = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    assert why in left_out(tmp_path)[name]


def test_what_unpacks_to_far_too_much_is_not_unpacked_to_the_end(tmp_path):
    with gzip.open(tmp_path / "bomb.csv.gz", "wb") as bomb:
        bomb.write(b"a\n" + b"1\n" * (1 << 23))
    with pytest.raises(ContractError, match="unpacks to over 200 times its size"):
        encoding_of(tmp_path / "bomb.csv.gz", most=1 << 20)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("latin-1", "windows-1252")],
)
def test_how_texts_are_written_is_found_out(encoding, said, tmp_path):
    (tmp_path / "a.csv").write_bytes("name,price\ncafé,1\n".encode(encoding))
    found = ppd.discover(tmp_path)["a"]
    assert (found.encoding, found.rows, found.columns) == (said, 1, {"name": "string", "price": "integer"})


def test_a_folder_that_is_none_is_an_error(tmp_path):
    with pytest.raises(ContractError, match="PPF391"):
        ppd.discover(tmp_path / "nowhere")


# Which files are one table

NAMES = st.sampled_from(["orders", "part", "data", "a", "2024", "sales_2", "x-1", ""])
ENDINGS = st.sampled_from([".csv", ".csv.gz", ".parquet", ".jsonl"])
PATHS = st.builds(
    lambda folders, name, number, ending: "/".join([*folders, f"{name}{number}{ending}"]),
    st.lists(st.sampled_from(["raw", "year=2013", "year=2014", "k=a%2Fb", "flights.csv"]), max_size=2),
    NAMES,
    st.sampled_from(["", "-1", "_2", ".3", "04"]),
    ENDINGS,
)


@given(st.lists(PATHS, unique=True, max_size=12))
def test_every_file_is_in_one_dataset_and_each_dataset_has_a_name_of_its_own(paths):
    groups = group(Part(path, Path(path).suffix) for path in paths)
    assert sorted(path for found in groups for path in found.paths) == sorted(paths)
    assert len({found.name for found in groups}) == len(groups)


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["part-00000.csv", "part-00001.csv"], "part"),
        (["sales/part-00000.csv", "sales/part-00001.csv"], "sales"),
        (["a/orders_2024-01.csv", "a/orders_2024-02.csv"], "orders"),
        (
            ["t/part-00000-0a1b2c3d-0000-4000-8000-000000000000-c000.csv"] * 1,
            "part-00000-0a1b2c3d-0000-4000-8000-000000000000-c000",
        ),
        (["year=1/a.csv", "year=2/a.csv"], "table"),
        (["1.csv", "2.csv"], "table"),
    ],
)
def test_a_dataset_is_called_what_its_parts_have_in_common(paths, name):
    assert [found.name for found in group(Part(path, "csv") for path in paths)] == [name]


def test_values_of_folders_are_decoded_and_missing_ones_known():
    assert partition_of("a/k=x%2Fy/m=__HIVE_DEFAULT_PARTITION__/f.csv") == {"k": "x/y", "m": None}


def test_columns_of_folders_have_the_type_that_all_values_have():
    values = [{"n": "1", "d": "2024-05-01", "s": "1"}, {"n": None, "d": "2024-05-02", "s": "b"}]
    assert kinds_of_partitions(values) == {"n": "integer", "d": "date", "s": "string"}
