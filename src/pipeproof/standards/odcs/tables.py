"""Objects of the standard as schemas of tables, read and changed."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeproof.errors import suggest
from pipeproof.model.contract import Column, Limit, RowsOf, Statistic, TableSchema
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs.constructs import OBJECT, note_rest
from pipeproof.standards.odcs.custom import ours, say
from pipeproof.standards.odcs.properties import Read, read_limits, read_property, write_limit
from pipeproof.standards.odcs.putting import in_order, put, put_columns
from pipeproof.standards.odcs.quality import Around, Said, read_rules
from pipeproof.standards.odcs.relations import (
    Names,
    custom_reference,
    put_reference,
    read_relations,
)
from pipeproof.standards.odcs.ruling import (
    clear_key,
    put_rule_of_column,
    put_rule_of_table,
    put_statistic,
    remove_rules,
)
from pipeproof.standards.odcs.slots import (
    ABSENT,
    IMPLIED,
    OF_COLUMNS,
    Ruled,
    Slot,
    filled,
    other_limits,
    other_limits_of,
    slots_of,
)
from pipeproof.standards.taking import is_a, mappings, take

_CUSTOM = ("extra_columns", "rows_of", "limits", "key", "port")


@dataclass(frozen=True, slots=True)
class Placed:
    """A property that is a column, and where it stands."""

    part: dict[str, Any]
    path: Path
    read: Read

    @property
    def column(self) -> Column:
        """The column."""
        return self.read.column


def read_table(
    part: dict[str, Any], path: Path, names: Names, notes: Notes, ages: Iterable[Statistic] = ()
) -> TableSchema:
    """Return an object of the standard as the schema of a table.

    Args:
        part: The object.
        path: Where it stands.
        names: How tables and columns are called.
        notes: Takes what is wrong and what is not enforced.
        ages: What the document's service levels say of how old the table's columns may be.
    """
    note_rest(part, OBJECT, path, notes)
    placed = list(_columns(part, path, notes))
    schema = _structure(part, placed, path, notes)
    rules = _rules(part, placed, schema, path, names, notes)
    said = {one.slot: one.ruled for one in rules if one.slot != IMPLIED}
    for age in ages:
        said.setdefault(Slot("statistic", age.column, age.measure, age.of), Ruled(age))
    return filled(schema, said)


def _columns(part: dict[str, Any], path: Path, notes: Notes) -> Iterator[Placed]:
    seen: set[str] = set()
    for here, item in mappings(part, "properties", path, notes):
        read = read_property(item, here, notes)
        if read is None:
            continue
        if read.column.name in seen:
            notes.wrong(here, f"there is a property {read.column.name!r} before", "keep one of them")
            continue
        seen.add(read.column.name)
        reference = custom_reference(item)
        column = read.column if reference is None else replace(read.column, references=reference)
        yield Placed(item, here, Read(column, read.name))


def _structure(part: dict[str, Any], placed: list[Placed], path: Path, notes: Notes) -> TableSchema:
    """Return the schema that the keys of the object and its properties say, without quality rules."""
    custom = ours(part)
    for name in custom:
        if name not in _CUSTOM:
            here = (*path, "customProperties", f"pipeproof.{name}")
            notes.kept(here, f"no property of ours; {suggest(name, _CUSTOM)}")
    key = custom.get("key")
    return TableSchema(
        tuple(one.column for one in placed),
        tuple(map(str, key)) if isinstance(key, list) else _key(placed, notes),
        extra_columns="refuse" if custom.get("extra_columns") == "refuse" else "allow",
        rows_of=_rows_of(custom.get("rows_of"), path, notes),
        name=take(part, "name", str, path, notes) or "",
        description=take(part, "description", str, path, notes) or "",
        limits=tuple(read_limits(custom.get("limits"), path, notes)),
    )


def _key(placed: list[Placed], notes: Notes) -> tuple[str, ...]:
    found = []
    for at, one in enumerate(placed):
        if take(one.part, "primaryKey", bool, one.path, notes):
            position = take(one.part, "primaryKeyPosition", int, one.path, notes)
            place = position if position is not None and position > 0 else len(placed) + at
            found.append((place, at, one.column.name))
        elif (one.part.get("primaryKeyPosition") or -1) != -1:
            notes.kept((*one.path, "primaryKeyPosition"), "the property is in no primary key")
    return tuple(name for _, _, name in sorted(found))


def _rows_of(said: Any, path: Path, notes: Notes) -> RowsOf | None:
    if said is None:
        return None
    numbers = isinstance(said, dict) and all(is_a(said.get(key, 1), float) for key in ("least", "most"))
    if not numbers or not isinstance(said.get("input"), str):
        notes.wrong(path, "pipeproof.rows_of has no input, or shares that are no numbers")
        return None
    return RowsOf(said["input"], said.get("least", 1.0), said.get("most"))


def _rules(
    part: dict[str, Any], placed: list[Placed], schema: TableSchema, path: Path, names: Names, notes: Notes
) -> list[Said]:
    """Return all that quality rules and relationships say, those of properties first."""
    called = tuple(str(part[key]) for key in ("name", "physicalName") if part.get(key))
    columns = {one.read.name: one.column.name for one in placed}
    around = Around(called, columns, slots_of(schema), notes)
    found: list[Said] = []
    related = {slot for slot in around.taken if slot.kind == "references"}
    for one in (*placed, None):
        holder, here, column = (part, path, "") if one is None else (one.part, one.path, one.column.name)
        found += read_rules(holder, column, here, around)
        relations = read_relations(holder, column, here, schema.name, names, related, notes)
        found += [Said(*relation) for relation in relations]
    return found


def put_table(
    part: Mapping[str, Any], base: TableSchema, wanted: TableSchema, names: Names, version: str
) -> dict[str, Any]:
    """Return an object that says what a schema says, with all that has not changed as it was.

    Args:
        part: The object.
        base: The schema that it says now.
        wanted: The schema that it shall say.
        names: How tables and columns are called.
        version: The standard's version, such as v3.2.0.
    """
    new = copy.deepcopy(dict(part))
    if base == wanted:
        return new
    before, after = _slots(base), _slots(wanted)
    changed = {slot for slot in {**before, **after} if before.get(slot, ABSENT) != after.get(slot, ABSENT)}
    changed |= {slot for slot in _of_other_types(base, wanted) if slot in before or slot in after}
    by_key = {slot for slot in changed if slot in after and _has_key(slot, after[slot], version)}
    _remove(new, changed, by_key, names)
    put_columns(new, wanted.columns, version)
    parts = {one.column.name: one.part for one in _columns(new, (), Notes())}
    for slot, ruled in after.items():
        if slot in changed:
            _put_slot(new, parts, slot, ruled, names, version)
    if Slot("key") in changed:
        _put_key(new, parts, wanted)
    _put_rest(new, base, wanted)
    rules = {
        (slot.name, ruled.rule.name if slot.kind == "statistic" else slot.kind)
        for slot in changed
        for ruled in (before.get(slot) or after[slot],)
    }
    _put_limits(new, parts, wanted, rules)
    for name in parts.keys() - set(base.names):
        in_order(parts[name])
    if not part.get("properties"):
        in_order(new)
    return new


def _slots(schema: TableSchema) -> dict[Slot, Ruled]:
    """Return the slots of a table that its own object fills; plain ages of data are service levels of the document."""
    return {slot: ruled for slot, ruled in slots_of(schema).items() if not is_service_level(ruled)}


def is_service_level(ruled: Ruled) -> bool:
    """Return whether a rule is the greatest age of data, without a limit."""
    rule = ruled.rule
    is_age = isinstance(rule, Statistic) and rule.measure == "age"
    return is_age and ruled.limit is None and rule.minimum is None


def _of_other_types(base: TableSchema, wanted: TableSchema) -> Iterator[Slot]:
    """Yield the patterns of columns whose type has changed: not every type has patterns."""
    types = {column.name: column.type for column in base.columns}
    for column in wanted.columns:
        if types.get(column.name, column.type) != column.type:
            yield Slot("pattern", column.name)


def _has_key(slot: Slot, ruled: Ruled, version: str) -> bool:
    """Return whether a rule is written as a key of its property, which replaces what it said."""
    return (
        slot.kind in OF_COLUMNS and ruled.limit is None and (slot.kind != "categories" or version >= "v3.2")
    )


def _remove(new: dict[str, Any], changed: set[Slot], by_key: set[Slot], names: Names) -> None:
    """Remove all that fills slots which have changed, apart from keys that are written anew."""
    placed = list(_columns(new, (), Notes()))
    schema = _structure(new, placed, (), Notes())
    gone: dict[tuple[int | str, ...], set[int]] = {}
    for said in _rules(new, placed, schema, (), names, Notes()):
        if said.slot in changed:
            gone.setdefault(said.path[:-1], set()).add(int(said.path[-1]))
    for one in placed:
        for slot in changed:
            if slot.name == one.column.name and slot.kind in OF_COLUMNS and slot not in by_key:
                clear_key(one.part, slot.kind, "")
            if slot == Slot("references", one.column.name):
                say(one.part, "references", None)
    for path, places in gone.items():
        holder = new
        for step in path[:-1]:
            holder = holder[step]  # type: ignore[index]  # the path was read from here
        if path[-1] == "quality":
            remove_rules(holder, places)
        else:
            kept = [one for at, one in enumerate(holder["relationships"]) if at not in places]
            put(holder, "relationships", kept or None)


def _put_slot(
    new: dict[str, Any],
    parts: Mapping[str, dict[str, Any]],
    slot: Slot,
    ruled: Ruled,
    names: Names,
    version: str,
) -> None:
    if slot.kind == "references":
        put_reference(parts[slot.name], ruled.rule, names, version)
    elif slot.kind == "statistic":
        put_statistic(parts[slot.name], ruled.rule, ruled.limit, version)
    elif slot.kind in OF_COLUMNS:
        put_rule_of_column(parts[slot.name], slot, ruled, version)
    elif slot.kind != "key":
        put_rule_of_table(new, slot, ruled, version)


def _put_key(new: dict[str, Any], parts: Mapping[str, dict[str, Any]], wanted: TableSchema) -> None:
    named = all(name in parts for name in wanted.key)
    say(new, "key", None if named else list(wanted.key))
    for name, part in parts.items():
        if named and name in wanted.key:
            part["primaryKey"] = True
            part["primaryKeyPosition"] = wanted.key.index(name) + 1
        elif part.get("primaryKey"):
            part["primaryKey"] = False
            part.pop("primaryKeyPosition", None)


def _put_rest(new: dict[str, Any], base: TableSchema, wanted: TableSchema) -> None:
    if base.description != wanted.description:
        put(new, "description", wanted.description or None)
    if base.extra_columns != wanted.extra_columns:
        say(new, "extra_columns", "refuse" if wanted.extra_columns == "refuse" else None)
    if base.rows_of != wanted.rows_of:
        of = wanted.rows_of
        written = None if of is None else {"input": of.input, "least": of.least, "most": of.most}
        say(new, "rows_of", written and {key: value for key, value in written.items() if value is not None})


def _put_limits(
    new: dict[str, Any],
    parts: Mapping[str, dict[str, Any]],
    wanted: TableSchema,
    changed: set[tuple[str, str]],
) -> None:
    """Write the limits that no quality rule says, and leave those that stood there and have not changed."""
    say(new, "limits", _limits(other_limits(wanted)))
    for column in wanted.columns:
        part = parts[column.name]
        stood = ours(part).get("limits") or {}
        kept = {limit.rule for limit in other_limits_of(column, wanted)}
        kept |= {rule for rule in stood if (column.name, rule) not in changed}
        say(part, "limits", _limits(limit for limit in column.limits if limit.rule in kept))


def _limits(limits: Iterable[Limit]) -> dict[str, Any] | None:
    return {limit.rule: write_limit(limit) for limit in limits} or None
