"""Frictionless Data: Table Schema, and Data Package for several tables, of version 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeproof.model.contract import Column, Logical, Reference, TableSchema
from pipeproof.standards.losing import Losses, Lost
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.patterns import held, unheld
from pipeproof.standards.taking import mappings, shown, take

TABLE = "https://datapackage.org/profiles/2.0/tableschema.json"
PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
_NAMES: Mapping[Logical, str] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "time": "time",
    "list": "array",
    "struct": "object",
}
_TYPES: Mapping[str, Logical | None] = {
    **{name: kind for kind, name in _NAMES.items()},
    "year": "integer",
    "any": None,
}
_FORMATS = ("email", "uri", "uuid")
_LENGTHS = {"min_length": "minLength", "max_length": "maxLength"}
_SAID = frozenset(
    {"type", "nullable", "unique", "minimum", "maximum", "categories", "pattern", "format", "description"}
    | _LENGTHS.keys()
)
_CONSTRAINTS = frozenset(
    {"required", "unique", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "enum"}
    | set(_LENGTHS.values())
)


def write(schemas: Mapping[str, TableSchema]) -> tuple[dict[str, Any], list[Lost]]:
    """Return one table as a Table Schema, several as a Data Package, and the rules that neither can say."""
    lost: list[Lost] = []
    written = {name: _table(name, schema, lost) for name, schema in schemas.items()}
    if len(written) == 1:
        return {"$schema": TABLE, **next(iter(written.values()))}, lost
    resources = [
        {"name": name, "type": "table", "path": f"{name}.csv", "schema": table}
        for name, table in written.items()
    ]
    return {"$schema": PACKAGE, "resources": resources}, lost


def _table(name: str, schema: TableSchema, lost: list[Lost]) -> dict[str, Any]:
    losses = Losses(name)
    exact = [to for to in schema.columns if to.references is not None and not to.references.orphans]
    written: dict[str, Any] = {
        "name": name,
        "description": schema.description or None,
        "fields": [_field(column, losses, exact) for column in schema.columns],
        "primaryKey": list(schema.key) or None,
        "foreignKeys": [_foreign(column.name, column.references) for column in exact if column.references]
        or None,
        "fieldsMatch": "exact" if schema.extra_columns == "refuse" else "superset",
    }
    losses.rest(schema, {"key", "extra_columns", "description"})
    lost += losses.found
    return {key: value for key, value in written.items() if value is not None}


def _field(column: Column, losses: Losses, exact: list[Column]) -> dict[str, Any]:
    said = set(_SAID) | ({"references"} if column in exact else set())
    kind = "any" if column.type is None else _NAMES.get(column.type, "number")
    said -= {"type"} if column.type == "decimal" else set()
    form = column.format if column.format in _FORMATS else None
    said -= {"format"} if form is None else set()
    said -= {"pattern"} if column.type not in {"string", None} else set()
    constraints = {
        "required": True if not column.nullable else None,
        "unique": True if column.unique else None,
        "exclusiveMinimum" if column.minimum_open else "minimum": column.minimum,
        "exclusiveMaximum" if column.maximum_open else "maximum": column.maximum,
        "enum": list(column.categories) or None,
        "pattern": None if column.pattern is None else held(column.pattern),
        **{key: getattr(column, attribute) for attribute, key in _LENGTHS.items()},
    }
    losses.column(column, said)
    written = {
        "name": column.name,
        "type": kind,
        "format": form,
        "description": column.description or None,
        "constraints": {key: value for key, value in constraints.items() if value is not None} or None,
    }
    return {key: value for key, value in written.items() if value is not None}


def _foreign(name: str, to: Reference) -> dict[str, Any]:
    return {"fields": [name], "reference": {"resource": to.dataset, "fields": [to.column]}}


def is_frictionless(document: Any) -> bool:
    """Return whether a document is a Table Schema or Data Package."""
    return isinstance(document, Mapping) and (
        isinstance(document.get("fields"), list) or isinstance(document.get("resources"), list)
    )


def read(document: Mapping[str, Any], name: str, notes: Notes) -> dict[str, TableSchema]:
    """Return the tables of a Table Schema or Data Package.

    Args:
        document: The document.
        name: What to call the table of a Table Schema without a name.
        notes: Takes what is wrong and what is not enforced.
    """
    if "resources" not in document:
        found = _read_table(document, (), name, notes)
        return {found.name: found}
    tables: dict[str, TableSchema] = {}
    for path, resource in mappings(document, "resources", (), notes):
        called = str(resource.get("name") or f"table_{path[-1]}")
        schema = resource.get("schema")
        if isinstance(schema, dict):
            tables[called] = _read_table({**schema, "name": called}, (*path, "schema"), called, notes)
        else:
            notes.kept(path, "the resource has no schema in this file")
    return tables


def _read_table(part: Mapping[str, Any], path: Path, name: str, notes: Notes) -> TableSchema:
    keys: dict[str, Reference] = {}
    for here, entry in mappings(part, "foreignKeys", path, notes):
        own, to = _names(entry.get("fields")), entry.get("reference")
        theirs = _names(to.get("fields")) if isinstance(to, dict) else []
        if len(own) != 1 or len(theirs) != 1 or not isinstance(to, dict):
            notes.kept(here, "is of several columns")
            continue
        keys.setdefault(own[0], Reference(str(to.get("resource") or name), theirs[0]))
    if set(_names(part.get("missingValues"))) - {""}:
        notes.kept((*path, "missingValues"), "only an empty cell is a missing value here")
    columns = [
        column
        for here, field in mappings(part, "fields", path, notes)
        if (column := _read_field(field, here, keys, notes)) is not None
    ]
    match = _names(part.get("fieldsMatch")) or ["exact"]
    return TableSchema(
        tuple(columns),
        tuple(_names(part.get("primaryKey"))),
        extra_columns="refuse" if match[0] in {"exact", "equal"} and "fieldsMatch" in part else "allow",
        name=str(part.get("name") or name),
        description=take(part, "description", str, path, notes) or "",
    )


def _names(given: Any) -> list[str]:
    return (
        [given] if isinstance(given, str) else [str(one) for one in given] if isinstance(given, list) else []
    )


def _read_field(
    field: Mapping[str, Any], path: Path, keys: Mapping[str, Reference], notes: Notes
) -> Column | None:
    name = take(field, "name", str, path, notes)
    if not name:
        notes.wrong(path, "a field has no name", "add name: ...")
        return None
    given = take(field, "type", str, path, notes) or "any"
    if given not in _TYPES:
        notes.kept((*path, "type"), f"{given} is no type that is asked of columns")
    rules = take(field, "constraints", dict, path, notes) or {}
    here = (*path, "constraints")
    for key in rules.keys() - _CONSTRAINTS:
        notes.kept((*here, key), f"{key} is not asked of data")
    pattern = take(rules, "pattern", str, here, notes)
    whole = None if pattern is None else unheld(pattern)
    if pattern is not None and whole is None:
        notes.kept((*here, "pattern"), f"{pattern!r} cannot be matched in bounded time by our engine")
    return Column(
        name,
        _TYPES.get(given),
        nullable=not take(rules, "required", bool, here, notes),
        unique=bool(take(rules, "unique", bool, here, notes)),
        categories=tuple(take(rules, "enum", list, here, notes) or ()),
        pattern=whole,
        format=_format(field, given, path, notes),
        description=take(field, "description", str, path, notes) or "",
        references=keys.get(name),
        **{attribute: take(rules, key, int, here, notes) for attribute, key in _LENGTHS.items()},
        **_bounds(rules, here, notes),
    )


def _format(field: Mapping[str, Any], kind: str, path: Path, notes: Notes) -> str | None:
    given = field.get("format")
    if given in _FORMATS and kind == "string":
        return str(given)
    if given not in {None, "default", "any"}:
        notes.kept((*path, "format"), f"{shown(given)} is no format that is asked of texts")
    return None


def _bounds(rules: Mapping[str, Any], path: Path, notes: Notes) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, key in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        is_open = rules.get(key) is not None
        bound = rules.get(key) if is_open else rules.get(name)
        if isinstance(bound, bool | list | dict):
            notes.wrong((*path, key if is_open else name), f"the bound is {shown(bound)}")
            continue
        if is_open and rules.get(name) is not None:
            notes.kept((*path, name), f"{key} is asked instead")
        said[name], said[f"{name}_open"] = bound, is_open
    return said
