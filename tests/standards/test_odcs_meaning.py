"""What single parts of a document mean, and what is said of wrong ones."""

import json
from dataclasses import replace

import pytest

from pipeproof.errors import ConfigError
from pipeproof.model.contract import (
    Argument,
    Column,
    Comparison,
    Condition,
    Contract,
    Limit,
    Port,
    Query,
    Reference,
    Statistic,
    TableSchema,
    Variable,
    frozen,
)
from pipeproof.standards import odcs


def _document(part, *, version="v3.2.0", **more):
    head = {"apiVersion": version, "kind": "DataContract", "id": "i", "version": "1"}
    return {**head, "schema": [{"name": "t", **part}], **more}


def _table(part, **more):
    return odcs.read(_document(part, **more)).schemas["t"]


def _column(said):
    return _table({"properties": [{"name": "a", **said}]}).columns[0]


def _of_quality(rule, **said):
    return _table({"properties": [{"name": "a", "logicalType": "string", "quality": [rule], **said}]})


@pytest.mark.parametrize(
    ("said", "attribute", "value"),
    [
        ({}, "nullable", True),
        ({"required": True}, "nullable", False),
        ({"physicalName": "A_1"}, "name", "A_1"),
        ({"logicalType": "array"}, "type", "list"),
        ({"logicalType": "object"}, "type", "struct"),
        ({"logicalType": "map", "map": {}}, "type", None),
        ({"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}}, "max_items", 3),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "u8"}}, "maximum", 255),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "i64"}}, "maximum", None),
        ({"logicalType": "integer", "logicalTypeOptions": {"minimum": 1.5}}, "minimum", 2),
        ({"logicalType": "integer", "logicalTypeOptions": {"exclusiveMaximum": 2.5}}, "maximum", 2),
        (
            {"logicalType": "number", "logicalTypeOptions": {"minimum": 3, "exclusiveMinimum": 3}},
            "minimum_open",
            True,
        ),
        (
            {"logicalType": "number", "logicalTypeOptions": {"minimum": 4, "exclusiveMinimum": 3}},
            "minimum",
            4,
        ),
        ({"logicalType": "date", "logicalTypeOptions": {"minimum": "2024-01-31"}}, "minimum", "2024-01-31"),
        ({"logicalType": "date", "logicalTypeOptions": {"minimum": "31.01.2024"}}, "minimum", None),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "^[A-Z]{3}$"}}, "pattern", "[A-Z]{3}"),
        (
            {"logicalType": "string", "logicalTypeOptions": {"pattern": "a"}},
            "pattern",
            r"[\s\S]*(?:a)[\s\S]*",
        ),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "(?=a)b"}}, "pattern", None),
        ({"logicalType": "string", "logicalTypeOptions": {"format": "email"}}, "format", "email"),
        ({"logicalType": "string", "logicalTypeOptions": {"format": "password"}}, "format", None),
        ({"enum": [{"value": 1}, {"value": None}, {"value": "x"}]}, "categories", (1, "x")),
        ({"relationships": [{"to": "u.id"}]}, "references", Reference("u", "id")),
        ({"relationships": [{"to": "other.yaml#/schema/u/properties/i"}]}, "references", None),
        ({"relationships": [{"to": "u.address.street"}]}, "references", None),
    ],
)
def test_a_property_is_a_column(said, attribute, value):
    assert getattr(_column(said), attribute) == value


@pytest.mark.parametrize(
    ("rule", "attribute", "value"),
    [
        ({"metric": "nullValues", "mustBe": 0}, "nullable", False),
        ({"rule": "nullCheck", "mustBe": 0}, "nullable", False),
        ({"metric": "nullValues", "mustBeLessThan": 4}, "limits", (Limit("nullable", rows=3),)),
        (
            {"metric": "nullValues", "mustBe": 0, "severity": "info"},
            "limits",
            (Limit("nullable", "warning"),),
        ),
        ({"metric": "duplicateValues", "mustBe": 0}, "unique", True),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["x"]}}, "categories", ("x",)),
        ({"metric": "invalidValues", "mustBe": 0, "validValues": ["x", None]}, "categories", ("x",)),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^x$"}}, "pattern", "x"),
        (
            {
                "metric": "invalidValues",
                "mustBeLessOrEqualTo": 5,
                "unit": "percent",
                "arguments": {"pattern": "^x$"},
            },
            "limits",
            (Limit("pattern", share=0.05),),
        ),
    ],
)
def test_a_metric_with_an_upper_bound_is_a_rule_of_the_column(rule, attribute, value):
    assert getattr(_of_quality(rule).columns[0], attribute) == value


