"""JSON Schema 2020-12: rows as objects, tables as arrays of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.model.contract import Column, Logical, Scalar, TableSchema
from pipeproof.standards.losing import Losses, Lost
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.patterns import anywhere, whole
from pipeproof.standards.taking import is_a, shown, take

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Mapping[Logical, tuple[str, str | None]] = {
    "string": ("string", None),
    "integer": ("integer", None),
    "number": ("number", None),
    "decimal": ("number", None),
    "boolean": ("boolean", None),
    "date": ("string", "date"),
    "timestamp": ("string", "date-time"),
    "time": ("string", "time"),
    "list": ("array", None),
    "struct": ("object", None),
}
_LOGICAL: Mapping[tuple[str, str | None], Logical] = {
    pair: kind for kind, pair in _TYPES.items() if kind != "decimal"
}
_FORMATS = {
    "email": "email",
    "uuid": "uuid",
    "uri": "uri",
    "hostname": "hostname",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
}
_MOMENTS = frozenset({"date", "timestamp", "time"})
_SAID = ("type", "nullable", "categories", "pattern", "min_length", "max_length", "multiple_of", "items")
_SAID_TOO = ("min_items", "max_items", "fields", "required", "description")
_LENGTHS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "multiple_of": "multipleOf",
}
_READ = frozenset(
    {
        "type",
        "enum",
        "const",
        "pattern",
        "format",
        "description",
        "properties",
        "items",
        "required",
        "$ref",
        "anyOf",
    }
    | {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "additionalProperties",
        *_LENGTHS.values(),
    }
)
_SILENT = frozenset(
    {"$schema", "$id", "$defs", "definitions", "title", "examples", "default", "$comment", "deprecated"}
)


def write(schemas: Mapping[str, TableSchema]) -> tuple[dict[str, Any], list[Lost]]:
    """Return tables as one JSON Schema, and the rules that it cannot say.

    A single table is the schema of a row, or of an array of rows where the number of rows is bounded.
    Several tables are `$defs`.
    """
    lost: list[Lost] = []
    written = {name: _table(name, schema, lost) for name, schema in schemas.items()}
    if len(written) == 1:
        return {"$schema": DIALECT, **next(iter(written.values()))}, lost
    return {"$schema": DIALECT, "$defs": written}, lost


def _table(name: str, schema: TableSchema, lost: list[Lost]) -> dict[str, Any]:
    losses = Losses(name)
    row: dict[str, Any] = {
        "title": name,
        "description": schema.description or None,
        **_object(schema.columns, losses),
    }
    row["additionalProperties"] = False if schema.extra_columns == "refuse" else None
    row = {key: value for key, value in row.items() if value is not None}
    losses.rest(schema, {"min_rows", "max_rows", "extra_columns", "description"})
    lost += losses.found
    if not schema.min_rows and schema.max_rows is None:
        return row
    bounds = {"minItems": schema.min_rows or None, "maxItems": schema.max_rows}
    return {
        "type": "array",
        **{key: value for key, value in bounds.items() if value is not None},
        "items": row,
    }


def _object(columns: tuple[Column, ...], losses: Losses, above: str = "") -> dict[str, Any]:
    required = [column.name for column in columns if column.required]
    properties = {column.name: _property(column, losses, f"{above}{column.name}") for column in columns}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _property(column: Column, losses: Losses, name: str) -> dict[str, Any]:
    said = {*_SAID, *_SAID_TOO}
    written: dict[str, Any] = {}
    kind, form = _TYPES[column.type] if column.type else ("", None)
    if kind:
        written["type"] = [kind, "null"] if column.nullable else kind
    elif not column.nullable:
        said.discard("nullable")
    if column.type == "decimal":
        said.discard("type")
    form = form or _FORMATS.get(column.format or "")
    said |= {"format"} if column.format in _FORMATS and form == column.format else set()
    said |= _put_bounds(written, column)
    values = [*column.categories, *([None] if column.nullable else [])]
    others = {
        "format": form,
        "enum": values if column.categories else None,
        "pattern": None if column.pattern is None else anywhere(column.pattern),
        "description": column.description or None,
        "items": None if column.items is None else _property(column.items, losses, f"{name}[]"),
        **{key: getattr(column, attribute) for attribute, key in _LENGTHS.items()},
    }
    written |= {key: value for key, value in others.items() if value is not None}
    if column.type == "struct":
        inner = _object(column.fields, losses, f"{name}.")
        written |= {key: value for key, value in inner.items() if key != "type"}
    losses.column(column, said, name)
    return written


def _put_bounds(written: dict[str, Any], column: Column) -> set[str]:
    """Write the bounds of numbers; texts that are dates have none."""
    if column.type in _MOMENTS or isinstance(column.minimum, str) or isinstance(column.maximum, str):
        return set()
    if column.minimum is not None:
        written["exclusiveMinimum" if column.minimum_open else "minimum"] = column.minimum
    if column.maximum is not None:
        written["exclusiveMaximum" if column.maximum_open else "maximum"] = column.maximum
    return {"minimum", "maximum"}


def read(document: Mapping[str, Any], name: str, notes: Notes) -> dict[str, TableSchema]:
    """Return the tables that a JSON Schema says.

    Args:
        document: The schema of a row, of an array of rows, or of several tables under `$defs`.
        name: What to call a table that has no title.
        notes: Takes what is wrong and what is not enforced.
    """
    top = _Reader(document, notes)
    definitions = document.get("$defs") or document.get("definitions")
    if isinstance(definitions, dict) and not document.keys() & {"properties", "items", "$ref"}:
        tables = {key: inner for key, inner in definitions.items() if _is_table(inner)}
        return {key: top.table(inner, ("$defs", key), key) for key, inner in tables.items()}
    if not _is_table(top.resolved(document, ())):
        notes.wrong((), "this is the schema of no row and of no list of rows", "it needs `properties`")
        return {}
    found = top.table(document, (), name)
    return {found.name: found}


def _is_table(part: Any) -> bool:
    return isinstance(part, dict) and ("properties" in part or part.get("type") in {"array", "object"})


def _steps(reference: str) -> list[str]:
    """Return the steps of a pointer into the same document; one that leads nowhere for any other."""
    if reference == "#":
        return []
    return reference.removeprefix("#/").split("/") if reference.startswith("#/") else [""]


class _Reader:
    """Reads the parts of one JSON Schema; references lead to others of them."""

    def __init__(self, document: Mapping[str, Any], notes: Notes) -> None:
        self.document = document
        self.notes = notes

    def resolved(self, part: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
        """Return a part with its references followed, as far as they stay in the document."""
        for _ in range(20):  # a chain that is longer goes round in a circle
            to = part.get("$ref")
            if not isinstance(to, str):
                return part
            target: Any = self.document
            for step in _steps(to):
                step = step.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901 unescaped, as JSON pointers are
                target = target.get(step) if isinstance(target, dict) else None
            if not isinstance(target, dict):
                self.notes.kept((*path, "$ref"), f"{to} leads to nothing in this document")
                return {key: value for key, value in part.items() if key != "$ref"}
            part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
        self.notes.wrong((*path, "$ref"), "the references go round in a circle")
        return {}

    def table(self, given: Mapping[str, Any], path: Path, name: str) -> TableSchema:
        """Return a table: the rows of an array, or a single object."""
        part, low, high = self.resolved(given, path), 0, None
        if part.get("type") == "array":
            low = take(part, "minItems", int, path, self.notes) or 0
            high = take(part, "maxItems", int, path, self.notes)
            title = part.get("title", name)
            path = (*path, "items")
            part = self.resolved(take(part, "items", dict, path[:-1], self.notes) or {}, path)
            name = str(title)
        return TableSchema(
            tuple(self.columns(part, path)),
            min_rows=low,
            max_rows=high,
            extra_columns="refuse" if part.get("additionalProperties") is False else "allow",
            name=str(part.get("title") or name),
            description=take(part, "description", str, path, self.notes) or "",
        )

    def columns(self, part: Mapping[str, Any], path: Path) -> Iterator[Column]:
        """Yield the properties of an object as columns."""
        required = take(part, "required", list, path, self.notes) or ()
        for name, inner in (take(part, "properties", dict, path, self.notes) or {}).items():
            column = self.column(inner, (*path, "properties", name), name)
            yield replace(column, required=name in required)

    def column(self, given: Any, path: Path, name: str) -> Column:
        """Return a property as a column."""
        if len(path) > 60:  # noqa: PLR2004 a schema that contains itself has no end
            self.notes.wrong(path, "the schema contains itself")
            return Column(name)
        if not isinstance(given, dict):
            self.notes.kept(path, f"{shown(given)} says nothing of a value")
            return Column(name, nullable=True)
        part = self.without_null(self.resolved(given, path))
        for key in part:
            if key not in _READ and key not in _SILENT:
                self.notes.kept((*path, key), f"{key} is not asked of data")
        kind, nullable = self.kind(part, path)
        column = Column(
            name,
            kind,
            nullable,
            categories=self.categories(part, path),
            description=take(part, "description", str, path, self.notes) or "",
            fields=tuple(self.columns(part, path)) if kind == "struct" else (),
            items=self.column(part["items"], (*path, "items"), "items")
            if kind == "list" and "items" in part
            else None,
        )
        return self.with_bounds(replace(column, **self.of_text(part, path, kind)), part, path)

    def without_null(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a choice between something and null as that something, nullable."""
        choices = part.get("anyOf")
        if not isinstance(choices, list) or {"type": "null"} not in choices or len(choices) != 2:  # noqa: PLR2004 null and another
            return part
        other: Any = next((one for one in choices if one != {"type": "null"}), {})
        inner = self.resolved(other, ()) if isinstance(other, dict) else {}
        types = inner.get("type")
        return {**inner, "type": [types, "null"] if isinstance(types, str) else types}

    def kind(self, part: Mapping[str, Any], path: Path) -> tuple[Logical | None, bool]:
        """Return the type of a property, and whether it may be null."""
        given = part.get("type")
        types = [given] if isinstance(given, str) else list(given) if isinstance(given, list) else []
        real = [one for one in types if one != "null"]
        if len(real) > 1:
            self.notes.kept((*path, "type"), "a column has one type")
        if len(real) != 1:
            return None, "null" in types or not types
        if real[0] not in {name for name, _ in _TYPES.values()}:
            self.notes.wrong((*path, "type"), f"{shown(real[0])} is no type of JSON Schema")
        form = part.get("format")
        return _LOGICAL.get(
            (real[0], form if form in {"date", "date-time", "time"} else None)
        ), "null" in types

    def categories(self, part: Mapping[str, Any], path: Path) -> tuple[Scalar, ...]:
        """Return the values that a property may have, apart from null."""
        values = [part["const"]] if "const" in part else take(part, "enum", list, path, self.notes) or []
        if any(isinstance(value, dict | list) for value in values):
            self.notes.kept((*path, "enum"), "categories are single values")
            return ()
        return tuple(value for value in values if value is not None)

    def of_text(self, part: Mapping[str, Any], path: Path, kind: Logical | None) -> dict[str, Any]:
        """Return the rules of texts, and the lengths of texts and lists."""
        said: dict[str, Any] = {}
        for attribute, key in _LENGTHS.items():
            said[attribute] = take(part, key, float if key == "multipleOf" else int, path, self.notes)
        pattern = take(part, "pattern", str, path, self.notes)
        said["pattern"] = None if pattern is None else whole(pattern)
        if pattern is not None and said["pattern"] is None:
            self.notes.kept(
                (*path, "pattern"), f"{pattern!r} cannot be matched in bounded time by our engine"
            )
        form = part.get("format")
        said["format"] = form if kind == "string" and form in TEXT_FORMATS else None
        if form and said["format"] is None and kind not in _MOMENTS:
            self.notes.kept((*path, "format"), "is no format of text that we know")
        return said

    def with_bounds(self, column: Column, part: Mapping[str, Any], path: Path) -> Column:
        """Return a column with the bounds of its numbers."""
        bounds: dict[str, Any] = {}
        for name, open_name in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            closed, opened = (take(part, key, float, path, self.notes) for key in (name, open_name))
            further = max if name == "minimum" else min
            is_open = opened is not None and (closed is None or further(closed, opened) == opened)
            bound = opened if is_open else closed
            is_whole = column.type == "integer" and is_a(bound, float) and float(bound).is_integer()
            bounds[name] = int(bound) if is_whole else bound
            bounds[f"{name}_open"] = is_open
        return replace(column, **bounds)
