"""Columns put into properties: what has changed is written, all else stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeproof.model.contract import Column, Logical
from pipeproof.standards import patterns
from pipeproof.standards.notes import Notes
from pipeproof.standards.odcs.constructs import OPTIONS
from pipeproof.standards.odcs.custom import say
from pipeproof.standards.odcs.properties import read_property, write_limit
from pipeproof.standards.odcs.ranges import write_range

_NAMES: Mapping[Logical, str] = {
    "decimal": "number",
    "list": "array",
    "struct": "object",
}
_LENGTHS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "multiple_of": "multipleOf",
    "min_items": "minItems",
    "max_items": "maxItems",
}
_RANGE = ("minimum", "maximum", "minimum_open", "maximum_open")


def put_column(part: dict[str, Any], wanted: Column, version: str, *, inner: bool = False) -> None:
    """Make a property say what a column says, apart from what quality rules and relationships can say.

    Args:
        part: The property, which is changed in place.
        wanted: The column.
        version: The standard's version, such as v3.2.0.
        inner: Whether it is inside of a column, where rules of columns stand among its own keys.
    """
    base = _now(part)
    changed = {name for name in Column.__slots__ if getattr(base, name) != getattr(wanted, name)}
    if "type" in changed:
        _put_type(part, wanted)
    _put_text(part, wanted, changed)
    if changed & {*_RANGE, "type"}:
        _put_range(part, wanted)
    for name, key in _LENGTHS.items():
        if name in changed or "type" in changed:
            _put_option(part, wanted, name, key, getattr(wanted, name))
    if "format" in changed or "type" in changed:
        _put_option(part, wanted, "format", "format", wanted.format)
    if changed & {"items", "min_items", "max_items"}:
        _put_items(part, wanted, version)
    if "fields" in changed:
        put_columns(part, wanted.fields, version, inner=True)
    _put_custom(part, wanted, changed)
    if inner:
        _put_inner(part, wanted, changed, version)
    _drop_empty_options(part)


def put_columns(part: dict[str, Any], wanted: Iterable[Column], version: str, *, inner: bool = False) -> None:
    """Make the properties of an object those of columns, in their order; those that are no column stay behind the one before."""
    known, trailing, first = _known(part)
    properties: list[Any] = list(first)
    for column in wanted:
        item = known.get(column.name)
        if item is None:
            item = {"name": column.name}
        put_column(item, column, version, inner=inner)
        properties += [item, *trailing.get(column.name, ())]
    if properties or "properties" in part:
        part["properties"] = properties


def _known(part: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, list[Any]], list[Any]]:
    """Return the properties that are columns by name, and the others by the column that they follow."""
    known: dict[str, dict[str, Any]] = {}
    trailing: dict[str, list[Any]] = {}
    first: list[Any] = []
    last = None
    for item in part.get("properties") or ():
        read = read_property(item, (), Notes()) if isinstance(item, dict) else None
        if read is None:
            (first if last is None else trailing.setdefault(last, [])).append(item)
        else:
            last = read.column.name
            known.setdefault(last, item)
    return known, trailing, first


def _now(part: dict[str, Any]) -> Column:
    read = read_property(part, (), Notes(), name="" if part.get("name") else "items")
    return Column("") if read is None else read.column


def _put_type(part: dict[str, Any], wanted: Column) -> None:
    if wanted.type is None:
        part.pop("logicalType", None)
    else:
        part["logicalType"] = _NAMES.get(wanted.type, wanted.type)
    say(part, "type", "decimal" if wanted.type == "decimal" else None)
    allowed = _allowed(part)
    options = part.get("logicalTypeOptions")
    if isinstance(options, dict):
        part["logicalTypeOptions"] = {key: value for key, value in options.items() if key in allowed}
    if wanted.type != "struct":
        part.pop("properties", None)
    if wanted.type != "list":
        part.pop("items", None)
    part.pop("map", None)


def _allowed(part: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the options that the standard allows for a property's type; without a type, none."""
    return OPTIONS.get(str(part.get("logicalType")), {})


def _put_text(part: dict[str, Any], wanted: Column, changed: set[str]) -> None:
    for name, key in (("description", "description"), ("physical", "physicalType")):
        if name in changed:
            put(part, key, getattr(wanted, name) or None)


def _put_custom(part: dict[str, Any], wanted: Column, changed: set[str]) -> None:
    for name in ("precision", "scale", "order", "privacy", "generator"):
        if name in changed:
            value = getattr(wanted, name)
            say(part, name, None if value == "" else value)
    if "required" in changed:
        say(part, "required", None if wanted.required else False)


