"""Relationships of the standard as references of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.model.contract import Reference
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs.constructs import RELATIONSHIP, note_rest
from pipeproof.standards.odcs.custom import ours, say
from pipeproof.standards.odcs.slots import Ruled, Slot
from pipeproof.standards.taking import mappings

_SHORT = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*(\.[A-Za-z_][A-Za-z0-9_\-]*)+\Z")
_PARTS = 2  # a table and a column


@dataclass(frozen=True, slots=True)
class Names:
    """How the tables and columns of a document are called in references.

    Attributes:
        columns: (table, name) → column in the data.
        ids: (id of a table, id of a property) → (table, column in the data).
    """

    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ids: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def resolve(self, to: str) -> tuple[str, str] | None:
        """Return the table and column that a reference names, or None for one elsewhere or inside of a column."""
        if "/" in to:
            parts = to.lstrip("/").split("/")
            return self.ids.get((parts[1], parts[3])) if len(parts) == 4 else None  # noqa: PLR2004 schema/x/properties/y
        parts = to.split(".")
        if len(parts) != _PARTS or not _SHORT.match(to):
            return None
        return parts[0], self.columns.get((parts[0], parts[1]), parts[1])

    def shorthand(self, reference: Reference) -> str | None:
        """Return a reference as `table.column`, or None where the names do not allow it."""
        called = [
            name for (table, name), column in self.columns.items() if (table, column) == _pair(reference)
        ]
        to = f"{reference.dataset}.{called[0] if called else reference.column}"
        return to if self.resolve(to) == _pair(reference) else None


def _pair(reference: Reference) -> tuple[str, str]:
    return reference.dataset, reference.column


def names_of(document: Mapping[str, Any]) -> Names:
    """Return how the tables and columns of a document are called."""
    columns: dict[tuple[str, str], str] = {}
    ids: dict[tuple[str, str], tuple[str, str]] = {}
    for table in _dicts(document.get("schema")):
        for part in _dicts(table.get("properties")):
            if not part.get("name") or part.get("semanticType") == "measure":
                continue
            column = str(part.get("physicalName") or part.get("name"))
            columns[str(table.get("name")), str(part.get("name"))] = column
            if table.get("id") and part.get("id"):
                ids[str(table["id"]), str(part["id"])] = str(table.get("name")), column
    return Names(columns, ids)


def _dicts(given: Any) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in given if isinstance(item, dict)) if isinstance(given, list) else ()


def read_relations(  # noqa: PLR0917 what is read, where, and among what
    part: dict[str, Any], column: str, path: Path, table: str, names: Names, taken: set[Slot], notes: Notes
) -> Iterator[tuple[Path, Slot, Ruled]]:
    """Yield the relationships of a table or property that are references of single columns.

    Args:
        part: The table or property.
        column: The column that it is, empty for the table.
        path: Where it stands.
        table: Name of the table.
        names: How tables and columns are called.
        taken: Slots that are filled already; a column has one reference.
        notes: Takes what is wrong and what is not enforced.
    """
    for here, entry in mappings(part, "relationships", path, notes):
        note_rest(entry, RELATIONSHIP, here, notes)
        own = column or _own(entry, table, names)
        to = _single(entry.get("to"))
        if to is None:
            notes.wrong(here, "a relationship has no `to`", "add to: table.property")
            continue
        target = names.resolve(to)
        slot = Slot("references", own)
        if not own or to == "" or target is None:
            notes.kept(
                here, "is of several columns" if to == "" else "leads to another file, or into a column"
            )
        elif slot in taken:
            notes.kept(here, "the column has a reference already")
        else:
            taken.add(slot)
            yield here, slot, Ruled(Reference(*target, orphans=ours(entry).get("orphans") is True))


def _own(entry: Mapping[str, Any], table: str, names: Names) -> str:
    """Return the column that a relationship of a table starts from, empty for several or that of another table."""
    found = names.resolve(_single(entry.get("from")) or "")
    known = {column for (of, _), column in names.columns.items() if of == table}
    return found[1] if found is not None and found[0] == table and found[1] in known else ""


def _single(given: Any) -> str | None:
    """Return one reference, an empty text for several, None for none."""
    if isinstance(given, list) and given:
        return str(given[0]) if len(given) == 1 else ""
    return given if isinstance(given, str) and given else None


def put_reference(part: dict[str, Any], reference: Reference, names: Names, version: str) -> None:
    """Make a property lead to another table's column; where the standard cannot say it, by a custom property."""
    to = names.shorthand(reference)
    if to is None or version < "v3.1":
        said = {"dataset": reference.dataset, "column": reference.column, "orphans": reference.orphans}
        say(part, "references", {key: value for key, value in said.items() if value is not False})
        return
    entry: dict[str, Any] = {"type": "foreignKey", "to": to}
    say(entry, "orphans", True if reference.orphans else None)
    part["relationships"] = [*(part.get("relationships") or ()), entry]


def custom_reference(part: Mapping[str, Any]) -> Reference | None:
    """Return the reference that a custom property says."""
    said = ours(part).get("references")
    if not isinstance(said, dict) or not isinstance(said.get("dataset"), str):
        return None
    return Reference(said["dataset"], str(said.get("column")), said.get("orphans") is True)
