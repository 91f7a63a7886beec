"""Every key of the standard is accepted, kept, and either enforced or named as not enforced."""

import contextlib
import copy
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.errors import ConfigError
from pipeproof.standards.odcs import read, write

SCHEMA = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
VALID = jsonschema.Draft201909Validator(SCHEMA)
SAMPLE = Path(__file__).with_name("every-construct.odcs.yaml")
SOME = {"string": "text", "integer": 1, "number": 1.5, "boolean": True}


def _server(kind):
    """Return a server of a type with every key that it may have."""
    cases = SCHEMA["$defs"]["Server"]["allOf"]
    then = next(case["then"] for case in cases if case["if"]["properties"]["type"]["const"] == kind)
    keys = SCHEMA["$defs"]["ServerSource"][then["$ref"].split("/")[-1]]["properties"]
    values = {key: 1 if "$ref" in said else _value(said) for key, said in keys.items()}
    about = {"id": "i", "description": "x", "environment": "prod", "roles": [{"role": "r"}]}
    return {
        "server": kind,
        "type": kind,
        **about,
        "customProperties": [{"property": "a", "value": 1}],
        **values,
    }


def _value(said):
    return f"{said['pattern'].split(':')[0].strip('^')}://x/y" if "pattern" in said else SOME[said["type"]]


def _documents():
    """Return documents that have every key between them: some may stand in two forms."""
    document = yaml.safe_load(SAMPLE.read_text("utf-8"))
    cases = SCHEMA["$defs"]["Server"]["allOf"]
    document["servers"] = [_server(case["if"]["properties"]["type"]["const"]) for case in cases]
    other = {**document, "team": document["team"]["members"], "servers": []}
    return [document, other]


DOCUMENTS = _documents()


def _resolved(schema):
    while "$ref" in schema and len(schema) == 1:
        target = SCHEMA
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _walk(schema, value, path, found):
    """Note which keys of the JSON Schema a value uses, and where in the document."""
    schema = _resolved(schema)
    if "$ref" in schema:
        _walk({"$ref": schema["$ref"]}, value, path, found)
    for key, inner in schema.get("properties", {}).items():
        if isinstance(value, dict) and key in value:
            found.setdefault((id(schema), key), []).append((*path, key))
            _walk(inner, value[key], (*path, key), found)
    for at, item in enumerate(value if isinstance(value, list) and "items" in schema else ()):
        _walk(schema["items"], item, (*path, at), found)
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        _walk(part, value, path, found)
    if "if" in schema and VALID.evolve(schema=schema["if"]).is_valid(value):
        _walk(schema.get("then", {}), value, path, found)


def _keys(schema):
    """Yield every key that the JSON Schema has, by the place that declares it; conditions declare none."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keys(item)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("properties"), dict) and schema is not SCHEMA["$defs"]:
        yield from ((id(schema), key) for key in schema["properties"])
    for key, inner in schema.items():
        if key not in {"if", "not", "examples", "enum", "default"}:
            yield from _keys(list(inner.values()) if key in {"properties", "$defs"} else inner)


def _without(document, path):
    changed = copy.deepcopy(document)
    part = changed
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return changed


def _paths(value, path=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict):
            yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _paths(inner, (*path, key))


@pytest.mark.parametrize("document", DOCUMENTS, ids=["one", "other"])
def test_the_documents_of_these_tests_are_valid(document):
    assert [error.json_path for error in VALID.iter_errors(document)] == []


def test_the_documents_of_these_tests_have_every_key_of_the_standard():
    used = {}
    for document in DOCUMENTS:
        _walk(SCHEMA, document, (), used)
    assert {key for _, key in set(_keys(SCHEMA)) - set(used)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=["one", "other"])
def test_every_construct_survives_a_round_trip(document):
    assert json.dumps(write(read(document))) == json.dumps(document)


def _matters(document, known, path):
    """Return whether a part, or all in it, is named as not enforced, or needed, or changes the rules when gone."""
    part = document
    for step in path:
        part = part[step]
    inner = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    if any(path[: len(one.path)] == one.path for one in known.not_enforced):
        return True
    try:
        changes = read(_without(document, path)).schemas != known.schemas
    except ConfigError:
        return True
    return changes or (bool(inner) and all(_matters(document, known, (*path, key)) for key in inner))


def test_every_key_of_the_standard_changes_the_rules_or_is_named_as_not_enforced():
    document = DOCUMENTS[0]
    known, used = read(document), {}
    _walk(SCHEMA, document, (), used)
    silent = [
        paths[0] for paths in used.values() if not any(_matters(document, known, path) for path in paths)
    ]
    assert silent == []


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_part_of_a_document_survives_a_round_trip_too(data):
    document = DOCUMENTS[1]
    for _ in range(data.draw(st.integers(1, 12))):
        paths = list(_paths(document))
        document = _without(document, data.draw(st.sampled_from(paths)))
    with contextlib.suppress(ConfigError):  # it may lack what it cannot be without
        assert json.dumps(write(read(document))) == json.dumps(document)
