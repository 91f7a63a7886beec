"""Quality rules of the standard as rules of ours: which slot each of them fills, and with what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.errors import suggest
from pipeproof.model.contract import Condition, Limit, Query, Statistic
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs import sql
from pipeproof.standards.odcs.constructs import QUALITY, note_rest
from pipeproof.standards.odcs.limits import exact_bounds, exact_limit
from pipeproof.standards.odcs.metrics import METRICS, read_metric
from pipeproof.standards.odcs.operators import Bounds, read_bounds
from pipeproof.standards.odcs.slots import Ruled, Slot
from pipeproof.standards.taking import is_a, mappings, take

_TYPES = ("text", "library", "sql", "custom")
_MILD = frozenset({"warning", "warn", "info", "information", "note", "low", "minor"})
_ALIASES = {
    **{name: name for name in METRICS},
    "nullCheck": "nullValues",
    "duplicateCount": "duplicateValues",
    "countCheck": "rowCount",
    "validValues": "invalidValues",
}
"""Names of metrics; version 3.0 left them open, and these stand in its examples."""
_NO_BOUNDS = "has no operator, or one that is no bound of a number"
_ARGUMENTS = ("validValues", "pattern", "missingValues", "properties")


@dataclass(frozen=True, slots=True)
class Said:
    """A quality rule that was understood."""

    path: Path
    slot: Slot
    ruled: Ruled


@dataclass(slots=True)
class Place:
    """A quality rule with what must be known around it.

    Attributes:
        entry: The rule.
        path: Where it stands.
        column: The column at which it stands, empty for the table.
        columns: The columns of the table, by their names in the document.
        tables: What the table is called.
        taken: The slots that are filled already.
        notes: Takes what is wrong and what is not enforced.
    """

    entry: dict[str, Any]
    path: Path
    column: str
    columns: Mapping[str, str]
    tables: tuple[str, ...]
    taken: dict[Slot, Ruled]
    notes: Notes

    @property
    def limit(self) -> Limit:
        """What the severity of the rule says; the rule's name is set later."""
        severity = self.entry.get("severity")
        mild = isinstance(severity, str) and severity.lower() in _MILD
        return Limit("", "warning" if mild else "error")

    def name(self, otherwise: str) -> str:
        """Return the name of the rule, which no other one of the table has."""
        given = next((self.entry[key] for key in ("name", "id") if self.entry.get(key)), otherwise)
        named = {slot.name for slot in self.taken if slot.kind in {"query", "condition", "comparison"}}
        name, count = str(given), 1
        while name in named:
            count += 1
            name = f"{given} ({count})"
        return name

    def kept(self, why: str) -> None:
        """Note that the rule is not enforced."""
        self.notes.kept(self.path, why)


@dataclass(slots=True)
class Around:
    """What is known of a table when its quality rules are read."""

    tables: tuple[str, ...]
    columns: Mapping[str, str]
    taken: dict[Slot, Ruled]
    notes: Notes = field(default_factory=Notes)


def read_rules(part: dict[str, Any], column: str, path: Path, around: Around) -> Iterator[Said]:
    """Yield the quality rules of a table or property that are understood; they fill the slots of `around`.

    Args:
        part: The table or property.
        column: The column that it is, empty for the table.
        path: Where it stands.
        around: What is known of the table.
    """
    for here, entry in mappings(part, "quality", path, around.notes):
        place = Place(entry, here, column, around.columns, around.tables, around.taken, around.notes)
        note_rest(
            {key: value for key, value in entry.items() if key not in _ARGUMENTS}, QUALITY, here, around.notes
        )
        found = _read(place)
        if found is not None:
            around.taken.setdefault(found[0], found[1])
            if found[0].kind == "rows":
                around.taken[found[0]] = found[1]
            yield Said(here, *found)


def _read(place: Place) -> tuple[Slot, Ruled] | None:
    entry, notes = place.entry, place.notes
    kind = take(entry, "type", str, place.path, notes) or ("sql" if "query" in entry else "library")
    if kind not in _TYPES:
        notes.wrong((*place.path, "type"), f"{kind!r} is no type of quality rule", suggest(kind, _TYPES))
    if kind == "text":
        place.kept("is text for people")
    if kind == "custom":
        return _read_custom(place)
    if kind == "sql":
        return _read_sql(place)
    return _read_library(place) if kind == "library" else None


