"""What a sql step makes: types, order, names, errors in the user's words."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from pipeproof.errors import ContractError
from pipeproof.running.context import StepContext
from pipeproof.steps.sql.execute import execute
from pipeproof.steps.sql.query import parse, tables


@pytest.fixture
def made(tmp_path):
    """Return a function that runs a query over table t and returns the table that it makes."""
    pl.DataFrame({"id": [3, 1, 2], "name": ["c", "a", None], "big": [2**62, 2**62, 2**62]}).write_parquet(
        tmp_path / "t.parquet"
    )

    def run(query, dialect="duckdb", parameters=None, chunk_size=None):
        into = tmp_path / "scratch" / "out.parquet"
        args = {
            "query": query,
            "dialect": dialect,
            "parameters": parameters or {},
            "tables": dict.fromkeys(tables(parse(query, dialect)), str(tmp_path / "t.parquet")),
            "chunk_size": chunk_size,
            "into": str(into),
        }
        execute(args, StepContext({}))
        return pl.read_parquet(into)

    return run


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("sum(id)", pl.Int64, 3),
        ("count(*)", pl.Int64, 1),
        ("avg(id)", pl.Float64, 3.0),
        ("id::HUGEINT", pl.Int64, 3),
        ("[sum(id)]", pl.List(pl.Int64), [3]),
        ("{'total': sum(id)}", pl.Struct({"total": pl.Int64}), {"total": 3}),
        ("1.10::DECIMAL(10, 2)", pl.Decimal(10, 2), Decimal("1.10")),
        ("DATE '2024-02-29'", pl.Date, dt.date(2024, 2, 29)),
        ("TIMESTAMP '2024-02-29 12:30:00'", pl.Datetime("us"), dt.datetime(2024, 2, 29, 12, 30)),  # noqa: DTZ001 a timestamp without a zone is the point
        ("TIME '12:30:00'", pl.Time, dt.time(12, 30)),
        (
            "UUID '6f1c2a3e-0000-4000-8000-000000000001'",
            pl.String,
            str(uuid.UUID("6f1c2a3e-0000-4000-8000-000000000001")),
        ),
        ("'a'::ENUM('a', 'b')", pl.String, "a"),
        ("['a'::ENUM('a', 'b')]", pl.List(pl.String), ["a"]),
        ("INTERVAL 3 DAY", pl.String, "3 days"),
        ("'101'::BIT", pl.String, "101"),
        ("NULL", pl.String, None),
        ("true", pl.Boolean, True),
        ("'é☃'", pl.String, "é☃"),
        ("'\\xAA'::BLOB", pl.Binary, b"\xaa"),
        ("[1, 2]", pl.List(pl.Int32), [1, 2]),
        ("{'a': 1, 'b': 'x'}", pl.Struct({"a": pl.Int32, "b": pl.String}), {"a": 1, "b": "x"}),
        ("[NULL]", pl.List(pl.String), [None]),
        ("['{\"a\": 1}'::JSON]", pl.List(pl.String), ['{"a": 1}']),
        ("'{\"a\": 1}'::JSON", pl.String, '{"a": 1}'),
    ],
)
def test_a_type_of_the_engine_arrives_as_its_type(made, expression, kind, value):
    column = made(f"SELECT {expression} AS v FROM t WHERE id = 3")["v"]
    assert (column.dtype, column.to_list()) == (kind, [value])


def test_a_timestamp_with_a_zone_keeps_its_instant(made):
    table = made("SELECT TIMESTAMPTZ '2024-01-01 12:00:00+02' AS v")
    assert table["v"].dt.convert_time_zone("UTC").dt.replace_time_zone(None)[0] == dt.datetime(2024, 1, 1, 10)  # noqa: DTZ001 compared without its zone


def test_a_sum_that_does_not_fit_says_so(made):
    with pytest.raises(ContractError, match="does not fit into 64 bits: 13835058055282163712"):
        made("SELECT sum(big) AS total FROM t")


def test_a_result_without_rows_keeps_its_columns(made):
    table = made("SELECT id, name FROM t WHERE id > 9")
    assert (table.height, table.schema) == (0, {"id": pl.Int64, "name": pl.String})


@pytest.mark.parametrize(
    "name", ["a b", 'quo"te', "it's", "sélect", "select", "x.y", "count(*)", "Ärger {x}"]
)
def test_a_column_may_have_any_name(made, name):
    quoted = '"' + name.replace('"', '""') + '"'
    if "{x}" in name:
        quoted = quoted.replace("{x}", "{ x}")
        name = name.replace("{x}", "{ x}")
    assert made(f"SELECT id::HUGEINT AS {quoted} FROM t").columns == [name]


@pytest.mark.parametrize(
    "query", ["SELECT id, id FROM t", "SELECT 1 AS a, 2 AS A", "SELECT a.*, b.id FROM t a, t b"]
)
def test_two_columns_of_one_name_are_an_error(made, query):
    with pytest.raises(ContractError, match="PPF241  the result has two columns"):
        made(query)


def test_the_order_of_the_query_is_kept(made):
    assert made("SELECT id FROM t ORDER BY name DESC NULLS LAST")["id"].to_list() == [3, 1, 2]


def test_the_order_is_kept_over_many_row_groups(made):
    table = made("SELECT range AS n FROM range(200000) ORDER BY n DESC", chunk_size=2048)
    assert table["n"].to_list() == list(range(199_999, -1, -1))


def test_the_chunk_size_is_the_size_of_a_row_group(made, tmp_path):
    made("SELECT range AS n FROM range(10000)", chunk_size=2048)
    groups = duckdb.sql(
        f"SELECT DISTINCT row_group_num_rows FROM parquet_metadata('{tmp_path}/scratch/out.parquet')"
    ).fetchall()
    assert max(rows for (rows,) in groups) == 2048


@pytest.mark.parametrize(
    ("query", "says", "fix"),
    [
        ("SELECT idd FROM t", 'Referenced column "idd" not found in FROM clause (line 1, column 8 of the query)', 'known: "id"'),
        ("SELECT id\nFROM t\nWHERE nme = 'x'", '"nme" not found in FROM clause (line 3, column 7 of the query)', 'known: "name"'),
        ("SELECT t.idd FROM t", 'does not have a column named "idd"', ""),
        ("SELECT flor(id) FROM t", "Scalar Function with name flor does not exist (line 1, column 8 of the query)", 'Did you mean "floor"?'),
        ("SELECT name::INTEGER AS n FROM t", "Could not convert string 'c' to INT32", ""),
        ("SELECT 5 // 0 AS n", "Division by zero", ""),
    ],
)  # fmt: skip
def test_an_error_of_the_engine_is_short_and_in_the_users_words(made, query, says, fix):
    with pytest.raises(ContractError) as caught:
        made(query)
    (found,) = caught.value.findings
    assert found.code == "PPF240"
    assert says in found.what
    assert fix in found.fix
    assert "pipeproof_" not in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT IFF(ID > 2, 'big', 'small') FROM T ORDER BY ID", [("small",), ("small",), ("big",)]),
        ("SELECT DATEADD(day, -1, '2024-03-01'::DATE)::DATE", [(dt.date(2024, 2, 29),)]),
        ("SELECT DATEDIFF(day, '2024-02-28'::DATE, '2024-03-01'::DATE)", [(2,)]),
        ("SELECT ID FROM T QUALIFY ROW_NUMBER() OVER (ORDER BY ID DESC) = 1", [(3,)]),
        ("SELECT ID FROM T WHERE NAME ILIKE 'A'", [(1,)]),
        ("SELECT LISTAGG(NAME, ',') WITHIN GROUP (ORDER BY NAME) FROM T", [("a,c",)]),
        ("SELECT NVL(NAME, '-') FROM T ORDER BY ID", [("a",), ("-",), ("c",)]),
        ('SELECT "id" FROM T ORDER BY 1 LIMIT 1', [(1,)]),
        ("SELECT ZEROIFNULL(NULL), DIV0(1, 0)", [(0, 0)]),
        ("SELECT T.ID FROM DB.SCH.T AS T ORDER BY T.ID LIMIT 1", [(1,)]),
        ("SELECT DB.SCH.T.ID FROM DB.SCH.T ORDER BY 1 LIMIT 1", [(1,)]),
        ("SELECT TO_DATE('{day}')", [(dt.date(2024, 1, 2),)]),
    ],
)
def test_snowflake_runs_on_the_embedded_engine(made, query, rows):
    assert made(query, "snowflake", {"day": "2024-01-02"}).rows() == rows
