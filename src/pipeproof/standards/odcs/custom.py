"""Our own custom properties, which say what the standard has no word for: `pipeproof.order`, ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PREFIX = "pipeproof."


def ours(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return our custom properties of a part of a document, by name without the prefix."""
    found = {}
    for one in _properties(part):
        name = one.get("property")
        if isinstance(name, str) and name.startswith(PREFIX):
            found[name.removeprefix(PREFIX)] = one.get("value")
    return found


def foreign(part: Mapping[str, Any]) -> list[bool]:
    """Return for each custom property whether it is that of another tool."""
    given = part.get("customProperties")
    names = (
        [one.get("property") if isinstance(one, dict) else None for one in given]
        if isinstance(given, list)
        else []
    )
    return [not (isinstance(name, str) and name.startswith(PREFIX)) for name in names]


def say(part: dict[str, Any], name: str, value: Any) -> None:
    """Set one of our custom properties where it stands, or at the end; None removes it."""
    full = PREFIX + name
    given = part.get("customProperties")
    listed = list(given) if isinstance(given, list) else []
    places = [at for at, one in enumerate(listed) if isinstance(one, dict) and one.get("property") == full]
    if value is not None and places:
        listed[places[0]] = {**listed[places[0]], "value": value}
    elif value is not None:
        listed.append({"property": full, "value": value})
    else:
        listed = [one for at, one in enumerate(listed) if at not in places]
    if listed:
        part["customProperties"] = listed
    elif places:
        part.pop("customProperties", None)


def _properties(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = part.get("customProperties")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
