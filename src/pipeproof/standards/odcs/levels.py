"""Service levels of the standard: how old data may be is a statistic of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeproof.model.contract import Statistic
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs.constructs import SLA, note_rest
from pipeproof.standards.odcs.relations import Names
from pipeproof.standards.taking import is_a, mappings, take

_AGES = frozenset({"latency", "ly", "freshness", "fr"})
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86400),
}
_UNITS = (("d", 86400), ("h", 3600), ("min", 60))
Age = tuple[int, str, Statistic]
"""Place in the list, table, and the statistic."""


def read_ages(document: Mapping[str, Any], names: Names, notes: Notes) -> Iterator[Age]:
    """Yield the service levels that say how old the newest value of a column may be.

    Args:
        document: The document.
        names: How its tables and columns are called.
        notes: Takes what is not enforced.
    """
    default = take(document, "slaDefaultElement", str, (), notes)
    for here, entry in mappings(document, "slaProperties", (), notes):
        note_rest(entry, SLA, here, notes)
        name = take(entry, "property", str, here, notes)
        if name is None:
            notes.wrong(here, "a service level names no property", "add property: latency")
        elif name.lower() not in _AGES:
            notes.kept(here, "it cannot be seen in the data")
        else:
            yield from _age(entry, here, default, names, notes)


def _age(
    entry: Mapping[str, Any], here: Path, default: str | None, names: Names, notes: Notes
) -> Iterator[Age]:
    unit, value = entry.get("unit"), entry.get("value")
    seconds = _SECONDS.get(str(unit).lower())
    element = entry.get("element") or default
    if seconds is None or not is_a(value, float):
        notes.kept(
            here, f"{value} {unit or 'without a unit'} is no duration; write a number and d, h, min or s"
        )
        return
    target = _element(str(element), names) if element else None
    if target is None:
        notes.kept(here, "names no single column of the document in `element`")
        return
    yield int(here[-1]), target[0], Statistic(target[1], "age", maximum=value * seconds)  # type: ignore[operator]  # a number, as asked above


def _element(element: str, names: Names) -> tuple[str, str] | None:
    """Return the table and column that an element names; with one table in the document its name may be left out."""
    table, _, column = element.strip().rpartition(".")
    tables = {known for known, _ in names.columns}
    if not table and len(tables) == 1:
        table = next(iter(tables))
    found = names.columns.get((table, column))
    return None if found is None else (table, found)


def put_ages(
    document: dict[str, Any], base: Iterable[Age], wanted: Iterable[tuple[str, Statistic]], names: Names
) -> None:
    """Make the service levels of a document say how old columns may be; others stay.

    Args:
        document: The document, which is changed in place.
        base: The ages that it says now.
        wanted: Table and age of each column that shall have one.
        names: How its tables and columns are called, after all other changes.
    """
    old, new = list(base), list(wanted)
    gone = {at for at, table, age in old if (table, age) not in new}
    said = [(table, age) for _, table, age in old]
    kept = [one for at, one in enumerate(document.get("slaProperties") or ()) if at not in gone]
    kept += [_level(table, age, names) for table, age in new if (table, age) not in said]
    if kept:
        document["slaProperties"] = kept
    elif gone:
        document.pop("slaProperties")


def _level(table: str, age: Statistic, names: Names) -> dict[str, Any]:
    seconds = age.maximum or 0
    whole = ((int(seconds // size), unit) for unit, size in _UNITS if seconds >= size and not seconds % size)
    value, unit = next(whole, (seconds, "s"))
    called = (name for (of, name), column in names.columns.items() if (of, column) == (table, age.column))
    element = f"{table}.{next(called, age.column)}"
    return {"property": "latency", "value": value, "unit": unit, "element": element}
