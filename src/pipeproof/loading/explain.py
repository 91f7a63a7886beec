"""Where a configured value came from, what was written there, and what it overrode."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import Finding, Location, UsageError, suggest
from pipeproof.loading.interpolate import SECRET
from pipeproof.loading.node import Node, Path
from pipeproof.loading.private import is_private

HIDDEN = "***"
_IN_ADDRESS = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Origin:
    """A value at one place: what it is, where it stands, and the text before variables were filled in."""

    value: Any
    where: Location
    written: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A configured value, where it came from, and what it overrode, nearest first.

    Attributes:
        key: The key, with steps by name.
        origin: The value that holds. Passwords and the like are shown as ``***``.
        overrode: What parents said; the first was overridden by the value itself.
    """

    key: str
    origin: Origin
    overrode: tuple[Origin, ...] = ()


def explain(node: Node, key: str) -> Explanation:
    """Return where the value of a dotted key came from.

    Args:
        node: The resolved file (`Loaded.node`).
        key: Such as ``workflow.steps.train.timeout``; steps by name or by position.

    Raises:
        UsageError: Nothing is written there, with what is.
    """
    path = _path(node, key)
    found = node.get(path)
    assert found is not None  # noqa: S101 `_path` walks what is there
    names = [_shown(node, path[: index + 1]) for index in range(len(path))]
    return Explanation(
        ".".join(names), _origin(found, path), tuple(_origin(over, path) for over in _chain(found))
    )


def _path(node: Node, key: str) -> Path:
    """Return the path that a dotted key means; names may hold dots themselves."""
    parts = [part for part in key.split(".") if part]
    path: list[str | int] = []
    while parts:
        step = next(
            (
                (part, count)
                for count in range(len(parts), 0, -1)
                if (part := _part(node, ".".join(parts[:count]))) is not None
            ),
            None,
        )
        if step is None:
            raise UsageError(_nothing(node, ".".join(map(str, path)), parts))
        part, count = step
        path.append(part)
        below = node.child(part)
        assert below is not None  # noqa: S101 `_part` has found it
        node, parts = below, parts[count:]
    return tuple(path)


def _part(node: Node, name: str) -> str | int | None:
    if isinstance(node.value, dict):
        return name if name in node.value else None
    if not isinstance(node.value, list):
        return None
    names = _names(node)
    if name in names:
        return names.index(name)
    return int(name) if name.isdecimal() and int(name) < len(names) else None


def _names(node: Node) -> list[str]:
    """Return the names of the items of a list, or their positions when they have none."""
    named = (item.child("name") for item in node.value)
    return [str(position if name is None else name.value) for position, name in enumerate(named)]


def _nothing(node: Node, above: str, parts: Sequence[str]) -> Finding:
    known = list(node.value) if isinstance(node.value, dict) else []
    known = _names(node) if isinstance(node.value, list) else known
    place = f" under {above}" if above else ""
    return Finding(
        "PPF114",
        f"nothing is written for {parts[0]!r}{place}",
        node.where,
        fix=suggest(parts[0], known) or "there is a single value, with no keys below it",
    )


def _shown(node: Node, path: Path) -> str:
    above = node.get(path[:-1])
    listed = above is not None and isinstance(above.value, list)
    return _names(above)[int(path[-1])] if above is not None and listed else str(path[-1])


def _chain(node: Node) -> Iterator[Node]:
    for over in node.over:
        yield over
        if isinstance(node.value, dict | list):  # single values have the whole chain themselves
            yield from _chain(over)


def _origin(node: Node, path: Path) -> Origin:
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    value = redact(node, name)
    written = node.was or ""
    return Origin(
        value, node.where, re.sub(r":-[^}]*", f":-{HIDDEN}", written) if value == HIDDEN else written
    )


def redact(node: Node, name: str = "") -> Any:
    """Return the plain value of a node with what is private in it hidden.

    Private is what has a name like a password, or comes from a variable with one, and the password
    in an address. A reference such as ``${secret:NAME}`` is shown: it says where, not what.
    """
    if isinstance(node.value, dict):
        return {key: redact(below, key) for key, below in node.value.items()}
    if isinstance(node.value, list):
        return [redact(below, name) for below in node.value]
    if node.value is None or (isinstance(node.value, str) and SECRET.fullmatch(node.value)):
        return node.value
    if is_private(name) or is_private(node.was or ""):
        return HIDDEN
    return _IN_ADDRESS.sub(rf"\1:{HIDDEN}@", node.value) if isinstance(node.value, str) else node.value
