"""`pipeproof contract import` and `contract export`: what they print, write, and tell as lost."""

import json
from pathlib import Path

import pytest
import yaml

ORDERS = Path(__file__).parents[2] / "examples/standards/orders.odcs.yaml"
CONTRACT = """\
name: t
columns:
  a: {type: integer, range: [1, 9], order: ascending}
  b: {type: string, nullable: true, pattern: "[A-Z]+"}
"""


@pytest.fixture
def contract(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(CONTRACT)
    return path


def test_import_prints_a_contract_file_and_what_is_not_enforced(pipeproof):
    said = pipeproof("contract", "import", ORDERS)
    assert said.code == 0
    assert yaml.safe_load(said.out)["tables"]["customers"]["columns"]["id"] == {
        "type": "integer",
        "unique": True,
    }
    assert "orders.quality[3] is not enforced: is for soda" in said.err
    assert "asks nothing of data: id, version, status, domain, team, label" in said.err


def test_import_says_where_a_part_stands_that_is_not_enforced(pipeproof):
    found = pipeproof("contract", "import", ORDERS, "--format", "json").json
    lines = {one["line"] for one in found["not_enforced"] if one["severity"] == "warning"}
    text = ORDERS.read_text().splitlines()
    assert {text[line - 1].split()[1] for line in lines} == {"type:", "{property:"}
    assert found["schema"] == "pipeproof.contract-import/1"


@pytest.mark.parametrize(
    "language", ["odcs", "dbt", "frictionless", "jsonschema", "pandera", "arrow", "native"]
)
def test_a_language_is_recognised_when_it_is_imported(pipeproof, contract, tmp_path, language):
    out = tmp_path / {"arrow": "t.arrow", "jsonschema": "t.json"}.get(language, "t.yaml")
    assert pipeproof("contract", "export", contract, "--to", language, "--out", out).code == 0
    found = pipeproof("contract", "import", out, "--format", "json").json
    assert found["language"] == language
    assert list(found["contract"]["columns"]) == ["a", "b"]


def test_export_tells_what_is_lost_for_each_column(pipeproof, contract):
    said = pipeproof("contract", "export", contract, "--to", "dbt")
    assert said.code == 0
    assert yaml.safe_load(said.out)["models"][0]["name"] == "t"
    assert [" ".join(line.split()) for line in said.err.splitlines()] == [
        "PPF373 dbt cannot say 1 rule, left out here:",
        "a order: ascending",
    ]


def test_export_to_the_open_data_contract_standard_keeps_a_document_as_it_is(pipeproof):
    said = pipeproof("contract", "export", ORDERS, "--to", "odcs")
    assert yaml.safe_load(said.out) == yaml.safe_load(ORDERS.read_text())
    assert said.err == ""


def test_export_as_json_has_the_content_and_the_losses(pipeproof, contract):
    found = pipeproof("contract", "export", contract, "--to", "jsonschema", "--format", "json").json
    assert found["schema"] == "pipeproof.contract-export/1"
    assert json.loads(found["content"])["properties"]["a"]["maximum"] == 9
    assert [(one["column"], one["rule"], one["says"]) for one in found["lost"]] == [
        ("a", "order", "ascending")
    ]


def test_a_file_for_one_table_needs_to_know_which(pipeproof):
    said = pipeproof("contract", "export", ORDERS, "--to", "pandera")
    assert said.code == 2
    assert "choose one with --dataset: orders, customers" in said.err


def test_an_arrow_schema_needs_a_file(pipeproof, contract):
    said = pipeproof("contract", "export", contract, "--to", "arrow")
    assert (said.code, "--out contract.arrow" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\n", "PPF372  the file is in no language of contracts that is known"),
        ("", "PPF107  the file is empty"),
        ("models: [{columns: []}]\n", "PPF371  a model has no name"),
        ("fields: [{type: integer}]\n", "PPF371  a field has no name"),
        (
            "fields: [{name: a, type: integer, constraints: {minimum: 9, maximum: 1}}]\n",
            "larger than the largest 1",
        ),
        ("$schema: x\nproperties: {a: {type: strng}}\n", "PPF371  'strng' is no type of JSON Schema"),
        ("$schema: x\ntype: string\n", "the schema of no row"),
        ("$schema: x\n$ref: '#'\n", "round in a circle"),
        ("schema_type: dataframe\ncolumns: {a: 1}\n", "PPF371  a column is 1, and must be a mapping"),
        ("kind: DataContract\n", "does not say which version"),
        ("kind: DataContract\napiVersion: v2.2.0\n", "version v2.2.0 of the standard cannot be read"),
        ("models: [\n", "PPF101"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why_and_where(pipeproof, tmp_path, text, says):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    said = pipeproof("contract", "import", path)
    assert said.code == 2
    assert says in said.err
    assert "c.yaml" in said.err


def test_a_file_that_is_no_arrow_file_says_so(pipeproof, tmp_path):
    path = tmp_path / "c.parquet"
    path.write_bytes(b"PAR1 and no more")
    said = pipeproof("contract", "import", path)
    assert (said.code, "is no Arrow or Parquet file" in said.err) == (2, True)


def test_a_json_file_may_be_indented_with_tabs(pipeproof, tmp_path):
    path = tmp_path / "c.json"
    path.write_text('{\n\t"fields": [\n\t\t{"name": "a", "type": "integer"}\n\t]\n}\n')
    assert pipeproof("contract", "import", path).out == "name: c\ncolumns:\n  a: integer?\n"
