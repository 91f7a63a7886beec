"""Plain data to typed values by pydantic, with every problem as a located finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeproof.errors import Finding, suggest
from pipeproof.loading.node import Node, Path

T = TypeVar("T")
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}


def validate(
    kind: type[T],
    plain: Any,
    node: Node,
    path: Path,
    problems: list[Finding],
    *,
    what: str,
    step: str = "",
) -> T | None:
    """Return `plain` as a `kind`, or None; unknown keys are reported and left out.

    Args:
        kind: A pydantic model or a dataclass.
        plain: The data, with defaults that are not in the file laid under it.
        node: The file that `path` leads into.
        path: Where the data stand in it.
        problems: Takes every problem.
        what: What the data are, for messages: "step 'train'".
        step: The step they belong to.
    """
    any_kind: Any = kind
    adapter = _adapter(any_kind)
    try:
        valid: T = adapter.validate_python(plain)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        problems += [_finding(kind, item, node, path, what, step) for item in errors]
        unknown = [item["loc"] for item in errors if item["type"] in _UNKNOWN]
        if len(unknown) < len(errors):
            return None
        return validate(kind, _without(plain, unknown), node, path, problems, what=what, step=step)
    return valid


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    if hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "__pydantic_config__"):
        _forbid_unknown(kind)
    return TypeAdapter(kind)


def _forbid_unknown(kind: type) -> None:
    # A config dataclass of a plug-in imports no pydantic; the edge gives it the strictness.
    kind.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]  # pydantic's documented hook


@cache
def json_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a model or a config dataclass, with the documentation of its fields."""
    schema = _adapter(kind).json_schema()
    _describe(kind, schema)
    return schema


def _describe(kind: type, schema: dict[str, Any]) -> None:
    fields = getattr(kind, "__dataclass_fields__", {})
    for name, field in fields.items():
        if doc := field.metadata.get("doc"):
            schema["properties"][name].setdefault("description", doc)


def _without(plain: Any, locations: Sequence[tuple[str | int, ...]]) -> Any:
    """Return a copy of plain data without the keys at these locations."""
    if isinstance(plain, Mapping):
        here = {location[0] for location in locations if len(location) == 1}
        below = [location for location in locations if len(location) > 1]
        return {key: _without(value, _under(below, key)) for key, value in plain.items() if key not in here}
    if isinstance(plain, list):
        return [_without(value, _under(locations, index)) for index, value in enumerate(plain)]
    return plain


def _under(locations: Sequence[tuple[str | int, ...]], part: str | int) -> list[tuple[str | int, ...]]:
    found = [location[1:] for location in locations if location[0] == part]
    # A union told apart by its type puts the type into the location: skip over it.
    return found + [loc[1:] for loc in found if len(loc) > 1 and isinstance(part, int)]


def _finding(kind: type, error: Any, node: Node, path: Path, what: str, step: str) -> Finding:
    location = tuple(part for part in error["loc"])
    full = (*path, *location)
    where = node.locate(full)
    key = str(location[-1]) if location else ""
    if error["type"] in _UNKNOWN:
        known = known_keys(kind, location[:-1])
        return Finding(
            "PPF103", f"unknown key {key!r} in {what}", where, path=full, step=step, fix=suggest(key, known)
        )
    if error["type"] in {"missing", "missing_argument"}:
        inside = ".".join(str(part) for part in location[:-1])
        place = f"{what}, in {inside}" if inside else what
        return Finding(
            "PPF104",
            f"{place} needs the key {key!r}",
            where,
            path=full,
            step=step,
            fix=_shape_of(kind, location),
        )
    name = ".".join(str(part) for part in location) or what
    return Finding(
        "PPF105",
        f"{name} in {what}: {_say(error)}",
        where,
        path=full,
        step=step,
        fix=_choices(error),
    )


def _say(error: Any) -> str:
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    shown = (
        repr(given)
        if not isinstance(given, dict | list)
        else ("a mapping" if isinstance(given, dict) else "a list")
    )
    wanted = {
        "string_type": "text is needed",
        "int_type": "a whole number is needed",
        "int_parsing": "a whole number is needed",
        "float_type": "a number is needed",
        "float_parsing": "a number is needed",
        "bool_type": "true or false is needed",
        "bool_parsing": "true or false is needed",
        "list_type": "a list is needed",
        "tuple_type": "a list is needed",
        "dict_type": "a mapping is needed",
        "mapping_type": "a mapping is needed",
        "model_type": "a mapping is needed",
        "dataclass_type": "a mapping is needed",
        "model_attributes_type": "a mapping is needed",
        "literal_error": "this is none of the choices",
        "union_tag_invalid": "this is none of the types",
        "union_tag_not_found": "the key 'type' is missing",
        "string_pattern_mismatch": "letters, digits, _ . - only",
        "greater_than": f"must be above {context.get('gt')}",
        "greater_than_equal": f"must be at least {context.get('ge')}",
        "less_than_equal": f"must be at most {context.get('le')}",
        "too_short": f"needs at least {context.get('min_length')} items",
        "string_too_short": "must not be empty",
        "int_from_float": "a whole number is needed",
    }.get(kind)
    if wanted is None:
        wanted = str(context["error"]) if "error" in context else error["msg"].lower()
    return f"{wanted}, this is {shown}"[:240]


def _choices(error: Any) -> str:
    context = error.get("ctx", {})
    expected = context.get("expected") or context.get("expected_tags")
    if not expected or error["type"] not in {"literal_error", "union_tag_invalid"}:
        return ""
    names = [part.strip().strip("'") for part in str(expected).replace(" or ", ", ").split(",")]
    given = (
        error["input"]["type"]
        if isinstance(error["input"], Mapping) and "type" in error["input"]
        else error["input"]
    )
    return suggest(str(given), names)


def known_keys(kind: type, location: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand at a location below a model."""
    schema = _adapter(kind).json_schema()
    places = _follow(schema, schema.get("$defs", {}), location)
    return sorted({key for place in places for key in place.get("properties", {})})


def _shape_of(kind: type, location: Sequence[str | int]) -> str:
    schema = _adapter(kind).json_schema()
    for place in _follow(schema, schema.get("$defs", {}), location[:-1]):
        field = place.get("properties", {}).get(location[-1], {})
        if "description" in field:
            return str(field["description"]).rstrip(".")
    fields = getattr(kind, "__dataclass_fields__", {})
    doc = fields[location[-1]].metadata.get("doc", "") if location and location[-1] in fields else ""
    return str(doc).rstrip(".")


def _follow(
    schema: Any, definitions: Mapping[str, Any], location: Sequence[str | int]
) -> list[dict[str, Any]]:
    """Return the object schemas that a location can lead to; a union leads to several."""
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
