"""What is read from a document and written again is the same; what is changed is what is read again."""

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard

from pipeproof.model.contract import TableSchema
from pipeproof.standards.odcs import read, write

SCHEMA = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
VALID = jsonschema.Draft201909Validator(SCHEMA)


def _normal(schema):
    """Return a schema without what has no meaning: the order of rules, limits that allow nothing."""

    def limits(given):
        said = [one for one in given if one.rows or one.share or one.severity != "error"]
        return tuple(sorted(said, key=lambda one: one.rule))

    def by_name(given):
        return tuple(sorted(given, key=lambda one: one.name))

    columns = tuple(replace(column, limits=limits(column.limits)) for column in schema.columns)
    statistics = tuple(sorted(schema.statistics, key=lambda one: (one.column, one.name)))
    return replace(
        schema,
        columns=columns,
        limits=limits(schema.limits),
        statistics=statistics,
        conditions=by_name(schema.conditions),
        queries=by_name(schema.queries),
        comparisons=by_name(schema.comparisons),
    )


def _is_typed(column):
    inner = [*column.fields, *([column.items] if column.items else [])]
    return column.type is not None and all(map(_is_typed, inner))


def _tables(schemas):
    return {name: _normal(replace(schema, name=name)) for name, schema in schemas.items()}


@settings(max_examples=40, deadline=None)
@given(st.from_type(TableSchema), st.sampled_from(["v3.0.2", "v3.1.0", "v3.2.0"]))
def test_a_written_schema_is_read_back(schema, version):
    found = read(write({"t": schema}, version=version))
    assert _tables(found.schemas) == _tables({"t": schema})


@settings(max_examples=40, deadline=None)
@given(st.from_type(TableSchema), st.from_type(TableSchema))
def test_a_changed_schema_is_read_back(before, after):
    document = read(write({"t": before}))
    changed = replace(document, schemas={"t": after})
    assert _tables(read(write(changed)).schemas) == _tables({"t": after})


@settings(max_examples=20, deadline=None)
@given(st.from_type(TableSchema))
def test_a_written_document_keeps_the_json_schema_and_the_models_of_the_standard(schema):
    # By the letter of its JSON Schema, a property without a logical type would need a `map`.
    typed = tuple(column for column in schema.columns if _is_typed(column))
    document = json.loads(json.dumps(write({"t": replace(schema, columns=typed, key=(), statistics=())})))
    assert [error.message for error in VALID.iter_errors(document)] == []
    assert OpenDataContractStandard(**document).schema_[0].name == "t"