@pytest.mark.parametrize(
    ("rule", "statistic"),
    [
        (
            {"metric": "nullValues", "unit": "percent", "mustBeBetween": [1, 7]},
            Statistic("a", "missing", 0.01, 0.07),
        ),
        (
            {"metric": "duplicateValues", "unit": "%", "mustBeLessOrEqualTo": 7},
            Statistic("a", "duplicates", None, 0.07),
        ),
        (
            {"type": "sql", "query": "SELECT AVG({property}) FROM {object}", "mustBeGreaterOrEqualTo": 2},
            Statistic("a", "mean", 2),
        ),
        (
            {
                "query": "SELECT AVG(CASE WHEN ${column} = 'it''s' THEN 1.0 ELSE 0.0 END) FROM ${table}",
                "mustBe": 1,
            },
            Statistic("a", "share", 1, 1, "it's"),
        ),
    ],
)
def test_a_share_or_a_known_query_is_a_statistic(rule, statistic):
    assert _of_quality(rule).statistics == (statistic,)


@pytest.mark.parametrize(
    ("rule", "bounds"),
    [
        ({"mustBe": 3}, (3, 3)),
        ({"mustBe": True}, (1, 1)),
        ({"mustBeGreaterOrEqualTo": 3}, (3, None)),
        ({"mustBeGreaterThan": 0, "mustBeLessOrEqualTo": 9}, (5e-324, 9)),
        ({"mustBeBetween": [9, 3]}, (3, 9)),
    ],
)
def test_operators_are_bounds(rule, bounds):
    found = _table({"quality": [{"type": "sql", "query": "SELECT MAX(a) FROM t", **rule}]}).queries
    assert found == (Query("query", "SELECT MAX(a) FROM this_table", *bounds),)


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ({"mustBeGreaterThan": 10}, (11, None)),
        ({"mustBeLessThan": 10}, (0, 9)),
        ({"mustNotBe": 0}, (1, None)),
        ({"mustBe": 5}, (5, 5)),
    ],
)
def test_row_counts_are_whole_numbers(rule, rows):
    table = _table({"quality": [{"metric": "rowCount", **rule}]})
    assert (table.min_rows, table.max_rows) == rows


def test_several_row_counts_hold_together():
    table = _table(
        {"quality": [{"metric": "rowCount", "mustBeGreaterThan": 1}, {"metric": "rowCount", "mustBe": 7}]}
    )
    assert (table.min_rows, table.max_rows) == (7, 7)


def test_counts_of_rows_that_break_a_condition_are_conditions_and_comparisons():
    quality = [
        {"type": "sql", "name": "c", "query": "SELECT COUNT(*) FROM ${table} WHERE NOT (a > 1)", "mustBe": 0},
        {"type": "sql", "query": 'SELECT COUNT(*) FROM {object} WHERE NOT ("a" <> "b")', "mustBeLessThan": 3},
    ]
    table = _table({"properties": [{"name": "a"}, {"name": "b"}], "quality": quality})
    assert table.conditions == (Condition("c", "a > 1"),)
    assert table.comparisons == (Comparison("a", "!=", "b"),)
    assert table.limits == (Limit("a != b", rows=2),)


def test_primary_keys_follow_their_positions():
    properties = [
        {"name": "a", "primaryKey": True, "primaryKeyPosition": 2},
        {"name": "b", "primaryKey": True, "primaryKeyPosition": 1},
        {"name": "c", "primaryKey": True},
    ]
    assert _table({"properties": properties}).key == ("b", "a", "c")


def test_latency_is_the_age_of_a_column():
    levels = [{"property": "Latency", "value": 36, "unit": "h", "element": "t.a"}]
    table = _table({"properties": [{"name": "a", "physicalName": "b"}]}, slaProperties=levels)
    assert table.statistics == (Statistic("b", "age", maximum=129600),)


