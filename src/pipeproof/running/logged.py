"""What a step's code logs while it runs, in order, as plain data. Standard library only."""

from __future__ import annotations

from typing import Any, Literal

Kind = Literal["metric", "param", "stored", "artifact", "seen"]
Entry = list[Any]
"""``[kind, name, what]``: a number, a setting, an artifact as plain data, or a digest."""


class Logged:
    """All that was logged in one attempt, and in what it goes on from."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, kind: Kind, name: str, what: Any) -> int:
        """Add an entry and return its place."""
        self.entries.append([kind, name, what])
        return len(self.entries) - 1

    def all(self, kind: Kind) -> list[Any]:
        """Return what was logged of a kind, in order."""
        return [what for of, _, what in self.entries if of == kind]

    def named(self, kind: Kind) -> dict[str, Any]:
        """Return what was logged of a kind by name; what came last counts."""
        return {name: what for of, name, what in self.entries if of == kind}
