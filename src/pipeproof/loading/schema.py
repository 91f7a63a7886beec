"""The JSON Schema of pipeline files, made from the models that read them and the configs of the kinds.

A file that extends others, or has no steps for others to extend, is a part: nothing is required of it.
A file that stands alone needs `name` and `type` in each step. What only the whole can show (that steps fit together) is for ``pipeproof check``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from pipeproof.loading.contract_spec import (
    TYPE_NAMES,
    AgeSpec,
    ArgumentSpec,
    BoundsSpec,
    ColumnSpec,
    ContractSpec,
    LimitSpec,
    ReferenceSpec,
    RuleSpec,
    ShareSpec,
    TableSpec,
)
from pipeproof.loading.shapes import json_schema
from pipeproof.loading.spec import (
    FileSpec,
    ForeachSpec,
    HookSpec,
    ParameterSpec,
    RepeatSpec,
    SourceSpec,
    StepSpec,
    TargetSpec,
    WorkflowSpec,
)
from pipeproof.model.contract import LOGICAL_TYPES
from pipeproof.ports import StepKind

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALAR = {"type": ["string", "integer", "number", "boolean", "null"]}
_REFERENCE = {"type": "string", "pattern": r"\$\{", "description": "Filled in from the environment."}
_PARENTS = {
    "description": "Parent files: maps merge, this file wins, steps merge by name.",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}

Schema = dict[str, Any]


def file_schema(kinds: Mapping[str, StepKind]) -> Schema:
    """Return the JSON Schema (2020-12) of pipeline files.

    Args:
        kinds: Step kinds by name; hidden ones are left out.
    """
    definitions: Schema = {}
    for model in (
        FileSpec,
        WorkflowSpec,
        StepSpec,
        SourceSpec,
        TargetSpec,
        ParameterSpec,
        TableSpec,
        ContractSpec,
    ):
        _take(json_schema(model), definitions, model.__name__)
    _allow_references(definitions)
    _allow_empty(definitions)
    _allow_short_forms(definitions)
    shown = [kind for kind in kinds.values() if not kind.hidden]
    for kind in shown:
        _take_config(kind, definitions)
    definitions["StepSpec"] = _step(definitions["StepSpec"], shown)
    definitions["WorkflowSpec"]["properties"]["steps"] |= {
        "items": {"$ref": "#/$defs/StepSpec"},
        "minItems": 1,
    }
    definitions["WorkflowSpec"]["minProperties"] = 1
    file = definitions.pop("FileSpec")
    _fill_sections(file)
    definitions |= _as_parts(definitions)
    without_steps = {"properties": {"workflow": {"type": "object", "not": {"required": ["steps"]}}}}
    is_part = {"anyOf": [{"required": ["extends"]}, {"required": ["<<"]}, without_steps]}
    return {
        "$schema": _DIALECT,
        "title": "Pipeproof pipeline file",
        "description": "A pipeline, or a part of one that others extend.",
        "type": "object",
        "minProperties": 1,
        "properties": file["properties"],
        "additionalProperties": False,
        "if": is_part,
        "then": {"properties": {"workflow": {"$ref": "#/$defs/part.WorkflowSpec"}}},
        "else": {"properties": {"workflow": {"$ref": "#/$defs/WorkflowSpec"}}},
        "$defs": dict(sorted(definitions.items())),
    }


def _take(schema: Schema, definitions: Schema, name: str, prefix: str = "") -> None:
    """Put a schema and what it refers to among the definitions."""
    own = copy.deepcopy(schema)
    inner = own.pop("$defs", {})
    for part in (own, *inner.values()):
        _rename(part, prefix)
    definitions[prefix + name] = own
    for key, part in inner.items():
        definitions.setdefault(prefix + key, part)


def _rename(part: Any, prefix: str) -> None:
    """Give every reference below a prefix, so that kinds may use the same names for their parts."""
    for node in _nodes(part):
        if isinstance(node.get("$ref"), str):
            node["$ref"] = node["$ref"].replace("#/$defs/", f"#/$defs/{prefix}")
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict) and "mapping" in discriminator:
            discriminator["mapping"] = {
                key: target.replace("#/$defs/", f"#/$defs/{prefix}")
                for key, target in discriminator["mapping"].items()
            }


def _nodes(part: Any) -> Iterable[Schema]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _nodes(value)
    elif isinstance(part, list):
        for value in part:
            yield from _nodes(value)


def _allow_references(definitions: Schema) -> None:
    """Let ``${NAME}`` stand where a number, a boolean or one of some words is needed."""
    for part in definitions.values():
        for node in _nodes(part):
            for name, field in (node.get("properties") or {}).items():
                node["properties"][name] = _or_reference(field)


def _or_reference(field: Any) -> Any:
    options = field.get("anyOf", [field])
    needs = any(
        option.get("type") in {"integer", "number", "boolean"} or "enum" in option for option in options
    )
    text = any(option.get("type") == "string" and "enum" not in option for option in options)
    if not needs or text:
        return field
    about = {key: field[key] for key in ("title", "description", "default") if key in field}
    rest = [{key: value for key, value in option.items() if key not in about} for option in options]
    return {**about, "anyOf": [*rest, dict(_REFERENCE)]}


def _allow_empty(definitions: Schema) -> None:
    """Let a key that is not required stand without a value."""
    for part in definitions.values():
        required = part.get("required", ())
        for name, field in part.get("properties", {}).items():
            if name not in required and {"type": "null"} not in field.get("anyOf", ()):
                about = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
                options = field.pop("anyOf", None) or [dict(field)]
                field.clear()
                field |= {**about, "anyOf": [*options, {"type": "null"}]}


def _allow_short_forms(definitions: Schema) -> None:
    kinds = {"enum": sorted({*LOGICAL_TYPES, *TYPE_NAMES})}
    definitions["ColumnSpec"]["properties"]["type"] = {
        "description": definitions["ColumnSpec"]["properties"]["type"].get("description", ""),
        "anyOf": [kinds, dict(_REFERENCE), {"type": "null"}],
    }
    short = {"enum": [name + mark for name in kinds["enum"] for mark in ("", "?")]}
    for name, other in (
        (ColumnSpec, {"anyOf": [short, {"type": "null"}]}),
        (ReferenceSpec, {"type": "string", "pattern": r"^.+\..+$|\$\{"}),
        (ShareSpec, {"anyOf": [{"type": "number", "minimum": 0}, dict(_REFERENCE)]}),
        (BoundsSpec, {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": ["number", "null"]}}),
        (AgeSpec, {"type": ["number", "string"]}),
        (LimitSpec, {"type": ["number", "string"]}),
        (RuleSpec, {"type": "string"}),
        (SourceSpec, {"type": "string"}),
        (HookSpec, {"type": "string"}),
        (RepeatSpec, {"type": "string"}),
        (RepeatSpec, {"type": "string"}),
        (ForeachSpec, {"type": ["array", "string"]}),
        (TargetSpec, {"type": "string"}),
        (ParameterSpec, _SCALAR),
        (ArgumentSpec, _SCALAR),
    ):
        long = definitions[name.__name__]
        about = {key: long.pop(key) for key in ("title", "description") if key in long}
        definitions[name.__name__] = {**about, "anyOf": [long, dict(other)]}


def _take_config(kind: StepKind, definitions: Schema) -> None:
    prefix = f"{kind.name}."
    inner: Schema = {}
    _take(json_schema(kind.config), inner, "config", prefix)
    _allow_references(inner)
    definitions |= inner
    for alias, implied in kind.aliases.items():
        config = copy.deepcopy(inner[f"{prefix}config"])
        config["required"] = [name for name in config.get("required", ()) if name not in implied]
        definitions[f"{alias}.config"] = config


def _step(step: Schema, kinds: Iterable[StepKind]) -> Schema:
    """Return the schema of a step, whose config depends on its type."""
    names = {name: kind for kind in kinds for name in (kind.name, *kind.aliases)}
    step = copy.deepcopy(step)
    step["properties"]["type"] = {
        "description": step["properties"]["type"].get("description", ""),
        "anyOf": [
            *({"const": name, "description": kind.summary} for name, kind in names.items()),
            dict(_REFERENCE),
        ],
    }
    step["allOf"] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {
                "properties": {"config": {"$ref": f"#/$defs/{name}.config"}},
                **({"required": ["config"]} if json_schema(kind.config).get("required") else {}),
            },
        }
        for name, kind in names.items()
    ]
    return step


def _fill_sections(file: Schema) -> None:
    properties = file["properties"]
    for section, model in (
        ("sources", "SourceSpec"),
        ("targets", "TargetSpec"),
        ("parameters", "ParameterSpec"),
    ):
        described = properties[section].get("description", "")
        names = {"pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$", "maxLength": 200}
        properties[section] = {
            "description": described,
            "type": ["object", "null"],
            "propertyNames": names,
            "additionalProperties": {"anyOf": [{"$ref": f"#/$defs/{model}"}, {"type": "null"}]},
        }
    properties["workflow"] = {"type": "object", "description": "The workflow and its steps."}
    properties["extends"] = {**_PARENTS}
    properties["<<"] = {**_PARENTS}


def _as_parts(definitions: Schema) -> Schema:
    """Return the workflow, steps and configs again with nothing required, for files that extend others."""
    names = [name for name in definitions if name in {"WorkflowSpec", "StepSpec"} or name.endswith(".config")]
    parts: Schema = {}
    for name in names:
        part = copy.deepcopy(definitions[name])
        part.pop("required", None)
        for rule in part.get("allOf", ()):
            rule["then"].pop("required", None)
        for node in _nodes(part):
            target = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if target in names:
                node["$ref"] = f"#/$defs/part.{target}"
        if name == "StepSpec":
            part["required"] = ["name"]
        parts[f"part.{name}"] = part
    return parts
