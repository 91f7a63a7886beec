"""Contracts written in the short form mean the same when they are read back."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.loading.contract_spec import ContractSpec, TableSpec
from pipeproof.loading.contracts import ContractReader
from pipeproof.loading.places import places_for
from pipeproof.loading.table_schema import table_schema
from pipeproof.loading.text import parse
from pipeproof.loading.validate import validate
from pipeproof.model.contract import Argument, Column, Contract, Limit, Port, TableSchema, Variable, frozen
from pipeproof.standards.native import write_column, write_contract, write_schema
from pipeproof.standards.yaml_text import to_yaml

EXAMPLES = Path(__file__).parents[2] / "examples/flights/contracts"
TABLES = ["flights", "planes", "weather", "airports", "features"]


def _read(text, *, kind=TableSpec):
    problems = []
    node = parse(text, "c.yaml")
    spec = validate(kind, node.plain, node, (), problems, what="c.yaml")
    if kind is TableSpec:
        found = table_schema(spec, node, (), "c.yaml", problems)
    else:
        reader = ContractReader(Path("c.yaml"), places_for(Path.cwd()), {}, problems)
        found = reader.contract(spec, node, (), "c.yaml", None)
    assert problems == []
    return found


@settings(max_examples=50, deadline=None)
@given(st.from_type(TableSchema))
def test_what_is_written_is_read_back_as_the_same_contract(schema):
    assert _read(to_yaml(write_schema(schema), lines=True)) == schema


@settings(max_examples=15, deadline=None)
@given(st.from_type(TableSchema))
def test_the_layout_does_not_change_what_is_said(schema):
    written = write_schema(schema)
    assert parse(to_yaml(written), "").plain == parse(to_yaml(written, lines=True), "").plain


@pytest.mark.parametrize("name", TABLES)
def test_contracts_of_the_example_survive(name):
    schema = _read((EXAMPLES / f"{name}.yaml").read_text())
    assert _read(to_yaml(write_schema(schema), lines=True)) == schema


def test_a_contract_of_a_step_is_read_back_as_the_same():
    schema = TableSchema((Column("a", "integer"),), ("a",))
    contract = Contract(
        inputs=frozen({"raw": Port("raw", "csv", "raw.csv", schema, enforce="warn")}),
        outputs=frozen({"model": Port("model", "file", "m.json", required=False)}),
        environment=(Variable("HOME"), Variable("ROUNDS", required=False, default="400")),
        arguments=(
            Argument("days", "integer", default=14),
            Argument("date", required=True),
            Argument("verbose", "boolean", default=False),
        ),
        refuses=("missing_column",),
        enforce="quarantine",
    )
    assert _read(to_yaml(write_contract(contract), lines=True), kind=ContractSpec) == contract


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (Column("a", "integer"), "integer"),
        (Column("a", "number", nullable=True), "number?"),
        (Column("a"), {}),
        (Column("a", "integer", minimum=0, maximum=9), {"type": "integer", "range": [0, 9]}),
        (Column("a", "number", minimum=0, minimum_open=True), {"type": "number", "above": 0}),
        (Column("a", limits=(Limit("type", share=0.01),)), {"limits": {"type": "1%"}}),
        (Column("a", limits=(Limit("type", "warning"),)), {"limits": {"type": "warning"}}),
    ],
)
def test_the_shortest_form_is_chosen(column, written):
    assert write_column(column) == written


def test_what_fits_stands_on_one_line_and_what_does_not_on_several():
    columns = (Column("a", "integer", minimum=0, maximum=9), Column("b", "string", description="x" * 120))
    text = to_yaml(write_schema(TableSchema(columns)), lines=True)
    assert text.splitlines()[1:5] == [
        "  a: {type: integer, range: [0, 9]}",
        "  b:",
        "    type: string",
        f"    description: {'x' * 120}",
    ]


@pytest.mark.parametrize("text", ["1e3", "0o17", "no", "2013-07-03", "null", "~", "12:30", ".5", "+1"])
def test_text_that_looks_like_something_else_is_quoted(text):
    assert to_yaml({"a": text}).strip() in {f'a: "{text}"', f"a: '{text}'"}