def _read_custom(place: Place) -> tuple[Slot, Ruled] | None:
    """Return a statistic that no SQL can say, which is written as a rule for our own engine."""
    engine, said = place.entry.get("engine"), place.entry.get("implementation")
    measure = said.get("measure") if isinstance(said, dict) else None
    if (
        engine != "pipeproof"
        or not place.column
        or measure not in {"age", "distance"}
        or not isinstance(said, dict)
    ):
        place.kept(f"is for {engine or 'another engine'}")
        return None
    low, high = (said.get(key) if is_a(said.get(key), float) else None for key in ("min", "max"))
    of, against = said.get("of"), str(said.get("against", ""))
    statistic = Statistic(place.column, measure, low, high, of, against)
    return Slot("statistic", place.column, measure, of), Ruled(statistic, exact_limit(place, statistic.name))


def _read_sql(place: Place) -> tuple[Slot, Ruled] | None:
    query = take(place.entry, "query", str, place.path, place.notes)
    if not query:
        if place.entry.get("query") in {None, ""}:
            place.notes.wrong(place.path, "a quality rule of type sql has no query", "add query: ...")
        return None
    bounds = read_bounds(place.entry, place.path, place.notes, whole=False)
    if bounds is None:
        place.kept(_NO_BOUNDS)
        return None
    measured = sql.read_measure(query) if place.column else None
    if measured is not None:
        bounds = exact_bounds(place.entry, bounds)
        statistic = Statistic(place.column, measured[0], bounds.low, bounds.high, measured[1])
        return Slot("statistic", place.column, *measured), Ruled(
            statistic, exact_limit(place, statistic.name)
        )
    return _read_condition(place, query, bounds) or _read_query(place, query, bounds)


def _read_condition(place: Place, query: str, bounds: Bounds) -> tuple[Slot, Ruled] | None:
    condition = sql.read_condition(query)
    counts = place.entry.get("unit") in {None, "rows"} and bounds.low in {None, 0} and bounds.high is not None
    if condition is None or not counts or bounds.high is None or "${column}" in sql.spelt(query):
        return None
    rows = math.floor(bounds.high)
    given = place.entry.get("name")
    comparison = sql.read_comparison(condition)
    known = set(place.columns.values())
    if (
        comparison is not None
        and given in {None, comparison.name}
        and {comparison.left, comparison.right} <= known
    ):
        return Slot("comparison", comparison.name), Ruled(
            comparison, exact_limit(place, comparison.name, rows)
        )
    name = place.name(" ".join(condition.split()))
    return Slot("condition", name), Ruled(Condition(name, condition), exact_limit(place, name, rows))


def _read_query(place: Place, query: str, bounds: Bounds) -> tuple[Slot, Ruled] | None:
    text = sql.read_query(query, place.column, place.tables)
    if text is None:
        place.kept("reads other tables, or a column that is not said")
        return None
    bounds = exact_bounds(place.entry, bounds)
    name = place.name(f"query of {place.column}" if place.column else "query")
    return Slot("query", name), Ruled(Query(name, text, bounds.low, bounds.high), exact_limit(place, name))


def _read_library(place: Place) -> tuple[Slot, Ruled] | None:
    given = take(place.entry, "metric", str, place.path, place.notes)
    if given is not None and given not in _ALIASES:
        place.notes.wrong(
            (*place.path, "metric"), f"{given!r} is no metric of the standard", suggest(given, METRICS)
        )
        return None
    metric = given or _ALIASES.get(str(place.entry.get("rule")))
    if metric is None:
        place.kept("names no metric of the standard")
        return None
    unit = place.entry.get("unit") or "rows"
    if unit not in {"rows", "percent", "%"}:
        place.kept(f"counts {unit}, not rows or percent")
        return None
    bounds = read_bounds(place.entry, place.path, place.notes, whole=unit == "rows")
    if bounds is None:
        place.kept(_NO_BOUNDS)
        return None
    return read_metric(_ALIASES[metric], bounds, place, percent=unit != "rows")
