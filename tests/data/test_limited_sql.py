"""What SQL of a contract may take and tell: time, values of the table, and NaN."""

import duckdb
import polars as pl
import pytest

from pipeproof.data.checking.asking import ask
from pipeproof.data.checking.limited import rows_within
from pipeproof.model.contract import Column, Condition, Query, TableSchema

_ENDLESS = "SELECT count(*) FROM range(100000000000) r, range(1000000) s"


def _asked(frame, **rules):
    result = ask(frame.lazy(), TableSchema((Column("a"),), **rules))
    [rule] = [one for one in result.rules if one.rule == "q"]
    return rule, " ".join(finding.what for finding in result.findings)


def test_a_query_without_end_is_ended():
    with duckdb.connect() as connection, pytest.raises(TimeoutError, match="takes longer"):
        rows_within(connection, _ENDLESS, 0.2)


@pytest.mark.parametrize(
    "rules",
    [
        {"conditions": (Condition("q", "CAST(a AS INTEGER) > 0"),)},
        {"conditions": (Condition("q", "strptime(a, '%Y') IS NULL"),)},
        {"conditions": (Condition("q", "CAST(error(a) AS BOOLEAN)"),)},
        {"queries": (Query("q", "SELECT max(a) FROM this_table", 1),)},
        {"queries": (Query("q", "SELECT sum(CAST(a AS INTEGER)) FROM this_table", 1),)},
    ],
)
def test_why_it_cannot_be_asked_quotes_no_value_of_the_table(rules):
    rule, said = _asked(pl.DataFrame({"a": ["Zoe"]}), **rules)
    assert (rule.status, "Zoe" in said) == ("unasked", False)


def test_queries_see_nan_as_missing():
    rule, _ = _asked(
        pl.DataFrame({"a": [1000.0, float("nan")]}),
        queries=(Query("q", "SELECT avg(a) FROM this_table", maximum=5),),
    )
    assert (rule.status, rule.value) == ("broken", 1000)


def test_conditions_see_nan_as_missing():
    rule, _ = _asked(pl.DataFrame({"a": [1.0, float("nan")]}), conditions=(Condition("q", "a < 10"),))
    assert (rule.status, rule.rows) == ("kept", 0)


def test_conditions_make_no_lists_without_end():
    rule, said = _asked(pl.DataFrame({"a": [1]}), conditions=(Condition("q", "len(range(800000000)) > 0"),))
    assert (rule.status, "lists of any length" in said) == ("unasked", True)
