"""Placeholders of a sql step: bound as values in every position, never pasted."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.errors import ConfigError
from pipeproof.running.context import StepContext
from pipeproof.steps.marking import BadSqlError, mark, parts, placeholders
from pipeproof.steps.sql.execute import execute
from pipeproof.steps.sql.query import bind, parse, tables

HOSTILE = [
    "it's",
    "'; DROP TABLE t; --",
    "' OR '1'='1",
    '"; DROP TABLE t; --',
    "*/ DROP TABLE t /*",
    "-- comment",
    "{other}",
    "{{other}}",
    "$p0",
    "?",
    "\\",
    "\\'",
    "zoë ☃ 漢字",
    "line\nbreak",
    "%_",
    "",
]


@pytest.fixture
def answer(tmp_path):
    """Return a function that runs a query over table t and returns its rows."""
    pl.DataFrame(
        {"id": [1, 2, 3], "name": ["it's", "plain", None], "day": ["2024-01-01", "2024-01-02", "2024-01-03"]}
    ).with_columns(pl.col("day").str.to_date()).write_parquet(tmp_path / "t.parquet")

    def run(query, parameters=None, dialect="duckdb"):
        into = tmp_path / "scratch" / "out.parquet"
        args = {
            "query": query,
            "dialect": dialect,
            "parameters": parameters or {},
            "tables": dict.fromkeys(tables(parse(query, dialect)), str(tmp_path / "t.parquet")),
            "chunk_size": None,
            "into": str(into),
        }
        execute(args, StepContext({}))
        return pl.read_parquet(into).rows()

    return run


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_comes_back_as_it_went_in(answer, value):
    query = "SELECT {v} AS bare, '{v}' AS whole, '<{v}>' AS inside, 'a' IN ({v}, 'a') AS listed"
    assert answer(query, {"v": value, "other": "no"}) == [(value, value, f"<{value}>", True)]


@settings(max_examples=200, deadline=None)
@given(value=st.text(), around=st.text(alphabet='ab%{}[]3,:" '))
def test_no_value_changes_the_text_of_the_query(value, around):
    query = parse("SELECT * FROM t WHERE a = '{v}' AND b LIKE '" + around + "{v}%' AND c = {v}", "duckdb")
    given_values = dict.fromkeys(placeholders(query.marked.written, "duckdb"), value)
    one, other = bind(query, given_values, {}), bind(query, dict.fromkeys(given_values, "x"), {})
    assert one.sql == other.sql


@pytest.mark.parametrize(
    ("query", "parameters", "ids"),
    [
        ("SELECT id FROM t WHERE day = '{d}'", {"d": "2024-01-02"}, [2]),
        ("SELECT id FROM t WHERE day >= DATE '{d}'", {"d": "2024-01-02"}, [2, 3]),
        ("SELECT id FROM t WHERE day >= '{d}'::date", {"d": "2024-01-02"}, [2, 3]),
        ("SELECT id FROM t WHERE day > DATE '{d}' - {n}", {"d": "2024-01-03", "n": 1}, [3]),
        ("SELECT id FROM t WHERE day > DATE '{d}' - INTERVAL {n} DAY", {"d": "2024-01-03", "n": 1}, [3]),
        ("SELECT id FROM t WHERE day > DATE '{d}' - INTERVAL '{n}' DAY", {"d": "2024-01-03", "n": 1}, [3]),
        ("SELECT id FROM t WHERE day > DATE '{d}' - INTERVAL '{n} days'", {"d": "2024-01-03", "n": 1}, [3]),
        (
            "SELECT id FROM t WHERE day BETWEEN '{d}' AND '{e}'",
            {"d": "2024-01-01", "e": "2024-01-02"},
            [1, 2],
        ),
        ("SELECT id FROM t WHERE id = {n}", {"n": 2}, [2]),
        ("SELECT id FROM t WHERE id = '{n}'", {"n": 2}, [2]),
        ("SELECT id FROM t WHERE id IN ({ids})", {"ids": [1, 3]}, [1, 3]),
        ("SELECT id FROM t WHERE id IN ({ids}, 2)", {"ids": [1]}, [1, 2]),
        ("SELECT id FROM t WHERE name IN ('{names}')", {"names": ["it's", "x"]}, [1]),
        ("SELECT id FROM t WHERE id IN ({ids})", {"ids": []}, []),
        ("SELECT id FROM t WHERE id NOT IN ({ids})", {"ids": []}, [1, 2, 3]),
        ("SELECT id FROM t WHERE id NOT IN ({ids})", {"ids": [2]}, [1, 3]),
        ("SELECT id FROM t WHERE name LIKE '%{part}%'", {"part": "lai"}, [2]),
        ("SELECT id FROM t ORDER BY {column:identifier} DESC", {"column": "day"}, [3, 2, 1]),
        ("SELECT id FROM t ORDER BY {column:identifier} DESC", {"column": "t.day"}, [3, 2, 1]),
        ("SELECT id FROM t ORDER BY id LIMIT {n}", {"n": 1}, [1]),
        (
            "SELECT {n} + id FROM t WHERE {yes} AND NOT {no}",
            {"n": 1.5, "yes": True, "no": False},
            [2.5, 3.5, 4.5],
        ),
        ("SELECT id FROM t WHERE {nothing} IS NULL", {"nothing": None}, [1, 2, 3]),
    ],
)
def test_a_placeholder_works_in_every_position(answer, query, parameters, ids):
    assert [row[0] for row in answer(query, parameters)] == ids


def test_the_same_placeholder_is_one_value_for_group_by(answer):
    query = "SELECT id % {n} AS r, count(*) AS c FROM t GROUP BY id % {n} ORDER BY r"
    assert answer(query, {"n": 2}) == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("[A-Z]{3}", "[A-Z]{3}"),
        ("x{1,2}", "x{1,2}"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("{}", "{}"),
        ("{{v}}", "{v}"),
        ("{{v}} {v}", "{v} 7"),
        ("}}", "}}"),
    ],
)
def test_braces_that_are_no_placeholder_are_left_alone(answer, literal, text):
    assert answer(f"SELECT '{literal}'", {"v": 7}) == [(text,)]


def test_a_struct_keeps_its_braces(answer):
    assert answer("SELECT {'a': {'b': {v}}}.a.b", {"v": 7}) == [(7,)]


def test_placeholders_in_comments_do_not_count(answer):
    query = "SELECT 1 -- {gone}\n /* {away} '{far}' */ + {n}"
    assert placeholders(query, "duckdb") == ("n",)
    assert answer(query, {"n": 1}) == [(2,)]


def test_a_value_with_a_comment_mark_stays_a_value(answer):
    assert answer("SELECT '{v}' /* {v} */ || {v}", {"v": "*/ --"}) == [("*/ --*/ --",)]


def test_dollar_quotes_are_literals_too(answer):
    assert answer("SELECT $$<{v}>$$", {"v": "a'b"}) == [("<a'b>",)]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM {t}", "write {t:identifier}"),
        ("SELECT id AS {x} FROM t", "write {x:identifier}"),
        ("SELECT t.{x} FROM t", "write {x:identifier}"),
        ("SELECT {x}_id FROM t", "cannot stand here"),
        ("SELECT id_{x} FROM t", "cannot stand here"),
        ("SELECT {f}(id) FROM t", "cannot stand here"),
        ("SELECT date_trunc('{unit}', day) FROM t", "write the word itself"),
        ('SELECT "{x}" FROM t', "write {x:identifier} without quotes"),
        ("SELECT __pipeproof_0_value__ FROM t", "reserved"),
        ("SELECT $1 FROM t", "a parameter of another system"),
        ("SELECT ? FROM t", "a parameter of another system"),
    ],
)
def test_a_placeholder_that_stands_wrong_is_refused_before_anything_runs(query, says):
    with pytest.raises(BadSqlError, match=".*" + says.replace("{", r"\{")):
        parse(query, "duckdb")


@pytest.mark.parametrize("name", ["id; DROP TABLE t", 'a" b', "a b", "", "1a", "a.b.c.d.e", "é'"])
def test_a_name_that_is_no_identifier_is_refused(name):
    with pytest.raises(ConfigError, match="PPF133"):
        bind(parse("SELECT * FROM t ORDER BY {c:identifier}", "duckdb"), {"c": name}, {})


def test_a_list_outside_of_in_is_refused():
    with pytest.raises(ConfigError, match=r"a list can only stand in IN \(\{x\}\)"):
        bind(parse("SELECT {x}", "duckdb"), {"x": [1]}, {})


def test_a_placeholder_without_a_value_is_named():
    with pytest.raises(ConfigError, match=r"\{dya\} has no value; did you mean 'day'"):
        bind(parse("SELECT {dya}", "duckdb"), {"day": 1}, {})


def test_a_table_may_be_named_by_a_parameter_that_is_known_before_the_run():
    query = parse("SELECT * FROM {source:identifier}", "duckdb")
    assert tables(query, {"source": "flights"}) == ("flights",)


def test_a_table_that_is_only_known_at_run_time_is_refused():
    with pytest.raises(BadSqlError, match="must be known before the run"):
        tables(parse("SELECT * FROM {source:identifier}", "duckdb"))


@pytest.mark.parametrize("dialect", ["duckdb", "snowflake", "postgres", "bigquery", "mysql", "tsql"])
def test_placeholders_are_found_in_every_dialect(dialect):
    query = "SELECT a FROM t WHERE b = '{x}' AND c = {y} -- {z}\n"
    assert set(placeholders(query, dialect)) == {"x", "y"}
    assert set(bind(parse(query, dialect), {"x": "1", "y": 2}, {}).values.values()) == {"1", 2}


def test_places_in_a_query_are_those_that_the_person_sees():
    marked = mark("SELECT {a},\n {b}, wrong", "duckdb")
    assert marked.place(marked.text.index("wrong")) == (2, 7)


@given(st.text(alphabet="{}ab:'\" \n", max_size=30))
def test_pieces_of_a_literal_without_placeholders_and_escapes_are_the_literal(text):
    pieces = list(parts(text))
    if "{{" not in text and not any(is_name for is_name, _ in pieces):
        assert "".join(piece for _, piece in pieces) == text
