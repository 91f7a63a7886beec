"""pandera's own schema files, as `pandera.io` writes and reads them, for pandas tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeproof.model.contract import Column, Logical, TableSchema
from pipeproof.standards.losing import Losses, Lost
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.patterns import anywhere, from_start, whole
from pipeproof.standards.taking import shown, take

_DTYPES: Mapping[Logical, tuple[str, str]] = {
    "string": ("str", "str"),
    "integer": ("int64", "Int64"),
    "number": ("float64", "float64"),
    "decimal": ("float64", "float64"),
    "boolean": ("bool", "boolean"),
    "date": ("date", "date"),
    "timestamp": ("datetime64[ns]", "datetime64[ns]"),
}
"""Type → the dtype of columns without and with missing values."""
_LOGICAL: tuple[tuple[re.Pattern[str], Logical], ...] = (
    (re.compile(r"u?int\d*(\[pyarrow\])?\Z", re.IGNORECASE), "integer"),
    (re.compile(r"(float|double)\d*(\[pyarrow\])?\Z", re.IGNORECASE), "number"),
    (re.compile(r"bool(ean)?(\[pyarrow\])?\Z", re.IGNORECASE), "boolean"),
    (re.compile(r"(str|string|utf8|large_string)(\[\w+\])?\Z", re.IGNORECASE), "string"),
    (re.compile(r"(datetime|timestamp)", re.IGNORECASE), "timestamp"),
    (re.compile(r"date(32)?(\[\w+\])?\Z", re.IGNORECASE), "date"),
    (re.compile(r"decimal", re.IGNORECASE), "decimal"),
)
_COMPARED = frozenset({"string", "integer", "number", "decimal", "timestamp", None})
_BOUNDS = {
    "greater_than_or_equal_to": ("minimum", False),
    "greater_than": ("minimum", True),
    "less_than_or_equal_to": ("maximum", False),
    "less_than": ("maximum", True),
}
_SHORT = {
    "ge": "greater_than_or_equal_to",
    "gt": "greater_than",
    "le": "less_than_or_equal_to",
    "lt": "less_than",
}
_KEYS = frozenset(
    {"title", "description", "dtype", "nullable", "checks", "unique", "coerce", "required", "regex"}
)


def write(schemas: Mapping[str, TableSchema]) -> tuple[dict[str, Any], list[Lost]]:
    """Return one table as a schema of pandera, and the rules that it cannot say.

    Raises:
        ValueError: There are several tables; a file of pandera has one.
    """
    if len(schemas) != 1:
        raise ValueError("a schema file of pandera is of one table")
    name, schema = next(iter(schemas.items()))
    losses = Losses(name)
    written = {
        "schema_type": "dataframe",
        "columns": {column.name: _column(column, losses) for column in schema.columns},
        "checks": None,
        "index": None,
        "coerce": False,
        "strict": schema.extra_columns == "refuse",
        "name": name,
        "unique": list(schema.key) or None,
        "description": schema.description or None,
    }
    losses.rest(schema, {"key", "extra_columns", "description"})
    return written, losses.found


def _column(column: Column, losses: Losses) -> dict[str, Any]:
    said = {
        "nullable",
        "unique",
        "categories",
        "pattern",
        "min_length",
        "max_length",
        "required",
        "description",
    }
    dtype = _DTYPES[column.type][column.nullable] if column.type and column.type in _DTYPES else None
    if column.type in _DTYPES and column.type != "decimal":
        said.add("type")
    if column.type in _COMPARED:
        said |= {"minimum", "maximum"}
    losses.column(column, said)
    return {
        "title": None,
        "description": column.description or None,
        "dtype": dtype,
        "nullable": column.nullable,
        "checks": dict(_checks(column)) or None,
        "unique": column.unique,
        "coerce": False,
        "required": column.required,
        "regex": False,
    }


def _checks(column: Column) -> Iterator[tuple[str, Any]]:
    for check, (attribute, is_open) in _BOUNDS.items():
        bound = getattr(column, attribute)
        if bound is not None and getattr(column, f"{attribute}_open") == is_open and column.type in _COMPARED:
            yield check, bound
    if column.categories:
        yield "isin", list(column.categories)
    if column.pattern is not None:
        yield "str_matches", anywhere(column.pattern)
    if column.min_length is not None or column.max_length is not None:
        yield "str_length", {"min_value": column.min_length, "max_value": column.max_length}


def is_pandera(document: Any) -> bool:
    """Return whether a document is a schema of pandera."""
    return isinstance(document, Mapping) and str(document.get("schema_type")) == "dataframe"


def read(document: Mapping[str, Any], name: str, notes: Notes) -> dict[str, TableSchema]:
    """Return the table of a schema file of pandera.

    Args:
        document: The document.
        name: What to call a table without a name.
        notes: Takes what is wrong and what is not enforced.
    """
    columns = [
        _read_column(key, said, ("columns", key), notes)
        for key, said in (take(document, "columns", dict, (), notes) or {}).items()
    ]
    for key in ("checks", "index", "ordered", "dtype"):
        if document.get(key):
            notes.kept((key,), f"{key} of a whole table is not asked of data")
    unique = document.get("unique")
    table = TableSchema(
        tuple(columns),
        tuple(map(str, unique)) if isinstance(unique, list) else (unique,) if isinstance(unique, str) else (),
        extra_columns="refuse" if document.get("strict") is True else "allow",
        name=str(document.get("name") or name),
        description=take(document, "description", str, (), notes) or "",
    )
    return {table.name: table}


def _read_column(name: str, said: Any, path: Path, notes: Notes) -> Column:
    if not isinstance(said, dict):
        notes.wrong(path, f"a column is {shown(said)}, and must be a mapping")
        return Column(name)
    if said.get("regex"):
        notes.kept((*path, "regex"), "names of columns are not patterns here")
    column = Column(
        name,
        _type(said.get("dtype"), path, notes),
        nullable=bool(take(said, "nullable", bool, path, notes)),
        unique=bool(take(said, "unique", bool, path, notes)),
        required=take(said, "required", bool, path, notes) is not False,
        description=take(said, "description", str, path, notes) or "",
    )
    flat = {key: value for key, value in said.items() if key not in _KEYS}
    checks = said.get("checks")
    for check, given in {**flat, **(checks if isinstance(checks, dict) else {})}.items():
        changes = _rules(_SHORT.get(check, check), given)
        if changes is None:
            notes.kept((*path, check), f"{check} is no check that is asked here")
        else:
            column = replace(column, **changes)
    return column


def _type(dtype: Any, path: Path, notes: Notes) -> Logical | None:
    if dtype is None:
        return None
    for pattern, kind in _LOGICAL:
        if pattern.match(str(dtype)):
            return kind
    notes.kept((*path, "dtype"), f"{dtype} is no type that is asked of columns")
    return None


def _rules(check: str, given: Any) -> dict[str, Any] | None:
    """Return what a check asks as attributes of a column, or None when we do not ask it."""
    if isinstance(given, dict) and given.get("options", {}).get("raise_warning"):
        return None
    value = given.get("value") if isinstance(given, dict) and "value" in given else given
    if check in _BOUNDS and not isinstance(value, dict | list):
        attribute, is_open = _BOUNDS[check]
        return {attribute: value, f"{attribute}_open": is_open}
    if check == "in_range" and isinstance(given, dict):
        return {
            "minimum": given.get("min_value"),
            "maximum": given.get("max_value"),
            "minimum_open": given.get("include_min") is False,
            "maximum_open": given.get("include_max") is False,
        }
    return _rules_of_text(check, value)


def _rules_of_text(check: str, value: Any) -> dict[str, Any] | None:
    if check == "isin":
        values = value.get("allowed_values") if isinstance(value, dict) else value
        return {"categories": tuple(values)} if isinstance(values, list) else None
    if check == "equal_to" and not isinstance(value, dict | list):
        return {"categories": (value,)}
    if check in {"str_matches", "str_contains"} and isinstance(value, str):
        pattern = from_start(value) if check == "str_matches" else whole(value)
        return None if pattern is None else {"pattern": pattern}
    if check == "str_length" and isinstance(value, dict):
        exact = value.get("exact_value")
        low, high = (value.get(key) if exact is None else exact for key in ("min_value", "max_value"))
        return {"min_length": low, "max_length": high}
    return None
