"""What the models of the file format and the configs of step kinds look like: schemas, keys, documentation."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the validator of a model or a config dataclass, which refuses unknown keys."""
    for part in _parts(kind):
        if dataclasses.is_dataclass(part) and not hasattr(part, "__pydantic_config__"):
            # A config dataclass of a plug-in imports no pydantic; the edge gives it the strictness.
            part.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]  # pydantic's documented hook
    return TypeAdapter(kind)


@cache
def json_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a model or a config dataclass, with the documentation of its fields."""
    schema = adapter(kind).json_schema()
    docs = {part.__name__: _docs(part) for part in _parts(kind)}
    named = {kind.__name__: schema, **schema.get("$defs", {})}
    for name, part in named.items():
        for field, described in part.get("properties", {}).items():
            of = docs.get(name, {})
            # A key that Python keeps for itself, such as `with`, is a field with an underscore.
            if doc := of.get(field) or of.get(f"{field}_"):
                described.setdefault("description", doc)
    return schema


def known_keys(kind: Any, location: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand at a location below a model."""
    return sorted({key for place in _places(kind, location) for key in place.get("properties", {})})


def doc_of(kind: Any, location: Sequence[str | int]) -> str:
    """Return the documentation of the key at a location, or ''."""
    for place in _places(kind, location[:-1]):
        field = place.get("properties", {}).get(location[-1], {}) if location else {}
        if "description" in field:
            return str(field["description"]).rstrip(".")
    return ""


def _parts(kind: Any) -> Iterator[type]:
    """Yield a model or dataclass and all that its fields are made of."""
    seen: set[Any] = set()
    waiting = [kind]
    while waiting:
        hint = waiting.pop()
        waiting += [argument for argument in typing.get_args(hint) if not isinstance(argument, str)]
        if not isinstance(hint, type) or hint in seen:
            continue
        seen.add(hint)
        if dataclasses.is_dataclass(hint) or issubclass(hint, BaseModel):
            yield hint
            waiting += typing.get_type_hints(hint).values()


def _docs(part: Any) -> dict[str, str]:
    """Return the documentation of the fields: metadata of a dataclass, texts below the fields of a model."""
    if dataclasses.is_dataclass(part):
        return {field.name: str(field.metadata.get("doc", "")) for field in dataclasses.fields(part)}
    docs: dict[str, str] = {}
    # pydantic can read these texts when a class is made, which costs every start; here only who asks pays.
    for base in reversed(part.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            docs |= _texts(base)
    return docs


def _texts(model: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 the source of a class
    found: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = inspect.cleandoc(str(text.value.value))
    return found


def _places(kind: Any, location: Sequence[str | int]) -> list[dict[str, Any]]:
    """Return the object schemas that a location can lead to; a union leads to several."""
    schema = json_schema(kind)
    definitions = schema.get("$defs", {})
    here = _alternatives(schema, definitions)
    for part in location:
        following: list[dict[str, Any]] = []
        for place in here:
            if isinstance(part, int) and "items" in place:
                following += _alternatives(place["items"], definitions)
            elif part in place.get("properties", {}):
                following += _alternatives(place["properties"][part], definitions)
            elif isinstance(place.get("additionalProperties"), dict):
                following += _alternatives(place["additionalProperties"], definitions)
        tagged = [place for place in here if place.get("properties", {}).get("type", {}).get("const") == part]
        here = following or tagged or here
    return here


def _alternatives(schema: Any, definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _alternatives(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return [place for option in options for place in _alternatives(option, definitions)]
    return [schema]
