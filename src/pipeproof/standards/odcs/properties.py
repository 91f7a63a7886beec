"""Properties of the standard as columns, without the quality rules that stand at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.errors import suggest
from pipeproof.model.contract import Column, Limit, Logical, Scalar
from pipeproof.standards import patterns
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs.constructs import ENUM, OPTIONS, PROPERTY, note_rest
from pipeproof.standards.odcs.custom import ours
from pipeproof.standards.odcs.ranges import read_range
from pipeproof.standards.taking import is_a, mappings, take

TYPES: Mapping[str, Logical | None] = {
    "string": "string",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "object": "struct",
    "array": "list",
    "vector": "list",
    "map": None,
}
_CUSTOM: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "min": ("minimum", (str, int, float)),
    "max": ("maximum", (str, int, float)),
    "above": ("minimum", (str, int, float)),
    "below": ("maximum", (str, int, float)),
    "min_length": ("min_length", int),
    "max_length": ("max_length", int),
    "pattern": ("pattern", str),
    "format": ("format", str),
    "multiple_of": ("multiple_of", (int, float)),
    "precision": ("precision", int),
    "scale": ("scale", int),
    "min_items": ("min_items", int),
    "max_items": ("max_items", int),
    "required": ("required", bool),
    "order": ("order", str),
    "privacy": ("privacy", str),
    "generator": ("generator", str),
}
"""Our custom properties of a column → its attribute and what it may hold."""
_ELSEWHERE = frozenset({"type", "limits", "categories", "references"})


@dataclass(frozen=True, slots=True)
class Read:
    """A property as it was read: the column, and its name in references, which may differ from that in data."""

    column: Column
    name: str


def read_property(part: dict[str, Any], path: Path, notes: Notes, *, name: str = "") -> Read | None:
    """Return a property as a column; None when it has no name or is not in the data.

    Args:
        part: The property.
        path: Where it stands.
        notes: Takes what is wrong with it and what is not enforced.
        name: What to call it, for the elements of a list, which have no name.
    """
    note_rest(part, PROPERTY, path, notes)
    called = name or take(part, "name", str, path, notes)
    if not called:
        if part.get("name") in {None, ""}:
            notes.wrong(path, "a property has no name", "add name: ...")
        return None
    if part.get("semanticType") == "measure":
        notes.kept((*path, "semanticType"), "a measure is computed, and no column of the data")
        return None
    kind, logical = _type(part, path, notes)
    said: dict[str, Any] = {
        "description": take(part, "description", str, path, notes) or "",
        "physical": take(part, "physicalType", str, path, notes) or "",
        "nullable": not take(part, "required", bool, path, notes),
        "unique": bool(take(part, "unique", bool, path, notes)),
        "categories": _categories(part, path, notes),
        **_options(part, kind, logical, path, notes),
        **_nested(part, kind, logical, path, notes),
    }
    said |= _custom(part, path, notes)
    said["type"] = said.pop("type", kind)
    physical = take(part, "physicalName", str, path, notes)
    return Read(Column(physical if physical and not name else called, **said), called)


def _type(part: Mapping[str, Any], path: Path, notes: Notes) -> tuple[Logical | None, str]:
    given = take(part, "logicalType", str, path, notes)
    if given is None:
        return None, ""
    if given not in TYPES:
        notes.wrong((*path, "logicalType"), f"{given!r} is no type of the standard", suggest(given, TYPES))
        return None, ""
    if given == "map":
        notes.kept((*path, "logicalType"), PROPERTY["map"])
    return TYPES[given], given


def _categories(part: dict[str, Any], path: Path, notes: Notes) -> tuple[Scalar, ...]:
    found: list[Scalar] = []
    for here, item in mappings(part, "enum", path, notes):
        note_rest(item, ENUM, here, notes)
        value = item.get("value")
        if isinstance(value, dict | list) or "value" not in item:
            notes.wrong(here, "an entry of enum has no single value", "add value: ...")
        elif value is None:
            notes.kept((*here, "value"), "whether values may be missing is said by `required`")
        else:
            found.append(value)
    return tuple(found)


def _options(
    part: dict[str, Any], kind: Logical | None, logical: str, path: Path, notes: Notes
) -> dict[str, Any]:
    options = take(part, "logicalTypeOptions", dict, path, notes) or {}
    here = (*path, "logicalTypeOptions")
    every = {key: why for table in OPTIONS.values() for key, why in table.items()}
    note_rest(options, OPTIONS.get(logical, every), here, notes)
    said = read_range(options, kind, here, notes)
    said |= {
        name: take(options, key, of, here, notes)
        for name, key, of in (
            ("min_length", "minLength", int),
            ("max_length", "maxLength", int),
            ("min_items", "minItems", int),
            ("max_items", "maxItems", int),
            ("multiple_of", "multipleOf", float),
        )
    }
    if kind in {"string", None}:
        said |= _of_text(options, here, notes)
    return said


def _of_text(options: Mapping[str, Any], path: Path, notes: Notes) -> dict[str, Any]:
    pattern, form = (take(options, key, str, path, notes) for key in ("pattern", "format"))
    said = {"pattern": None if pattern is None else patterns.whole(pattern), "format": None}
    if pattern is not None and said["pattern"] is None:
        notes.kept((*path, "pattern"), f"{pattern!r} cannot be matched in bounded time by our engine")
    if form in TEXT_FORMATS:
        said["format"] = form
    elif form is not None:
        notes.kept((*path, "format"), f"no format of text that we know; {suggest(form, TEXT_FORMATS)}")
    return said


def _nested(
    part: dict[str, Any], kind: Logical | None, logical: str, path: Path, notes: Notes
) -> dict[str, Any]:
    if logical == "vector":
        size = take(
            take(part, "logicalTypeOptions", dict, path, Notes()) or {}, "dimensions", int, path, notes
        )
        return {"items": Column("items", "number"), "min_items": size, "max_items": size}
    said: dict[str, Any] = {}
    if kind == "list" and (items := take(part, "items", dict, path, notes)) is not None:
        inner = read_property(items, (*path, "items"), notes, name="items")
        said["items"] = None if inner is None else inner.column
        note_inner(items, (*path, "items"), notes)
    if kind == "struct":
        said["fields"] = tuple(_fields(part, path, notes))
    for key, wanted in (("items", "list"), ("properties", "struct")):
        if part.get(key) is not None and kind != wanted:
            notes.kept((*path, key), f"{key} are for another logicalType")
    return said


def _fields(part: dict[str, Any], path: Path, notes: Notes) -> list[Column]:
    found = []
    for here, item in mappings(part, "properties", path, notes):
        field = read_property(item, here, notes)
        note_inner(item, here, notes)
        if field is not None:
            found.append(field.column)
    return found


def note_inner(part: Mapping[str, Any], path: Path, notes: Notes) -> None:
    """Note what is asked of columns and not of what is inside of them."""
    for key in ("quality", "relationships", "primaryKey", "primaryKeyPosition"):
        if part.get(key):
            notes.kept((*path, key), "is asked of columns, not of what is inside of them")


def _custom(part: Mapping[str, Any], path: Path, notes: Notes) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in ours(part).items():
        here = (*path, "customProperties", f"pipeproof.{name}")
        attribute, kind = _CUSTOM.get(name, ("", object))
        if attribute and _may_be(name, value, kind):
            said[attribute] = value
            if name in {"above", "below"}:
                said[f"{attribute}_open"] = True
        elif attribute:
            notes.wrong(here, f"pipeproof.{name} is {value!r}, which cannot be")
        elif name == "type" and value == "decimal":
            said["type"] = "decimal"
        elif name == "limits":
            said["limits"] = tuple(read_limits(value, here, notes))
        elif name == "categories" and isinstance(value, list):
            said["categories"] = tuple(value)
        elif name not in _ELSEWHERE:
            notes.kept(here, f"no property of ours; {suggest(name, [*_CUSTOM, *_ELSEWHERE])}")
    return said


def _may_be(name: str, value: Any, kind: Any) -> bool:
    if name == "order":
        return value in {"ascending", "descending"}
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def read_limits(value: Any, path: Path, notes: Notes) -> list[Limit]:
    """Return limits that a custom property says, by rule."""
    found = []
    for rule, said in value.items() if isinstance(value, dict) else ():
        limit = read_limit(rule, said)
        if limit is None:
            notes.wrong((*path, rule), f"the limit of {rule} is no mapping of rows, share and severity")
        else:
            found.append(limit)
    return found


def read_limit(rule: str, said: Any) -> Limit | None:
    """Return one limit as `write_limit` gives it, or None."""
    if not isinstance(said, dict):
        return None
    rows, share, severity = said.get("rows", 0), said.get("share", 0.0), said.get("severity", "error")
    if not is_a(rows, int) or not is_a(share, float) or severity not in {"error", "warning"}:
        return None
    return Limit(rule, severity, rows, share)


def write_limit(limit: Limit) -> dict[str, Any]:
    """Return a limit as plain data."""
    written = {"rows": limit.rows, "share": limit.share, "severity": limit.severity}
    return {key: value for key, value in written.items() if value not in {0, "error"}}
