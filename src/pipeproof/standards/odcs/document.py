"""Whole documents of the Open Data Contract Standard."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipeproof.errors import suggest
from pipeproof.model.contract import EMPTY, TableSchema, frozen
from pipeproof.standards.notes import Locate, Notes, Unenforced
from pipeproof.standards.odcs.constructs import CONTRACT, note_rest
from pipeproof.standards.odcs.levels import Age, put_ages, read_ages
from pipeproof.standards.odcs.relations import Names, names_of
from pipeproof.standards.odcs.slots import slots_of
from pipeproof.standards.odcs.tables import is_service_level, put_table, read_table
from pipeproof.standards.taking import is_a, mappings, shown

NEWEST = "v3.2.0"
VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", NEWEST)
_KIND = "DataContract"
_READABLE = re.compile(r"v?3\.[0-2](\.\d+)?\Z")


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the standard.

    Attributes:
        schemas: The schemas of its tables, by name; replace them to change the document.
        rest: The whole document as it was read.
        not_enforced: What of it is kept and not enforced.
    """

    schemas: Mapping[str, TableSchema]
    rest: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    not_enforced: tuple[Unenforced, ...] = ()

    @property
    def version(self) -> str:
        """The version of the standard that it follows."""
        return str(self.rest.get("apiVersion", NEWEST))


def is_odcs(document: Any) -> bool:
    """Return whether a document means to follow the standard."""
    return isinstance(document, Mapping) and ("apiVersion" in document or document.get("kind") == _KIND)


def read(document: Mapping[str, Any], locate: Locate | None = None) -> Document:
    """Return what a document says of its tables.

    Args:
        document: The document as plain data; it is kept and never changed.
        locate: Finds the place of a path in its file, for messages.

    Raises:
        ConfigError: It is no document of version 3.0 to 3.2, or wrong; has every problem.
    """
    notes = Notes()
    _check_head(document, notes)
    schemas = _read_tables(document, notes)
    notes.raise_problems(locate)
    return Document(frozen(schemas), document, tuple(_outermost(notes.unenforced)))


def _outermost(parts: Iterable[Unenforced]) -> Iterator[Unenforced]:
    """Yield the parts that are not inside of another one."""
    known = list(parts)
    paths = {part.path for part in known}
    for part in known:
        if not any(part.path[:size] in paths for size in range(1, len(part.path))):
            yield part


def _check_head(document: Mapping[str, Any], notes: Notes) -> None:
    note_rest(document, CONTRACT, (), notes)
    kind, version = document.get("kind"), document.get("apiVersion")
    if kind != _KIND:
        notes.wrong(("kind",), f"the kind is {shown(kind)}", f"write kind: {_KIND}")
    if version is None:
        notes.wrong((), "the document does not say which version it follows", f"add apiVersion: {NEWEST}")
    elif not _READABLE.match(str(version)):
        fix = f"known: {', '.join(VERSIONS)}"
        notes.wrong(("apiVersion",), f"version {version} of the standard cannot be read", fix)


def _read_tables(document: Mapping[str, Any], notes: Notes) -> dict[str, TableSchema]:
    names = names_of(document)
    ages = list(read_ages(document, names, notes))
    schemas: dict[str, TableSchema] = {}
    for path, part in mappings(document, "schema", (), notes):
        name = part.get("name")
        if not is_a(name, str) or not name:
            notes.wrong(path, "an object of the schema has no name", "add name: ...")
        elif name in schemas:
            notes.wrong(path, f"there is an object {name!r} before", "keep one of them")
        else:
            own = [age for _, table, age in ages if table == name]
            schemas[name] = read_table(part, path, names, notes, own)
    return schemas


def write(
    given: Document | Mapping[str, TableSchema], *, version: str = "", name: str = ""
) -> dict[str, Any]:
    """Return a document that says what schemas say.

    Of a document that was read, all that has not changed is as it was, in its order.

    Args:
        given: A document whose schemas may have been replaced, or schemas by name for a new document.
        version: Version of the standard for a new document; the newest unless given.
        name: What to call a new document; the name of its first table unless given.

    Raises:
        ValueError: There is no such version.
    """
    if not isinstance(given, Document):
        given = Document(given, _new(given, version or NEWEST, name))
    elif version and version != given.version:
        raise ValueError(f"the document follows {given.version}, and cannot be written as {version}")
    if not _READABLE.match(given.version):
        raise ValueError(f"version {given.version} cannot be written; {suggest(given.version, VERSIONS)}")
    written = copy.deepcopy(dict(given.rest))
    names = names_of(written)
    base = _read_tables(written, Notes())
    wanted = {table: _named(schema, table) for table, schema in given.schemas.items()}
    if base == wanted:
        return written
    ages = list(read_ages(written, names, Notes()))
    _put_tables(written, base, wanted, names, given.version)
    _put_all_ages(written, ages, wanted)
    return written


def _named(schema: TableSchema, name: str) -> TableSchema:
    return replace(schema, name=name)


def _new(schemas: Mapping[str, TableSchema], version: str, name: str) -> dict[str, Any]:
    called = name or next(iter(schemas), "contract")
    return {
        "apiVersion": version,
        "kind": _KIND,
        "id": called,
        "name": called,
        "version": "1.0.0",
        "status": "draft",
    }


def _put_tables(
    written: dict[str, Any],
    base: Mapping[str, TableSchema],
    wanted: Mapping[str, TableSchema],
    names: Names,
    version: str,
) -> None:
    parts = {str(part.get("name")): part for part in written.get("schema") or ()}
    found = []
    for name, schema in wanted.items():
        part = parts.get(name, {"name": name, "logicalType": "object"})
        now = base.get(name, TableSchema(name=name))
        found.append(put_table(part, now, schema, names, version))
    if found or "schema" in written:
        written["schema"] = found


def _put_all_ages(written: dict[str, Any], ages: list[Age], wanted: Mapping[str, TableSchema]) -> None:
    said = [
        (name, ruled.rule)
        for name, schema in wanted.items()
        for ruled in slots_of(schema).values()
        if is_service_level(ruled)
    ]
    put_ages(written, ages, said, names_of(written))