@pytest.mark.parametrize(
    ("part", "path", "says"),
    [
        ({"properties": [{"name": "a", "logicalType": "strng"}]}, "properties.0.logicalType", "'strng'"),
        ({"properties": [{"name": "a", "required": "yes"}]}, "properties.0.required", "true or false"),
        ({"properties": [{"logicalType": "date"}]}, "properties.0", "no name"),
        ({"properties": [{"name": "a"}, {"name": "a"}]}, "properties.1", "before"),
        ({"properties": ["a"]}, "properties.0", "a mapping"),
        ({"properties": {"a": {}}}, "properties", "a list"),
        ({"properties": [{"name": "a", "enum": [{}]}]}, "properties.0.enum.0", "no single value"),
        (
            {"properties": [{"name": "a", "logicalTypeOptions": []}]},
            "properties.0.logicalTypeOptions",
            "a mapping",
        ),
        (
            {"properties": [{"name": "a", "logicalType": "integer", "logicalTypeOptions": {"minimum": "x"}}]},
            "properties.0.logicalTypeOptions.minimum",
            "a number",
        ),
        (
            {"properties": [{"name": "a", "logicalType": "date", "logicalTypeOptions": {"maximum": 3}}]},
            "properties.0.logicalTypeOptions.maximum",
            "text such as",
        ),
        ({"properties": [{"name": "a", "relationships": [{}]}]}, "properties.0.relationships.0", "no `to`"),
        ({"quality": [{"metric": "rowcount", "mustBe": 1}]}, "quality.0.metric", "no metric"),
        ({"quality": [{"type": "sequel"}]}, "quality.0.type", "no type"),
        ({"quality": [{"type": "sql"}]}, "quality.0", "no query"),
        (
            {"quality": [{"metric": "rowCount", "mustBeLessThan": "x"}]},
            "quality.0.mustBeLessThan",
            "a number",
        ),
        (
            {"quality": [{"metric": "rowCount", "mustBeBetween": [1]}]},
            "quality.0.mustBeBetween",
            "two numbers",
        ),
        (
            {"quality": [{"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["z"]}}]},
            "quality.0.arguments.properties",
            "there is none",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(part, path, says):
    with pytest.raises(ConfigError) as caught:
        odcs.read(_document(part))
    found = [(".".join(map(str, finding.path)), finding.what) for finding in caught.value.findings]
    assert [at for at, _ in found] == [f"schema.0.{path}"]
    assert says in found[0][1]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "Contract"}, ("kind",)),
        ({"apiVersion": "v2.2.2"}, ("apiVersion",)),
        ({"apiVersion": "v4.0.0"}, ("apiVersion",)),
        ({"apiVersion": None}, ()),
        ({"schema": "t"}, ("schema",)),
        ({"schema": [{"name": "t"}, {"name": "t"}]}, ("schema", 1)),
        ({"slaProperties": [{}]}, ("slaProperties", 0)),
    ],
)
def test_a_document_that_cannot_be_read_says_why(change, path):
    with pytest.raises(ConfigError) as caught:
        odcs.read({**_document({}), **change})
    assert [finding.path for finding in caught.value.findings] == [path]


def test_all_problems_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        odcs.read({**_document({"properties": [{"name": "a", "unique": 1}, {}]}), "kind": "x"})
    assert len(caught.value.findings) == 3


def test_what_has_not_been_changed_stays_when_a_range_is_inferred():
    part = {
        "tags": ["x"],
        "properties": [
            {
                "name": "a",
                "businessName": "A",
                "logicalType": "integer",
                "logicalTypeOptions": {"minimum": 1},
            },
            {"name": "b", "enum": [{"value": "x", "label": "X"}, {"value": "y"}], "unknown": [1]},
        ],
        "quality": [{"type": "text", "description": "verified"}],
    }
    document = odcs.read(_document(part))
    table = document.schemas["t"]
    columns = (
        replace(table["a"], maximum=9, nullable=False),
        replace(table["b"], categories=("z", "x")),
        Column("c", "date"),
    )
    written = odcs.write(replace(document, schemas={"t": replace(table, columns=columns)}))
    a, b = part["properties"]
    expected = [
        {**a, "logicalTypeOptions": {"minimum": 1, "maximum": 9}, "required": True},
        {**b, "enum": [{"value": "z"}, {"value": "x", "label": "X"}]},
        {"name": "c", "logicalType": "date", "required": True},
    ]
    assert json.dumps(written["schema"][0]) == json.dumps({"name": "t", **part, "properties": expected})


def test_a_rule_that_holds_no_more_is_removed_wherever_it_stands():
    quality = [{"metric": "nullValues", "mustBe": 0}, {"type": "text", "description": "x"}]
    document = odcs.read(_document({"properties": [{"name": "a", "required": True, "quality": quality}]}))
    table = document.schemas["t"]
    changed = replace(table, columns=(replace(table["a"], nullable=True),))
    written = odcs.write(replace(document, schemas={"t": changed}))
    assert written["schema"][0]["properties"] == [{"name": "a", "required": False, "quality": quality[1:]}]


def test_a_limit_is_said_so_that_others_allow_it_too():
    table = TableSchema((Column("a", "string", limits=(Limit("nullable", rows=5),)),))
    properties = odcs.write({"t": table})["schema"][0]["properties"]
    rule = {"type": "library", "metric": "nullValues", "mustBeLessOrEqualTo": 5}
    assert properties == [{"name": "a", "logicalType": "string", "quality": [rule]}]


def test_a_contract_of_a_step_survives():
    contract = Contract(
        inputs=frozen({"raw": Port("raw", "csv", "raw.csv", TableSchema((Column("a", "integer"),), ("a",)))}),
        outputs=frozen(
            {"raw": Port("raw", schema=TableSchema((Column("b"),))), "m": Port("m", "file", "m.json")}
        ),
        environment=(Variable("HOME"), Variable("ROUNDS", required=False, default="400")),
        arguments=(Argument("days", "integer", default=14), Argument("date", required=True)),
        refuses=("missing_column",),
        enforce="warn",
    )
    written = odcs.document_of(contract, name="train")
    assert odcs.contract_of(odcs.read(json.loads(json.dumps(written)))) == contract


def test_a_document_of_tables_is_no_contract_of_a_step():
    assert odcs.contract_of(odcs.read(_document({}))) is None


def test_a_document_cannot_change_its_version():
    with pytest.raises(ValueError, match=r"v3\.2\.0"):
        odcs.write(odcs.read(_document({})), version="v3.1.0")
