"""Columns of a query against the contracts of its tables: no false alarm, no miss."""

from __future__ import annotations

import duckdb
import pytest

from pipeproof.model.contract import Column, TableSchema, frozen
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.step import Step
from pipeproof.steps.sql import KIND, SqlConfig
from pipeproof.steps.sql.query import bind, parse, tables

COLUMNS = {
    "flights": {"id": "INTEGER", "day": "DATE", "carrier": "VARCHAR", "delay": "DOUBLE", "tags": "VARCHAR[]"},
    "weather": {"day": "DATE", "temp": "DOUBLE", "place": "STRUCT(lat DOUBLE, lon DOUBLE)"},
    "carriers": {"carrier": "VARCHAR", "name": "VARCHAR"},
}


def findings(query, dialect="duckdb", known=tuple(COLUMNS)):
    sources = {
        name: Source(
            name,
            schema=TableSchema(tuple(Column(column) for column in columns)) if name in known else None,
        )
        for name, columns in COLUMNS.items()
    }
    config = SqlConfig(query, dialect=dialect)
    wiring = KIND.wire("q", config, None)
    step = Step("q", "sql", config, frozen(wiring.inputs), frozen(wiring.outputs))
    pipeline = Pipeline("p", (step,), frozen(sources))
    return list(KIND.check(step, pipeline))


VALID = [
    "SELECT * FROM flights",
    'SELECT id, DELAY, "day" FROM flights',
    "SELECT f.id, f.* FROM flights f",
    "SELECT flights.id FROM flights WHERE flights.delay > 1",
    "FROM flights SELECT id",
    "FROM flights",
    "SELECT delay AS late FROM flights WHERE late > 3",
    "SELECT delay * 2 AS twice, twice + 1 AS more FROM flights",
    "SELECT carrier AS c, count(*) AS n FROM flights GROUP BY c HAVING n > 0 ORDER BY n",
    "SELECT carrier, count(*) FROM flights GROUP BY ALL ORDER BY ALL",
    "SELECT id, row_number() OVER (PARTITION BY carrier ORDER BY delay) AS r FROM flights QUALIFY r = 1",
    "SELECT sum(delay) OVER w FROM flights WINDOW w AS (PARTITION BY carrier ORDER BY day)",
    "SELECT id, temp FROM flights JOIN weather USING (day)",
    "SELECT day FROM flights JOIN weather USING (day)",
    "SELECT f.id, w.temp FROM flights f LEFT JOIN weather w ON w.day = f.day",
    "SELECT * EXCLUDE (tags) REPLACE (delay + 1 AS delay) FROM flights",
    "SELECT f.* EXCLUDE (tags), w.temp FROM flights f, weather w",
    "WITH late AS (SELECT id, delay AS d FROM flights) SELECT id, d FROM late WHERE d > 1",
    "WITH late AS (SELECT *, delay > 30 AS is_late FROM flights) SELECT is_late, carrier FROM late",
    "WITH flights AS (SELECT id AS number FROM flights) SELECT number FROM flights",
    "WITH a(x, y) AS (SELECT id, delay FROM flights) SELECT x, y FROM a",
    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 3) SELECT i, id FROM r, flights",
    "SELECT s.n FROM (SELECT carrier, count(*) AS n FROM flights GROUP BY carrier) s",
    "SELECT n FROM (SELECT carrier, count(*) AS n FROM flights GROUP BY carrier)",
    "SELECT id FROM flights WHERE EXISTS (SELECT 1 FROM weather WHERE weather.day = flights.day AND temp > delay)",
    "SELECT id, (SELECT max(temp) FROM weather w WHERE w.day = f.day) AS t FROM flights f",
    "SELECT id FROM flights WHERE carrier IN (SELECT carrier FROM carriers WHERE name LIKE 'A%')",
    "SELECT id FROM flights UNION ALL SELECT 1 ORDER BY id",
    "SELECT place.lat, weather.place.lon FROM weather",
    "SELECT list_transform(tags, t -> upper(t)) FROM flights",
    "SELECT list_filter(tags, lambda t: len(t) > 1) FROM flights",
    "SELECT [upper(t) FOR t IN tags IF t <> 'x'] FROM flights",
    "SELECT id, tag FROM flights, unnest(tags) AS u(tag)",
    "SELECT id, unnest(tags) AS tag FROM flights",
    "SELECT f FROM flights f",
    "SELECT COLUMNS('.*e.*') FROM flights",
    "SELECT count(*) FILTER (WHERE delay > 1) FROM flights",
    "SELECT f.id, x.twice FROM flights f, LATERAL (SELECT f.delay * 2 AS twice) x",
    "SELECT id, range FROM flights, range(3)",
    "SELECT year(day), date_part('month', day), extract(week FROM day) FROM flights",
    "SELECT max_by(id, delay), arg_min(carrier, day) FROM flights",
    "SELECT struct_pack(k := id, v := delay).k FROM flights",
    "SELECT * FROM flights ASOF JOIN weather ON flights.day >= weather.day",
    "SELECT * FROM flights SEMI JOIN carriers USING (carrier)",
    "SELECT id FROM flights ORDER BY delay, 1 LIMIT 3",
    "SELECT v.a FROM (VALUES (1, 2)) v(a, b), flights",
    "PIVOT_HERE",
    "SELECT CASE WHEN delay > {limit} THEN 1 ELSE 0 END AS late FROM flights WHERE day = '{day}'",
    "WITH a AS (SELECT id FROM flights), b AS (SELECT id AS x FROM a) SELECT a.id, b.x FROM a JOIN b ON a.id = b.x",
    "SELECT carrier, sum(sum(delay)) OVER (ORDER BY carrier) AS t FROM flights GROUP BY carrier",
    "SELECT x.day FROM (SELECT * FROM flights UNION ALL BY NAME SELECT *, 1 AS extra FROM flights) x WHERE extra = 1",
]
VALID[VALID.index("PIVOT_HERE")] = (
    "SELECT * FROM flights PIVOT (sum(delay) FOR carrier IN ('AA', 'UA')) WHERE id > 1"
)


