"""Inheritance between files: parents first, maps merge deeply, the child wins, steps merge by name.

``key: null`` in a child takes back what its parents say, so that the default holds again. A parent's
step cannot be taken out: a child that wants fewer steps should extend a smaller parent.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeproof.errors import ConfigError, Finding, Location
from pipeproof.loading.node import Node
from pipeproof.loading.places import Places, shorten
from pipeproof.loading.text import read

_KEYS = ("extends", "<<")
_NAMED_LISTS = ("steps",)


def read_with_parents(file: Path, places: Places, chain: tuple[Path, ...] = ()) -> Node:
    """Return a file merged over all its parents.

    Raises:
        ConfigError: With every problem found: unreadable files, missing parents, a cycle.
    """
    file = file.resolve()
    node = read(file, shorten(file))
    problems: list[Finding] = []
    merged: Node | None = None
    for name, where in _parents(node, problems):
        parent = _find(name, where, file, places, problems)
        if parent is None:
            continue
        if parent in (*chain, file):
            problems.append(_cycle((*chain, file, parent), where))
            continue
        try:
            inherited = read_with_parents(parent, places, (*chain, file))
        except ConfigError as error:
            problems += error.findings
            continue
        merged = inherited if merged is None else merge(merged, inherited)
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    return node if merged is None else merge(merged, node)


def merge(parent: Node, child: Node) -> Node:
    """Return the child laid over the parent; each value remembers what it overrode."""
    if isinstance(parent.value, dict) and isinstance(child.value, dict):
        value = dict(parent.value)
        for key, node in child.value.items():
            if node.value is None and key in value:
                del value[key]
                continue
            both_named = key in _NAMED_LISTS and key in value
            join = _merge_named if both_named else merge
            value[key] = join(value[key], node) if key in value else node
        return Node(value, child.where, {**parent.keys, **child.keys}, (parent,))
    return replace(child, over=(*child.over, parent, *parent.over))


def _merge_named(parent: Node, child: Node) -> Node:
    """Merge two lists of mappings by `name`: the parent's order, then what is new."""
    if not isinstance(parent.value, list) or not isinstance(child.value, list):
        return merge(parent, child)
    merged = list(parent.value)
    index = {_name(node): position for position, node in enumerate(merged) if _name(node) is not None}
    for node in child.value:
        position = index.get(_name(node)) if _name(node) is not None else None
        if position is None:
            merged.append(node)
        else:
            merged[position] = merge(merged[position], node)
    return Node(merged, child.where, over=(parent,))


def _name(node: Node) -> str | None:
    name = node.value.get("name") if isinstance(node.value, dict) else None
    return name.value if name is not None and isinstance(name.value, str) else None


def _parents(node: Node, problems: list[Finding]) -> list[tuple[str, Location]]:
    """Take the parents' names out of a file, in order."""
    found: list[tuple[str, Location]] = []
    for key in _KEYS:
        given = node.value.pop(key, None)
        if given is None:
            continue
        node.keys.pop(key, None)
        items = given.value if isinstance(given.value, list) else [given]
        for item in items:
            if isinstance(item.value, str) and item.value:
                found.append((item.value, item.where))
            else:
                what = f"`{key}` names a parent file, this is {item.plain!r}"[:120]
                problems.append(
                    Finding("PPF111", what, item.where, fix="write a path such as base/auth.yaml")
                )
    return found


def _find(name: str, where: Location, file: Path, places: Places, problems: list[Finding]) -> Path | None:
    found, tried = places.find(name, file)
    if found is None:
        looked = ", ".join(shorten(place) for place in tried)
        problems.append(
            Finding("PPF111", f"the parent {name!r} is not there", where, fix=f"looked for: {looked}")
        )
        return None
    return found.resolve()


def _cycle(chain: tuple[Path, ...], where: Location) -> Finding:
    circle = chain[chain.index(chain[-1]) :]
    names = " → ".join(shorten(path) for path in circle)
    return Finding("PPF112", f"files extend each other: {names}", where, fix="remove one `extends`")
