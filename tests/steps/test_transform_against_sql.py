"""Each operation gives what the same operation written in SQL gives: random small tables, DuckDB as the judge."""

from __future__ import annotations

import datetime as dt

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.steps.transform import (
    AddColumn,
    Aggregate,
    Aggregation,
    Distinct,
    FillNulls,
    Filter,
    Join,
    Sort,
    Window,
)
from pipeproof.steps.transform.apply import Stage, apply_all

SCHEMA = {"i": pl.Int64, "j": pl.Int64, "f": pl.Float64, "s": pl.String, "b": pl.Boolean, "d": pl.Date}
DAYS = st.dates(dt.date(2023, 12, 28), dt.date(2024, 3, 2))


def tables(rows=12):
    row = st.tuples(
        st.none() | st.integers(-3, 3),
        st.none() | st.integers(-100, 100),
        st.none() | st.sampled_from([-2.5, -1.0, 0.0, 0.5, 1.0, 1e6]),
        st.none() | st.text(alphabet="aB'%_ é", max_size=3),
        st.none() | st.booleans(),
        st.none() | DAYS,
    )
    return st.lists(row, max_size=rows).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA, orient="row"))


def by_polars(frame, *operations, other=None):
    frames = {} if other is None else {"other": other.lazy()}
    stage = Stage(frames, {"n": 2, "word": "a'"}, "duckdb", 0)
    return apply_all(operations, frame.lazy(), stage)[-1].collect(engine="streaming")


@pytest.fixture(scope="module")
def judge():
    """Return a function that compares operations with queries over the same tables, in DuckDB."""
    database = duckdb.connect()

    def compare(frame, *pairs, other=None, ordered=True):
        for name, table in {"t": frame, "other": other}.items():
            if table is not None:
                database.register("rows", table)
                # A row number, so that the query can ask for the order of the table.
                database.execute(
                    f"CREATE OR REPLACE TABLE {name} AS SELECT row_number() OVER () AS pos, * FROM rows"
                )
        for operation, query in pairs:
            ours = plain(by_polars(frame, operation, other=other).rows())
            theirs = plain(database.execute(query).fetchall())
            if not ordered:
                ours, theirs = sorted(ours, key=repr), sorted(theirs, key=repr)
            assert ours == theirs, query

    yield compare
    database.close()


def plain(rows):
    """Return rows with numbers that compare alike, whatever their width."""
    return [tuple(_plain(value) for value in row) for row in rows]


