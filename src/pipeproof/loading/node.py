"""YAML values that remember where they stand and what they overrode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeproof.errors import Location

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """A value of a configuration file.

    Attributes:
        value: A scalar, a list of nodes, or a dict of nodes.
        where: Where the value stands.
        keys: Where each key of a mapping stands.
        over: What the value overrode, nearest first.
        was: The text before interpolation, when that changed it.
        indent: Columns before each line of a literal block (``|``), else None.
        quoted: Whether the text begins behind a quote.
    """

    value: Any
    where: Location
    keys: dict[str, Location] = field(default_factory=dict)
    over: tuple[Node, ...] = ()
    was: str | None = None
    indent: int | None = None
    quoted: bool = False

    @property
    def plain(self) -> Any:
        """The value as ordinary dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value

    def get(self, path: Sequence[str | int]) -> Node | None:
        """Return the node at a path, or None."""
        node: Node | None = self
        for part in path:
            node = node.child(part) if node is not None else None
        return node

    def locate(self, path: Sequence[str | int]) -> Location:
        """Return the place nearest to a path; parts that the file does not have are skipped.

        Of a single value that is the place of the value, of a mapping or list that of its key.
        """
        node, place = self, self.where
        for part in path:
            child = node.child(part)
            if child is not None:
                composed = isinstance(child.value, dict | list)
                place = node.keys.get(str(part), child.where) if composed else child.where
                node = child
        return place

    def locate_key(self, path: Sequence[str | int]) -> Location:
        """Return the place of the key that a path ends in, or the place nearest to it."""
        node = self
        for part in path[:-1]:
            node = node.child(part) or node
        return node.keys.get(str(path[-1])) or self.locate(path)

    def inside(self, line: int, column: int) -> Location:
        """Return the place of a line and column of the text that this node holds, as near as is known."""
        if self.was is not None or not isinstance(self.value, str):
            return self.where
        if self.indent is not None:
            return Location(self.where.file, self.where.line + line, self.indent + column)
        start = self.where.column + self.quoted
        return self.where if line > 1 else replace(self.where, column=start + column - 1)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Yield every single value with its path."""
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                yield from node.walk((*path, key))
        elif isinstance(self.value, list):
            for index, node in enumerate(self.value):
                yield from node.walk((*path, index))
        else:
            yield path, self

    def child(self, part: str | int) -> Node | None:
        """Return the node below a key or index, or None."""
        if isinstance(self.value, dict):
            found = self.value.get(part)
            return found if isinstance(found, Node) else None
        if isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            item: Node = self.value[part]
            return item
        return None