@pytest.mark.parametrize("query", VALID)
def test_a_valid_query_gives_no_finding(query):
    assert findings(query) == []


@pytest.mark.parametrize("query", VALID)
def test_the_valid_queries_are_valid_for_the_engine(query):
    database = duckdb.connect()
    parsed = parse(query, "duckdb")
    views = {table: f"pipeproof_{number}" for number, table in enumerate(tables(parsed))}
    for table, view in views.items():
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS[table].items())
        database.execute(f"CREATE TABLE {view} ({columns})")
    bound = bind(parsed, {"limit": 3, "day": "2024-01-01"}, views)
    assert database.execute(f"DESCRIBE {bound.sql}", dict(bound.values)).fetchall()


@pytest.mark.parametrize(
    ("query", "column", "place"),
    [
        ("SELECT dely FROM flights", "dely", (1, 8)),
        ("SELECT id,\n       f.dely\nFROM flights f", "dely", (2, 8)),
        ("SELECT id FROM flights WHERE dely > 1", "dely", (1, 30)),
        ("SELECT id FROM flights GROUP BY karrier, id", "karrier", (1, 33)),
        ("SELECT id FROM flights ORDER BY dely", "dely", (1, 33)),
        ("SELECT dely AS dely FROM flights", "dely", (1, 8)),
        ("SELECT id, temperature FROM flights JOIN weather USING (day)", "temperature", (1, 12)),
        ("SELECT f.id FROM flights f JOIN weather w ON w.date = f.day", "date", (1, 46)),
        ("WITH a AS (SELECT dely FROM flights) SELECT * FROM a", "dely", (1, 19)),
        ("WITH a AS (SELECT id FROM flights) SELECT delay FROM a", "delay", (1, 43)),
        ("SELECT s.delay FROM (SELECT id FROM flights) s", "delay", (1, 8)),
        ("SELECT id FROM flights WHERE carrier IN (SELECT code FROM carriers)", "code", (1, 49)),
        (
            "SELECT id FROM flights WHERE EXISTS (SELECT 1 FROM weather w WHERE w.dya = flights.day)",
            "dya",
            (1, 68),
        ),
        ("SELECT id FROM flights UNION ALL SELECT idd FROM flights", "idd", (1, 41)),
        ("SELECT sum(dely) OVER (PARTITION BY carrier) FROM flights", "dely", (1, 12)),
        ("SELECT list_transform(tgs, t -> t) FROM flights", "tgs", (1, 23)),
        ("SELECT * EXCLUDE (tgs) FROM flights", "tgs", (1, 19)),
        ("SELECT {x}, '{y}' AS y, dely FROM flights", "dely", (1, 25)),
        ("SELECT temp FROM flights JOIN weather USING (dya)", "dya", (1, 46)),
        ("SELECT a.dely FROM (SELECT * FROM flights) a", "dely", (1, 8)),
    ],
)
def test_a_wrong_column_is_found_where_it_stands(query, column, place):
    (found,) = findings(query)
    assert (found.code, found.column, (found.where.line, found.where.column)) == ("PPF151", column, place)


def test_a_wrong_column_comes_with_a_suggestion():
    (found,) = findings("SELECT dely FROM flights")
    assert found.fix == "did you mean 'delay'?"


def test_columns_of_a_table_without_a_contract_are_not_judged():
    assert findings("SELECT anything, f.whatever FROM flights f", known=("weather",)) == []


def test_a_join_with_an_unknown_table_leaves_only_qualified_columns_to_judge():
    query = "SELECT anything, w.tmp FROM flights f JOIN weather w ON f.day = w.day"
    assert [found.column for found in findings(query, known=("weather",))] == ["tmp"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ID, Delay FROM FLIGHTS",
        "SELECT IFF(DELAY > 1, 'late', 'fine') AS STATE FROM DB.PUBLIC.FLIGHTS",
        "SELECT DATEADD(day, -7, DAY), DATEDIFF(month, DAY, DAY), DATE_TRUNC(month, DAY) FROM FLIGHTS",
        "SELECT ID FROM FLIGHTS QUALIFY ROW_NUMBER() OVER (PARTITION BY CARRIER ORDER BY DELAY DESC) = 1",
    ],
)
def test_snowflake_queries_give_no_false_alarm(query):
    step = Step("q", "sql", SqlConfig(query, dialect="snowflake"))
    wiring = KIND.wire("q", step.config, None)
    sources = {"flights": Source("flights", schema=TableSchema(tuple(map(Column, COLUMNS["flights"]))))}
    wired = Step("q", "sql", step.config, wiring.inputs, wiring.outputs)
    settled = Step("q", "sql", step.config, KIND.settle(wired, ["flights"]), wiring.outputs)
    assert list(KIND.check(settled, Pipeline("p", (settled,), frozen(sources)))) == []