def _plain(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        return value.date()
    return round(float(value), 6) if isinstance(value, int | float) or hasattr(value, "as_tuple") else value


CONDITIONS = [
    "i > 0",
    "i > {n} OR s = '{word}'",
    "i = j",
    "NOT b",
    "b AND i IS NOT NULL",
    "b OR i > 0",
    "i IN (1, 2)",
    "i NOT IN (1, 2)",
    "i BETWEEN -1 AND 1",
    "s LIKE 'a%'",
    "s IS NULL OR s <> ''",
    "d >= DATE '2024-01-01'",
    "coalesce(i, 0) = 0",
    "CASE WHEN i > 0 THEN b ELSE i IS NULL END",
    "i IS DISTINCT FROM j",
    "f * 2 >= i",
]
EXPRESSIONS = [
    "i + j",
    "i - j * 2",
    "-i",
    "f * 0.1",
    "f + i",
    "j / 4",
    "abs(j)",
    "i = 1",
    "i > j",
    "b AND i > 0",
    "b OR i > 0",
    "CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'n' END",
    "CASE i WHEN 1 THEN 10 ELSE 0 END",
    "coalesce(i, j, 0)",
    "nullif(i, 1)",
    "upper(s)",
    "s || '-' || s",
    "length(s)",
    "substring(s, 1, 2)",
    "replace(s, 'a', 'x')",
    "trim(s)",
    "s LIKE '%a'",
    "year(d) * 100 + month(d)",
    "extract(day FROM d)",
    "date_trunc('month', d)",
    "d >= DATE '2024-01-01'",
    "greatest(i, j)",
    "least(i, j)",
    "floor(f)",
    "sqrt(abs(f))",
    "CAST(i AS DOUBLE) / 3",
    "CAST(i AS VARCHAR)",
    "{n} * i",
    "s = '{word}'",
    "'<{word}>'",
    "i IN ({n}, 3)",
    "i IS NULL",
    "sum(j) OVER (PARTITION BY i)",
    "count(*) OVER ()",
    "max(f) OVER (PARTITION BY s)",
]


def bound(text):
    return text.replace("'{word}'", "'a'''").replace("{word}", "a''").replace("{n}", "2")


ALL = ", ".join(SCHEMA)


@settings(max_examples=15, deadline=None)
@given(frame=tables())
def test_filter(judge, frame):
    judge(frame, *((Filter(c), f"SELECT {ALL} FROM t WHERE {bound(c)} ORDER BY pos") for c in CONDITIONS))


@settings(max_examples=15, deadline=None)
@given(frame=tables())
def test_add_column(judge, frame):
    pairs = ((AddColumn("new", e), f"SELECT {ALL}, {bound(e)} FROM t ORDER BY pos") for e in EXPRESSIONS)
    judge(frame, *pairs)


@settings(max_examples=30, deadline=None)
@given(
    frame=tables(),
    by=st.lists(st.sampled_from(list(SCHEMA)), min_size=1, max_size=3, unique=True),
    down=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_sort(judge, frame, by, down):
    down = down[: len(by)]
    order = ", ".join(f"{name} {'DESC' if d else 'ASC'} NULLS LAST" for name, d in zip(by, down, strict=True))
    judge(frame, (Sort(tuple(by), down), f"SELECT {ALL} FROM t ORDER BY {order}, pos"))


WINDOWS = {
    "row_number": "row_number()",
    "rank": "rank()",
    "dense_rank": "dense_rank()",
    "lag": "lag(j)",
    "lead": "lead(j)",
    "cumsum": "sum(j)",
    "cummin": "min(j)",
    "cummax": "max(j)",
    "rolling_mean": "avg(j)",
    "rolling_sum": "sum(j)",
    "rolling_min": "min(j)",
    "rolling_max": "max(j)",
}
FRAMES = {"cum": " ROWS UNBOUNDED PRECEDING", "rol": " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW"}
RANKED = {"rank", "dense_rank"}


@settings(max_examples=15, deadline=None)
@given(frame=tables(), parted=st.booleans(), down=st.booleans())
def test_window_in_an_order(judge, frame, parted, down):
    order = f"i {'DESC' if down else 'ASC'} NULLS LAST, f {'ASC' if down else 'DESC'} NULLS LAST"
    pairs = []
    for function, sql in WINDOWS.items():
        operation = Window(
            "new",
            function,
            column="j" if "(j)" in sql else "",
            partition_by=("s",) if parted else (),
            order_by=("i", "f"),
            descending=[down, not down],
            size=3 if function.startswith("rolling") else None,
        )
        ties = "" if function in RANKED else ", pos"
        over = f"{'PARTITION BY s ' if parted else ''}ORDER BY {order}{ties}{FRAMES.get(function[:3], '')}"
        pairs.append((operation, f"SELECT {ALL}, {sql} OVER ({over}) FROM t ORDER BY pos"))
    judge(frame, *pairs)


@settings(max_examples=15, deadline=None)
@given(frame=tables())
def test_window_over_a_whole_partition(judge, frame):
    functions = {"sum": "sum(j)", "mean": "avg(j)", "min": "min(j)", "max": "max(j)", "count": "count(j)"}
    judge(
        frame,
        *(
            (
                Window("new", function, "j", partition_by=("s",)),
                f"SELECT {ALL}, {sql} OVER (PARTITION BY s) FROM t ORDER BY pos",
            )
            for function, sql in functions.items()
        ),
    )


AGGREGATES = {
    "sum": "sum(j)",
    "mean": "avg(j)",
    "median": "median(j)",
    "min": "min(j)",
    "max": "max(j)",
    "count": "count(j)",
    "count_distinct": "count(DISTINCT j)",
    "std": "stddev_samp(j)",
    "var": "var_samp(j)",
    "any": "bool_or(b)",
    "all": "bool_and(b)",
}


@settings(max_examples=40, deadline=None)
@given(frame=tables(), keys=st.sampled_from([(), ("s",), ("i", "b")]))
def test_aggregate_by_function(judge, frame, keys):
    made = {name: Aggregation(name, "b" if name in {"any", "all"} else "j") for name in AGGREGATES}
    columns = ", ".join([*keys, *AGGREGATES.values()])
    group = f" GROUP BY {', '.join(keys)} ORDER BY min(pos)" if keys else ""
    judge(frame, (Aggregate(made, keys), f"SELECT {columns} FROM t{group}"))


SQL_AGGREGATES = [
    "sum(j)",
    "count(*)",
    "count(j)",
    "count(DISTINCT i)",
    "sum(j) / count(*)",
    "max(j) - min(j)",
    "sum(CASE WHEN b THEN 1 ELSE 0 END)",
    "avg(f * 0.5) + {n}",
    "sum(j) FILTER (WHERE i > 0)",
    "coalesce(sum(j), 0)",
    "median(j)",
]


@settings(max_examples=15, deadline=None)
@given(frame=tables())
def test_aggregate_by_expression(judge, frame):
    judge(
        frame,
        *(
            (
                Aggregate({"new": expression}, ("s",)),
                f"SELECT s, {bound(expression)} FROM t GROUP BY s ORDER BY min(pos)",
            )
            for expression in SQL_AGGREGATES
        ),
    )


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
@settings(max_examples=15, deadline=None)
@given(frame=tables(8), other=tables(8), keys=st.sampled_from([("i",), ("i", "b")]))
def test_join(judge, how, frame, other, keys):
    rest = [name for name in SCHEMA if name not in keys]
    left = ", ".join(name if name in keys else f"t.{name}" for name in SCHEMA)
    right = ", ".join(f"other.{name}" for name in rest)
    columns = left if how in {"semi", "anti"} else f"{left}, {right}"
    query = f"SELECT {columns} FROM t {how} JOIN other USING ({', '.join(keys)})"
    judge(frame, (Join("other", keys, how=how), query), other=other, ordered=False)


@settings(max_examples=15, deadline=None)
@given(frame=tables(8), other=tables(8))
def test_join_on_columns_of_different_names(judge, frame, other):
    rest = ", ".join(f"other.{name}" for name in SCHEMA if name != "j")
    query = f"SELECT t.* EXCLUDE (pos), {rest} FROM t LEFT JOIN other ON t.i = other.j"
    judge(
        frame, (Join("other", left_on=("i",), right_on=("j",), how="left"), query), other=other, ordered=False
    )


@settings(max_examples=15, deadline=None)
@given(frame=tables(5), other=tables(5))
def test_cross_join(judge, frame, other):
    query = (
        "SELECT t.* EXCLUDE (pos), other.* EXCLUDE (pos) FROM t CROSS JOIN other ORDER BY t.pos, other.pos"
    )
    judge(frame, (Join("other", how="cross"), query), other=other)


@pytest.mark.parametrize(("keep", "which"), [("first", "min(pos)"), ("last", "max(pos)")])
@settings(max_examples=20, deadline=None)
@given(frame=tables(), columns=st.sampled_from([("i",), ("i", "s"), ("b", "d")]))
def test_distinct(judge, keep, which, frame, columns):
    chosen = f"SELECT {which} FROM t GROUP BY {', '.join(columns)}"
    query = f"SELECT {ALL} FROM t WHERE pos IN ({chosen}) ORDER BY pos"
    judge(frame, (Distinct(columns, keep), query))


@settings(max_examples=15, deadline=None)
@given(frame=tables())
def test_distinct_that_keeps_no_repeated_row(judge, frame):
    query = f"SELECT {ALL} FROM t QUALIFY count(*) OVER (PARTITION BY i) = 1 ORDER BY pos"
    judge(frame, (Distinct(("i",), "none"), query))


FILLS = {
    "mean": "coalesce(j, avg(j) OVER ())",
    "median": "coalesce(j, median(j) OVER ())",
    "min": "coalesce(j, min(j) OVER ())",
    "max": "coalesce(j, max(j) OVER ())",
    "forward": "last_value(j IGNORE NULLS) OVER (ORDER BY pos)",
    "backward": "first_value(j IGNORE NULLS) OVER (ORDER BY pos ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
    "mode": "coalesce(j, (SELECT j FROM t WHERE j IS NOT NULL GROUP BY j ORDER BY count(*) DESC, j LIMIT 1))",
}


@settings(max_examples=20, deadline=None)
@given(frame=tables())
def test_fill_nulls_by_strategy(judge, frame):
    pairs = (
        (FillNulls(("j",), strategy=strategy), f"SELECT i, {sql}, f, s, b, d FROM t ORDER BY pos")
        for strategy, sql in FILLS.items()
    )
    judge(frame, *pairs)


@settings(max_examples=15, deadline=None)
@given(frame=tables(), value=st.integers(-5, 5) | st.sampled_from([0.5, -1.5]))
def test_fill_nulls_with_a_value(judge, frame, value):
    query = f"SELECT coalesce(i, {value}), coalesce(j, {value}), f, s, b, d FROM t ORDER BY pos"
    judge(frame, (FillNulls(("i", "j"), value), query))
