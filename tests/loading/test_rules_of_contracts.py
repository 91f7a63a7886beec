"""What inline contracts can say beyond single values, and what is told when they say it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.loading.contract_spec import TableSpec
from pipeproof.loading.table_schema import table_schema
from pipeproof.loading.text import read
from pipeproof.loading.validate import validate
from pipeproof.model.contract import Comparison, Condition, Limit, Query, Statistic


def schema_of(text, folder: Path):
    file = folder / "c.yaml"
    file.write_text(text)
    node, problems = read(file, "c.yaml"), []
    spec = validate(TableSpec, node.plain, node, (), problems, what="the contract")
    schema = None if spec is None else table_schema(spec, node, (), "the contract", problems)
    return schema, [f"{problem.where}: {problem.what}" for problem in problems]


def test_a_rule_of_two_columns_is_a_comparison(tmp_path):
    schema, _ = schema_of("columns: {a: integer, b: integer}\nrules: [a <= b, b <> a]\n", tmp_path)
    assert schema.comparisons == (Comparison("a", "<=", "b"), Comparison("b", "!=", "a"))


def test_any_other_rule_is_a_condition_in_sql(tmp_path):
    schema, _ = schema_of("columns: {a: integer}\nrules: [{sql: a % 2 = 0, name: even}, a < 10]\n", tmp_path)
    assert schema.conditions == (Condition("even", "a % 2 = 0"), Condition("a < 10", "a < 10"))


def test_limits_are_shares_rows_or_a_severity(tmp_path):
    schema, _ = schema_of(
        "columns: {a: {type: string, pattern: x, limits: {pattern: 1.5%, nullable: 3, type: warning}}}\n",
        tmp_path,
    )
    assert schema["a"].limits == (
        Limit("pattern", share=0.015),
        Limit("nullable", rows=3),
        Limit("type", "warning"),
    )


def test_the_limit_of_a_rule_stands_with_the_table(tmp_path):
    schema, _ = schema_of("columns: {a: integer}\nrules: [{sql: a > 1, limit: 2}]\n", tmp_path)
    assert schema.limits == (Limit("a > 1", rows=2),)


def test_statistics_of_columns_are_gathered(tmp_path):
    text = (
        "columns:\n  a:\n    type: number\n    statistics: {mean: [0, 2], quantiles: {0.5: {max: 1}}, shares: {x: [0.1, 0.2]},"
        " age: 24h, distance: {to: p.json, max: 0.1}}\n"
    )
    schema, _ = schema_of(text, tmp_path)
    assert schema.statistics == (
        Statistic("a", "mean", 0, 2),
        Statistic("a", "quantile", None, 1, of=0.5),
        Statistic("a", "share", 0.1, 0.2, of="x"),
        Statistic("a", "age", None, 86_400.0),
        Statistic("a", "distance", None, 0.1, of="psi", against="p.json"),
    )


def test_queries_have_bounds(tmp_path):
    schema, _ = schema_of("queries: {n: {sql: SELECT count(*) FROM this_table, min: 3}}\n", tmp_path)
    assert schema.queries == (Query("n", "SELECT count(*) FROM this_table", 3.0, None),)


def test_lists_and_structs_have_rules_of_their_own(tmp_path):
    text = "columns:\n  l: {type: list, items: integer?, min_items: 1}\n  s: {type: struct, fields: {zip: {type: string, format: uuid}}}\n"
    schema, problems = schema_of(text, tmp_path)
    assert (schema["l"].items.type, schema["l"].items.nullable, schema["s"].fields[0].format) == (
        "integer",
        True,
        "uuid",
    )
    assert not problems


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "columns: {a: {type: string, format: emial}}",
            "c.yaml:1:11: column 'a' in the contract: 'emial' is no",
        ),
        ("columns: {a: {type: string, multiple_of: 2}}", "multiple_of, precision and scale are for numbers"),
        ("columns: {a: {type: integer, multiple_of: 0}}", "multiple_of is 0, and must be above zero"),
        ("columns: {a: {type: decimal, precision: 2, scale: 3}}", "scale 3 is larger than precision 2"),
        ("columns: {a: {type: string, items: integer}}", "items are for type list, this is string"),
        ("columns: {a: {fields: {b: integer}}}", "fields are for type struct, this is of no type"),
        ("columns: {a: {type: list, unique: true}}", "categories, unique and order are for plain values"),
        ("columns: {a: {type: list, items: {type: string, min: 3}}}", "its items: the bound 3 is no string"),
        ("columns: {a: {generator: colr}}", "'colr' is no pool of values; did you mean 'colour'?"),
        ("columns: {a: {min: 5, above: 3}}", "min and above each say the smallest value: keep one of them"),
        ("columns: {a: {range: [1, 9], max: 5}}", "range and max each say the largest value"),
        ("columns: {a: {type: list, items: {max: 5, below: 3}}}", "its items: max and below each say"),
        ("columns: {a: {type: number, min: .nan}}", "the bound nan is no number"),
        ("columns: {a: {statistics: {mean: [.nan, 2]}}}", "mean has a bound that is no number"),
        ("columns: {a: {type: list, min_items: 3, max_items: 2}}", "min_items 3 is larger than max_items 2"),
        ("columns: {a: {statistics: {mean: {}}}}", "mean has no bound"),
        ("columns: {a: {statistics: {mean: [3, 2]}}}", "mean has its bounds crossed"),
        (
            "columns: {a: {statistics: {quantiles: {1.5: [0, 2]}}}}",
            "a quantile has a level from 0 to 1, not 1.5",
        ),
        ("queries: {n: {sql: SELECT 1}}", "the query 'n' of the contract has no bound"),
        ("columns: {a: integer}\nrules: [a > 1, a  > 1]", "has two rules 'a > 1'"),
        ("columns: {a: {limits: {patern: 1}}}", "has no rule 'patern' that a limit could be for"),
        ("columns: {a: integer}\nlimits: {kei: 1}", "has no rule 'kei' that a limit could be for"),
        ("columns: {a: {statistics: {age: soon}}}", "must be a duration"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(text, told, tmp_path):
    _, problems = schema_of(text, tmp_path)
    assert len(problems) == 1
    assert told in problems[0]


def test_shares_are_of_values_of_the_columns_type(tmp_path):
    text = (
        "columns:\n  a: {type: integer, statistics: {shares: {1: [0, 1]}}}\n"
        "  b: {type: boolean, statistics: {shares: {true: [0, 1]}}}\n  c: {type: number, statistics: {shares: {0.5: [0, 1]}}}\n"
    )
    schema, _ = schema_of(text, tmp_path)
    assert [repr(statistic.of) for statistic in schema.statistics] == ["1", "True", "0.5"]


def test_a_limit_in_percent_is_exact(tmp_path):
    schema, _ = schema_of("columns: {a: {type: integer, limits: {type: 0.7%}}}", tmp_path)
    assert schema["a"].limits == (Limit("type", share=0.007),)