def _put_range(part: dict[str, Any], wanted: Column) -> None:
    for name in ("min", "max", "above", "below"):
        say(part, name, None)
    options = dict(part.get("logicalTypeOptions") or {})
    if "minimum" in _allowed(part):
        write_range(options, wanted)
        part["logicalTypeOptions"] = options
        return
    say(part, "above" if wanted.minimum_open else "min", wanted.minimum)
    say(part, "below" if wanted.maximum_open else "max", wanted.maximum)


def _put_option(part: dict[str, Any], wanted: Column, name: str, key: str, value: Any) -> None:
    """Write an option where the type has it, else a custom property."""
    say(part, name, None)
    options = dict(part.get("logicalTypeOptions") or {})
    numbers = name == "format" and wanted.type != "string"  # how many bits they take, which is not ours
    if key in _allowed(part) and not numbers:
        put(options, key, value)
        part["logicalTypeOptions"] = options
    else:
        say(part, name, value)


def _put_items(part: dict[str, Any], wanted: Column, version: str) -> None:
    if part.get("logicalType") == "vector":  # a vector that has other elements or sizes is a list
        part["logicalType"] = "array"
        part["logicalTypeOptions"] = {}
        for name in ("min_items", "max_items"):
            _put_option(part, wanted, name, _LENGTHS[name], getattr(wanted, name))
    if wanted.items is None:
        part.pop("items", None)
        return
    items = dict(part.get("items") or {})
    items.pop("name", None)
    put_column(items, wanted.items, version, inner=True)
    part["items"] = items


def _put_inner(part: dict[str, Any], wanted: Column, changed: set[str], version: str) -> None:
    if "nullable" in changed:
        put_nullable(part, nullable=wanted.nullable)
    if "unique" in changed:
        put_flag(part, "unique", on=wanted.unique)
    if changed & {"categories", "type"}:
        put_categories(part, wanted.categories, version)
    if changed & {"pattern", "type"}:
        put_pattern(part, wanted.pattern)
    if "limits" in changed:
        say(part, "limits", {limit.rule: write_limit(limit) for limit in wanted.limits} or None)
    if "references" in changed:
        to = wanted.references
        written = None if to is None else {"dataset": to.dataset, "column": to.column, "orphans": to.orphans}
        say(part, "references", written)


def put_nullable(part: dict[str, Any], *, nullable: bool) -> None:
    """Say whether values may be missing; a property without a word of it may miss them."""
    put_flag(part, "required", on=not nullable)


def put_flag(part: dict[str, Any], key: str, *, on: bool) -> None:
    """Set a flag that is false when it is not there."""
    if on or key in part:
        part[key] = on


def put_categories(part: dict[str, Any], values: Iterable[Any], version: str) -> None:
    """Make `enum` the categories; what is said of one that stays, stays. Versions before 3.2 have no `enum`."""
    chosen = list(values)
    if version < "v3.2":
        part.pop("enum", None)
        say(part, "categories", chosen or None)
        return
    say(part, "categories", None)
    given = {_key(item.get("value")): item for item in part.get("enum") or () if isinstance(item, dict)}
    put(part, "enum", [given.get(_key(value), {"value": value}) for value in chosen] or None)


def _key(value: Any) -> tuple[str, Any]:
    """Return a value such that true is not one."""
    return (
        "" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__,
        str(value),
    )


def put_pattern(part: dict[str, Any], pattern: str | None) -> None:
    """Make the option the pattern, or a custom property where the type has no patterns."""
    say(part, "pattern", None)
    options = dict(part.get("logicalTypeOptions") or {})
    if "pattern" in _allowed(part):
        put(options, "pattern", None if pattern is None else patterns.anywhere(pattern))
        part["logicalTypeOptions"] = options
    else:
        say(part, "pattern", pattern)
    _drop_empty_options(part)


_ORDER = (
    *("name", "physicalName", "description", "logicalType", "logicalTypeOptions", "physicalType"),
    *("primaryKey", "primaryKeyPosition", "required", "unique", "enum", "relationships"),
    *("items", "properties", "quality", "customProperties"),
)


def in_order(part: dict[str, Any]) -> None:
    """Put the keys of a part that we have made into the order in which people write them."""
    known = dict(part)
    part.clear()
    part.update({key: known[key] for key in _ORDER if key in known})
    part.update({key: value for key, value in known.items() if key not in part})


def put(part: dict[str, Any], key: str, value: Any) -> None:
    """Set a key where it stands, or at the end; None removes it."""
    if value is None:
        part.pop(key, None)
    else:
        part[key] = value


def _drop_empty_options(part: dict[str, Any]) -> None:
    if part.get("logicalTypeOptions") == {}:
        del part["logicalTypeOptions"]
