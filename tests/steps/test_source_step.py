"""Sources, read as part of a pipeline: tables in files and databases, files, folders, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import gzip
import sqlite3
from contextlib import closing

import duckdb
import polars as pl
import pytest

import pipeproof as pp
from pipeproof.errors import ConfigError

DAY = dt.date(2024, 5, 1)
ROWS = pl.DataFrame(
    {"id": [1, 2, 3], "town": ["ulm", None, "köln"], "day": [DAY, DAY, None], "x": [0.5, None, 2.0]}
)


def run(folder, source):
    """Run a pipeline that reads one source, and return the run."""
    (folder / "use.py").write_text("def use(data):\n    return 1\n")
    path = folder / "flow.yaml"
    path.write_text(
        f"sources:\n  data: {source}\nworkflow:\n  name: flow\n  steps:\n"
        "    - {name: use, type: python, isolation: thread, config: {function: 'use.py:use', inputs: [data]}}\n"
    )
    return pp.run(path)


def table(folder, source):
    done = run(folder, source)
    assert done.record.steps["data"].failure is None
    return done["data"].outputs["data"].table()


def failure(folder, source):
    done = run(folder, source)
    assert not done
    return done.record.steps["data"].failure


WRITE = {
    "csv": lambda frame, path: frame.write_csv(path),
    "tsv": lambda frame, path: frame.write_csv(path, separator="\t"),
    "parquet": lambda frame, path: frame.write_parquet(path),
    "arrow": lambda frame, path: frame.write_ipc(path),
    "jsonl": lambda frame, path: frame.write_ndjson(path),
    "csv.gz": lambda frame, path: path.write_bytes(gzip.compress(frame.write_csv().encode())),
}
TYPED = "contract: {columns: {id: integer, town: string?, day: date?, x: number?}}"


@pytest.mark.parametrize("ending", WRITE)
def test_a_table_is_read_from_every_format_with_the_types_of_its_contract(ending, tmp_path):
    WRITE[ending](ROWS, tmp_path / f"rows.{ending}")
    assert table(tmp_path, f"{{path: rows.{ending}, {TYPED}}}").equals(ROWS)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_folder_of_parts_is_one_table_in_the_order_of_their_names(ending, tmp_path):
    (tmp_path / "rows").mkdir()
    for number in (2, 0, 1):
        WRITE[ending](ROWS.slice(number, 1), tmp_path / "rows" / f"part-{number}.{ending}")
    (tmp_path / "rows" / "_SUCCESS").touch()
    (tmp_path / "rows" / ".hidden").write_text("x")
    assert table(tmp_path, f"{{path: rows, {TYPED}}}").equals(ROWS)


def test_the_format_may_be_said_where_the_name_does_not_tell(tmp_path):
    WRITE["csv"](ROWS, tmp_path / "rows.dat")
    assert table(tmp_path, "{path: rows.dat, format: csv}")["id"].to_list() == [1, 2, 3]


def test_the_contract_decides_how_a_column_of_digits_is_read(tmp_path):
    (tmp_path / "rows.csv").write_text("zip,flag\n01234,yes\n00042,no\n")
    got = table(tmp_path, "{path: rows.csv, contract: {columns: {zip: string, flag: boolean}}}")
    assert got.rows() == [("01234", True), ("00042", False)]


def test_values_that_are_not_of_the_contracts_type_are_counted_and_shown(tmp_path):
    (tmp_path / "rows.csv").write_text("id\n1\nx\ny\n")
    said = run(tmp_path, "{path: rows.csv, contract: {columns: {id: integer}}}").record.steps["data"]
    assert said.failure.code == "PPF302"
    assert "column 'id' has 2 values that are not of its type" in said.failure.message
    assert said.findings[0].evidence == "row 2: 'x', row 3: 'y'"


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    (tmp_path / "rows.csv").write_text("id,town\n")
    got = table(tmp_path, "{path: rows.csv, contract: {columns: {id: integer, town: string}}}")
    assert dict(got.schema) == {"id": pl.Int64, "town": pl.String}


def test_a_file_that_is_no_table_is_taken_as_it_is(tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    artifact = run(tmp_path, "note.txt")["data"].outputs["data"].artifact
    assert (artifact.kind, artifact.name, artifact.size) == ("file", "note.txt", 5)


def test_a_table_may_be_taken_as_a_plain_file(tmp_path):
    (tmp_path / "rows.csv").write_text("id\n1\n")
    assert run(tmp_path, "{path: rows.csv, format: file}")["data"].outputs["data"].artifact.kind == "file"


def test_a_folder_of_different_files_is_taken_as_a_folder(tmp_path):
    (tmp_path / "mixed" / "deep").mkdir(parents=True)
    (tmp_path / "mixed" / "a.csv").write_text("id\n1\n")
    (tmp_path / "mixed" / "deep" / "b.txt").write_text("x")
    dataset = run(tmp_path, "mixed")["data"].outputs["data"]
    assert dataset.artifact.kind == "folder"
    assert (dataset.save(tmp_path / "again") / "deep" / "b.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("content", "source", "says"),
    [
        (b"", "rows.csv", "cannot be read as csv"),
        (b"id\n1,2,3\n", "rows.csv", "cannot be read as csv"),
        (b"PAR1 nothing", "rows.parquet", "cannot be read as parquet"),
        (b"{broken", "rows.jsonl", "cannot be read as jsonl"),
        (b"nothing", "rows.arrow", "cannot be read as arrow"),
    ],
)
def test_a_damaged_file_is_said(content, source, says, tmp_path):
    (tmp_path / source).write_bytes(content)
    said = failure(tmp_path, source)
    assert said.code == "PPF208"
    assert f"source 'data' {says}" in said.message
    assert said.permanent


def test_a_file_that_went_away_before_the_run_is_said_with_what_is_there(tmp_path):
    (tmp_path / "rows.csv").write_text("id\n1\n")
    examined = pp.load(_flow(tmp_path, "rows.csv"))
    (tmp_path / "rows.csv").rename(tmp_path / "rowz.csv")
    said = pp.run(examined).record.steps["data"].failure
    assert (said.code, said.fix) == ("PPF143", "did you mean 'rowz.csv'?")


def _flow(folder, source):
    run(folder, source)
    return folder / "flow.yaml"


def test_a_format_that_says_folder_for_a_file_is_refused(tmp_path):
    (tmp_path / "note.txt").write_text("x")
    assert (
        "note.txt is a file, its format says folder"
        in failure(tmp_path, "{path: note.txt, format: folder}").message
    )


# SQLite


def sqlite(folder, *statements, name="shop.db"):
    with closing(sqlite3.connect(folder / name)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def read_sqlite(folder, *statements, name="orders", more=""):
    sqlite(folder, *statements)
    return table(folder, f"{{database: 'sqlite:///shop.db', table: {name}{more}}}")


MAKE = "CREATE TABLE orders (id INTEGER, price DECIMAL(8,2), paid BOOLEAN, day DATE, at TIMESTAMP, town TEXT, raw BLOB)"
FILL = (
    "INSERT INTO orders VALUES (1, 2, 1, '2024-05-01', '2024-05-01 10:00:00', 'ulm', x'01'),"
    " (2, 2.5, 0, NULL, '2024-05-01T10:00:00.25', NULL, NULL)"
)
TYPES = {
    "id": pl.Int64,
    "price": pl.Float64,
    "paid": pl.Boolean,
    "day": pl.Date,
    "at": pl.Datetime("us"),
    "town": pl.String,
    "raw": pl.Binary,
}


def test_a_table_of_sqlite_has_the_types_that_were_declared(tmp_path):
    got = read_sqlite(tmp_path, MAKE, FILL)
    assert dict(got.schema) == TYPES
    assert got["price"].to_list() == [2.0, 2.5]
    assert got["paid"].to_list() == [True, False]
    assert got["day"].to_list() == [DAY, None]
    assert [str(at) for at in got["at"]] == ["2024-05-01 10:00:00", "2024-05-01 10:00:00.250000"]
    assert got["raw"].to_list() == [b"\x01", None]


def test_a_table_of_sqlite_without_rows_keeps_its_columns_and_types(tmp_path):
    got = read_sqlite(tmp_path, MAKE)
    assert dict(got.schema) == TYPES
    assert got.height == 0


def test_a_view_of_sqlite_is_read_like_a_table(tmp_path):
    got = read_sqlite(
        tmp_path,
        MAKE,
        FILL,
        "CREATE VIEW v AS SELECT id, price * 2 AS twice, upper(town) FROM orders",
        name="v",
    )
    assert got.rows() == [(1, 4.0, "ULM"), (2, 5.0, None)]
    assert got.columns == ["id", "twice", "upper(town)"]


def test_values_that_do_not_fit_the_declared_type_are_kept(tmp_path):
    make = "CREATE TABLE orders (a INTEGER, flag BOOLEAN, day DATE, big, n REAL)"
    fill = "INSERT INTO orders VALUES (1, 2, '2024-02-31', 9223372036854775807, 3), ('n/a', 1, '2024-02-01', 1, NULL)"
    got = read_sqlite(tmp_path, make, fill)
    assert got.rows() == [("1", 2, "2024-02-31", 2**63 - 1, 3.0), ("n/a", 1, "2024-02-01", 1, None)]


def test_a_value_that_comes_late_decides_the_type_of_the_whole_column(tmp_path):
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000) INSERT INTO orders SELECT i, NULL FROM n"
    got = read_sqlite(
        tmp_path, "CREATE TABLE orders (id, late)", rows, "INSERT INTO orders VALUES (0.5, 'x')"
    )
    assert got.schema == {"id": pl.Float64, "late": pl.String}
    assert got.height == 150_001
    assert got["late"].drop_nulls().to_list() == ["x"]


def test_text_of_sqlite_gets_the_types_of_the_contract(tmp_path):
    statements = ("CREATE TABLE orders (day TEXT, n TEXT)", "INSERT INTO orders VALUES ('2024-05-01', '7')")
    got = read_sqlite(tmp_path, *statements, more=", contract: {columns: {day: date, n: integer}}")
    assert got.rows() == [(DAY, 7)]


def test_text_of_sqlite_that_is_not_of_the_contracts_type_is_shown(tmp_path):
    sqlite(tmp_path, "CREATE TABLE orders (n)", "INSERT INTO orders VALUES (1), ('many')")
    source = "{database: 'sqlite:///shop.db', table: orders, contract: {columns: {n: integer}}}"
    step = run(tmp_path, source).record.steps["data"]
    assert step.failure.code == "PPF302"
    assert step.findings[0].evidence == "row 2: 'many'"


def test_names_are_quoted(tmp_path):
    got = read_sqlite(
        tmp_path,
        'CREATE TABLE "my ""table" ("a b" INT)',
        'INSERT INTO "my ""table" VALUES (1)',
        name="'my \"table'",
    )
    assert got.to_dict(as_series=False) == {"a b": [1]}


def test_a_table_of_more_columns_than_sqlite_looks_at_at_once_is_read(tmp_path):
    columns = [f"c{number}" for number in range(450)]
    values = ", ".join(map(str, range(450)))
    got = read_sqlite(
        tmp_path, f"CREATE TABLE orders ({' INT, '.join(columns)})", f"INSERT INTO orders VALUES ({values})"
    )
    assert got.row(0) == tuple(range(450))


def test_three_slashes_are_relative_to_the_project_and_four_absolute(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    sqlite(tmp_path / "project", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    sqlite(tmp_path / "elsewhere", "CREATE TABLE t (a)", "INSERT INTO t VALUES (2)")
    near = table(tmp_path / "project", "{database: 'sqlite:///shop.db', table: t}")
    far = table(tmp_path / "project", f"{{database: 'sqlite:///{tmp_path}/elsewhere/shop.db', table: t}}")
    assert (near.item(), far.item()) == (1, 2)


def test_reading_changes_nothing_in_a_database(tmp_path):
    read_sqlite(tmp_path, MAKE, FILL)
    before = (tmp_path / "shop.db").read_bytes()
    (tmp_path / "shop.db").chmod(0o444)
    table(tmp_path, "{database: 'sqlite:///shop.db', table: orders}")
    assert (tmp_path / "shop.db").read_bytes() == before


# DuckDB


def duck(folder, *statements):
    with duckdb.connect(str(folder / "shop.duckdb")) as database:
        for statement in statements:
            database.execute(statement)


def test_a_table_of_duckdb_keeps_its_types_and_wide_ones_are_made_narrow(tmp_path):
    duck(
        tmp_path,
        "CREATE TABLE orders AS SELECT 1::HUGEINT AS h, 'a'::ENUM('a', 'b') AS e, DATE '2024-05-01' AS d, 1.5::DECIMAL(8,2) AS m",
    )
    got = table(tmp_path, "{database: 'duckdb:///shop.duckdb', table: orders}")
    assert dict(got.schema) == {"h": pl.Int64, "e": pl.String, "d": pl.Date, "m": pl.Decimal(8, 2)}


def test_views_schemas_and_empty_tables_of_duckdb_are_read(tmp_path):
    duck(
        tmp_path,
        "CREATE SCHEMA past",
        "CREATE TABLE past.orders (id INTEGER, town VARCHAR)",
        "CREATE VIEW seen AS SELECT id + 1 AS next FROM past.orders",
    )
    got = table(tmp_path, "{database: 'duckdb:///shop.duckdb', table: past.orders}")
    assert dict(got.schema) == {"id": pl.Int32, "town": pl.String}
    assert table(tmp_path, "{database: 'duckdb:///shop.duckdb', table: seen}").columns == ["next"]


# What is wrong with a database


@pytest.mark.parametrize(
    ("source", "code", "says", "fix"),
    [
        ("sqlite:///none.db", "PPF143", "there is no database none.db", "three slashes"),
        ("sqlite:///bad.db", "PPF208", "the database bad.db cannot be read: file is not a database", "whole"),
        ("duckdb:///bad.db", "PPF208", "the database bad.db cannot be read", "whole"),
        ("duckdb:///shop.db", "PPF208", "the database shop.db cannot be read", "whole"),
        (
            "postgresql://host/x",
            "PPF105",
            "'postgresql' is no database that can be read",
            "known: duckdb, sqlite",
        ),
        ("sqlit:///shop.db", "PPF105", "'sqlit' is no database", "did you mean 'sqlite'?"),
        ("sqlite://shop.db", "PPF105", "sqlite://shop.db is no address", "write sqlite:///shop.db"),
        ("shop.db", "PPF105", "'shop.db' is no database", "known"),
    ],
)
def test_a_database_that_cannot_be_read_is_said(source, code, says, fix, tmp_path):
    sqlite(tmp_path, "CREATE TABLE orders (a)")
    (tmp_path / "bad.db").write_bytes(b"no database at all " * 100)
    if code == "PPF208":  # only opening it tells
        said = failure(tmp_path, f"{{database: '{source}', table: orders}}")
    else:
        with pytest.raises(ConfigError) as caught:
            failure(tmp_path, f"{{database: '{source}', table: orders}}")
        (said,) = caught.value.findings
    assert said.code == code
    assert f"source 'data': {says}" in getattr(said, "message", "") + getattr(said, "what", "")
    assert fix in said.fix


def test_a_table_that_the_database_does_not_have_is_said_with_what_was_meant(tmp_path):
    sqlite(tmp_path, "CREATE TABLE orders (a)")
    duck(tmp_path, "CREATE TABLE orders (a INT)")
    for address in ("sqlite:///shop.db", "duckdb:///shop.duckdb"):
        said = failure(tmp_path, f"{{database: '{address}', table: ordres}}")
        assert (said.code, said.fix) == ("PPF143", "did you mean 'orders'?")


def test_a_database_damaged_in_the_middle_is_said(tmp_path):
    sqlite(tmp_path, "CREATE TABLE orders (a)", "INSERT INTO orders VALUES (zeroblob(100000)), ('x')")
    content = bytearray((tmp_path / "shop.db").read_bytes())
    content[4096:9000] = b"\xff" * 4904
    (tmp_path / "shop.db").write_bytes(content)
    said = failure(tmp_path, "{database: 'sqlite:///shop.db', table: orders}")
    assert said.code == "PPF208"
    assert "malformed" in said.message
