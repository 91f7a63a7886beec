"""Values of a document by key, with those of a wrong kind told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.standards.notes import Notes, Path

_KINDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


def is_a(value: Any, kind: type) -> bool:
    """Return whether a value is of a kind; a whole number is a number, true is none, nor is infinity."""
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, kind)


def take(part: Mapping[str, Any], key: str, kind: type, path: Path, notes: Notes) -> Any:
    """Return a value, or None when it is not there, null, or of another kind, which is noted."""
    value = part.get(key)
    if value is None or is_a(value, kind):
        return value
    notes.wrong((*path, key), f"{key} is {shown(value)}, and must be {_KINDS[kind]}")
    return None


def mappings(
    part: Mapping[str, Any], key: str, path: Path, notes: Notes
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the mappings of a list with their paths; others are noted."""
    for at, item in enumerate(take(part, key, list, path, notes) or ()):
        here = (*path, key, at)
        if isinstance(item, dict):
            yield here, item
        else:
            notes.wrong(here, f"an entry of {key} is {shown(item)}, and must be a mapping")


def shown(value: Any) -> str:
    """Return a value as messages show it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."  # noqa: PLR2004 a line stays short
