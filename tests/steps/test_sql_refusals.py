"""A sql step reads its datasets and nothing else."""

from __future__ import annotations

import duckdb
import pytest

from pipeproof.steps.marking import BadSqlError
from pipeproof.steps.sql.execute import _open
from pipeproof.steps.sql.query import parse, tables

CHANGES = [
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "DROP TABLE t",
    "CREATE TABLE x AS SELECT 1",
    "ALTER TABLE t ADD COLUMN a INT",
    "TRUNCATE t",
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
    "COPY t TO 'x.csv'",
    "COPY (SELECT 1) TO 'x.csv'",
    "ATTACH 'x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET threads = 1",
    "CALL pragma_version()",
    "EXPORT DATABASE 'x'",
    "SHOW TABLES",
    "DESCRIBE t",
    "EXPLAIN SELECT 1",
    "BEGIN",
    "VALUES (1)",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE t",
    "SELECT * INTO x FROM t",
    "WITH x AS (INSERT INTO y VALUES (1) RETURNING a) SELECT * FROM x",
    "",
    "-- nothing",
    "SELEC 1",
    "SELECT 'open",
    "SELECT /* open",
    "SELECT (1",
]


@pytest.mark.parametrize("query", CHANGES)
def test_anything_but_one_select_is_refused(query):
    with pytest.raises(BadSqlError):
        parse(query, "duckdb")


@pytest.mark.parametrize("dialect", ["snowflake", "postgres", "bigquery"])
@pytest.mark.parametrize("query", ["INSERT INTO t VALUES (1)", "DROP TABLE t", "SELECT 1; SELECT 2"])
def test_other_dialects_are_held_to_the_same(query, dialect):
    with pytest.raises(BadSqlError):
        parse(query, dialect)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('x')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_json_auto('x')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('t')",
        "SELECT * FROM sqlite_scan('x', 'y')",
        "SELECT (SELECT max(content) FROM read_text('/etc/passwd'))",
        "SELECT * FROM t WHERE a IN (FROM read_csv('x'))",
        "WITH x AS (SELECT * FROM read_csv('x')) SELECT * FROM x",
        "SELECT * FROM t, LATERAL (SELECT * FROM read_csv(t.a))",
    ],
)
def test_a_function_that_reads_from_outside_is_refused(query):
    with pytest.raises(BadSqlError, match="from outside of the run"):
        parse(query, "duckdb")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "data.csv", "s3://bucket/x.parquet", "https://example.org/x.csv"]
)
def test_a_file_in_from_is_only_the_name_of_a_dataset(name):
    assert tables(parse(f"SELECT * FROM '{name}'", "duckdb")) == (name,)


@pytest.mark.parametrize(
    "query", ["SELECT * FROM range(3)", "SELECT * FROM generate_series(1, 3)", "SELECT * FROM unnest([1, 2])"]
)
def test_functions_that_make_rows_by_themselves_are_fine(query):
    assert tables(parse(query, "duckdb")) == ()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO '{folder}/other.csv'",
        "ATTACH '{folder}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM local_variable",
    ],
)
def test_the_engine_itself_is_shut_in(query, tmp_path):
    local_variable = duckdb.sql("SELECT 1")  # noqa: F841 DuckDB would find it by its name
    data = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{data}' (FORMAT parquet)")
    database = duckdb.connect(config={"python_enable_replacements": False})
    _open(database, {"pipeproof_0": str(data)}, tmp_path / "out.parquet")
    assert database.execute("SELECT a FROM pipeproof_0").fetchall() == [(1,)]
    with pytest.raises(duckdb.Error):
        database.execute(query.replace("{folder}", str(tmp_path)))


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("WITH t AS (SELECT * FROM t WHERE a > 1) SELECT * FROM t", ("t",)),
        ("WITH a AS (SELECT * FROM x), b AS (SELECT * FROM a) SELECT * FROM b, c", ("x", "c")),
        ("WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT * FROM r, t", ("t",)),
        (
            "SELECT * FROM t WHERE a IN (WITH u AS (SELECT 1) SELECT * FROM u) AND b IN (SELECT b FROM u)",
            ("t", "u"),
        ),
        ("SELECT * FROM db.t, t", ("db.t", "t")),
        ("FROM t SELECT a", ("t",)),
        ("TABLE t", ("t",)),
        ("SELECT (SELECT max(x) FROM q) FROM t UNION SELECT a FROM w", ("t", "w", "q")),
        ("WITH t AS (SELECT 1) SELECT * FROM main.t", ("main.t",)),
    ],
)
def test_the_tables_of_a_query_are_those_it_does_not_make_itself(query, read):
    assert set(tables(parse(query, "duckdb"))) == set(read)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT a\nFROM t\nWHERE a = 1 AND AND b", (3, 17)),
        ("SELECT {day}, a b c FROM t", (1, 19)),
        ("SELECT a FROM read_csv('x')", (0, 0)),
        ("  DROP TABLE t", (1, 3)),
    ],
)
def test_a_refusal_says_where(query, place):
    with pytest.raises(BadSqlError) as caught:
        parse(query, "duckdb")
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    "query",
    [
        "SELECT f.value FROM t, LATERAL FLATTEN(input => t.a) f",
        "SELECT f.value FROM t, TABLE(FLATTEN(t.a)) f",
    ],
)
def test_flatten_of_snowflake_is_refused_with_a_way_out(query):
    with pytest.raises(BadSqlError, match="FLATTEN has no counterpart"):
        parse(query, "snowflake")
