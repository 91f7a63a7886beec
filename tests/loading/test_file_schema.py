"""The JSON Schema of pipeline files, kept in step with what is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipeproof.loading.schema import file_schema
from pipeproof.loading.text import read
from pipeproof.plugins import Kinds

ROOT = Path(__file__).parents[2]
KINDS = Kinds()
SHOWN = [kind for kind in KINDS.values() if not kind.hidden]
EXAMPLES = sorted(
    path
    for folder in ("base", "workflows")
    for path in (ROOT / "examples").glob(f"*/configs/{folder}/*.yaml")
)
STEP = {"name": "a", "type": "sql", "config": {"query_template": "SELECT 1"}}


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft202012Validator(file_schema(KINDS))


def flow(**step: Any) -> dict[str, Any]:
    return {"workflow": {"name": "x", "steps": [{**STEP, **step}]}}


def test_it_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(file_schema(KINDS))


def test_the_file_in_the_repository_is_what_is_made() -> None:
    kept = json.loads((ROOT / "schema/pipeline.schema.json").read_text())
    assert kept == file_schema(KINDS), "run: pipeproof schema --out schema/pipeline.schema.json"


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.name)
def test_the_example_of_a_kind_is_valid(kind: Any, validator: Any) -> None:
    validator.validate({"workflow": {"name": "x", "steps": yaml.safe_load(kind.example)}})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_file_is_valid(path: Path, validator: Any) -> None:
    validator.validate(read(path, path.name).plain)


@pytest.mark.parametrize(
    "data",
    [
        flow(),
        flow(timeout="10m", retry_count=0, env={"A": 1}, isolation="fresh", resources={"memory": "2GB"}),
        flow(timeout="${T}", retry_count="${N:-3}", isolation="${WHERE}"),
        flow(timeout=None, contract=None),
        flow(contract="contract.yaml"),
        flow(contract={"columns": {"a": "integer", "b": "number?", "c": None, "d": {"type": "str", "range": [0, 1]}}}),
        flow(contract={"arguments": {"n": 3, "m": {"type": "integer"}}, "environment": {"optional": ["A"]}}),
        flow(type="SnowparkQueryStep"),
        {**flow(), "sources": {"a": "a.csv", "b": {"path": "b.csv", "contract": {"key": ["x"]}}}},
        {**flow(), "targets": {"a": "a.csv"}, "parameters": {"n": 3, "d": {"type": "date"}}, "sources": None},
        {**flow(), "snowpark": {"account": "x"}, "logging": {"level": "${L}"}},
        {"extends": "base.yaml", "workflow": {"steps": [{"name": "a", "timeout": 3}]}},
        {"<<": ["a.yaml", "b.yaml"], "workflow": {"timeout": 3}},
        {"snowpark": {"account": "x"}},
        {"workflow": {"timeout": 3600}},
    ],
)  # fmt: skip
def test_what_loads_is_valid(data: object, validator: Any) -> None:
    validator.validate(data)


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"workflow": {}},
        {"workflow": {"name": "x", "steps": []}},
        {"workflow": {"steps": [STEP]}},
        {"workflow": {"name": "x", "steps": [{"name": "a"}]}},
        {"workflow": {"name": "x", "steps": [{"name": "a", "type": "sql"}]}},
        {"extends": "base.yaml", "workflow": {"steps": [{"timeout": 3}]}},
        {"extends": 3},
        flow(type="NonExistentStepType"),
        flow(depend_on=["b"]),
        flow(depends_on="b"),
        flow(config={}),
        flow(config={"query_template": "SELECT 1", "ouput_name": "x"}),
        flow(config={"query_template": 3}),
        flow(retry_count=-1),
        flow(retry_count="many"),
        flow(isolation="procces"),
        flow(name="a/b"),
        flow(contract={"columns": {"a": "integr"}}),
        flow(contract={"columns": {"a": {"tpye": "integer"}}}),
        {**flow(), "source": {}},
        {**flow(), "sources": {"a/b": "x.csv"}},
        {**flow(), "logging": {"level": "LOUD"}},
    ],
)  # fmt: skip
def test_what_does_not_load_is_not_valid(data: object, validator: Any) -> None:
    assert not validator.is_valid(data)


def test_every_key_is_documented() -> None:
    definitions = file_schema(KINDS)["$defs"]
    missing = [
        f"{name}.{key}"
        for name, part in definitions.items()
        for key, field in part.get("properties", {}).items()
        if not field.get("description") and "$ref" not in field and "const" not in field
    ]
    assert missing == []
