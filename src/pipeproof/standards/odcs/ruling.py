"""Rules of ours as quality rules of the standard, and the removal of those that hold no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeproof.model.contract import Limit, Statistic
from pipeproof.standards import patterns
from pipeproof.standards.odcs import sql
from pipeproof.standards.odcs.limits import operators_of, write_exact_bounds, write_exact_limit
from pipeproof.standards.odcs.operators import Bounds
from pipeproof.standards.odcs.putting import put, put_categories, put_flag, put_nullable, put_pattern
from pipeproof.standards.odcs.slots import Ruled, Slot

Part = dict[str, Any]


def remove_rules(part: Part, places: Iterable[int]) -> None:
    """Remove quality rules by their places."""
    gone = set(places)
    if gone:
        kept = [entry for at, entry in enumerate(part["quality"]) if at not in gone]
        put(part, "quality", kept or None)


def clear_key(part: Part, kind: str, version: str) -> None:
    """Make a property say nothing of a rule by a key of its own."""
    if kind == "nullable":
        put_nullable(part, nullable=True)
    elif kind == "unique":
        put_flag(part, "unique", on=False)
    elif kind == "categories":
        put_categories(part, (), version)
    elif kind == "pattern":
        put_pattern(part, None)


def put_rule_of_column(part: Part, slot: Slot, ruled: Ruled, version: str) -> None:
    """Make a property say one of its rules: by its own key, or by a quality rule where it may be broken."""
    if ruled.limit is not None or (slot.kind == "categories" and version < "v3.2"):
        add(part, _limited(slot.kind, ruled, version))
    elif slot.kind == "nullable":
        put_nullable(part, nullable=False)
    elif slot.kind == "unique":
        put_flag(part, "unique", on=True)
    elif slot.kind == "categories":
        put_categories(part, ruled.rule, version)
    elif slot.kind == "pattern":
        put_pattern(part, ruled.rule)


def _limited(kind: str, ruled: Ruled, version: str) -> Part:
    metrics = {"nullable": "nullValues", "unique": "duplicateValues"}
    entry = _metric(metrics.get(kind, "invalidValues"), version)
    if kind == "categories":
        entry["arguments"] = {"validValues": list(ruled.rule)}
    if kind == "pattern":
        entry["arguments"] = {"pattern": patterns.anywhere(ruled.rule)}
    limit = ruled.limit or Limit(kind)
    entry.update(operators_of(limit))
    is_share = bool(limit.share) and not limit.rows
    plain = is_share and kind in {"categories", "pattern"} and _is_exact(limit.share)
    write_exact_limit(entry, ruled.limit, said=plain or not limit.share)
    return entry


def _is_exact(share: float) -> bool:
    return Bounds(high=share).scaled(2).scaled(-2).high == share


def _metric(name: str, version: str) -> Part:
    """Return the beginning of a rule of the library; version 3.0 calls metrics rules."""
    return {"type": "library", "rule" if version < "v3.1" else "metric": name}


def put_statistic(part: Part, statistic: Statistic, limit: Limit | None, version: str) -> None:
    """Make a property say what is measured over it."""
    bounds = Bounds(statistic.minimum, statistic.maximum)
    metric = {"missing": "nullValues", "duplicates": "duplicateValues"}.get(statistic.measure)
    query = sql.write_measure(statistic.measure, statistic.of)
    entry: Part
    if metric is not None:
        entry = _metric(metric, version)
        write_exact_bounds(entry, bounds, power=2)
        entry["unit"] = "percent"
    elif query is not None:
        entry = {"type": "sql", "query": query}
        write_exact_bounds(entry, bounds)
    else:
        entry = {"type": "custom", "engine": "pipeproof", "implementation": _implementation(statistic)}
    write_exact_limit(entry, limit, said=limit is None or not (limit.rows or limit.share))
    add(part, entry)


def _implementation(statistic: Statistic) -> Part:
    written = {
        "measure": statistic.measure,
        "of": statistic.of,
        "against": statistic.against or None,
        "min": statistic.minimum,
        "max": statistic.maximum,
    }
    return {key: value for key, value in written.items() if value is not None}


def put_rule_of_table(part: Part, slot: Slot, ruled: Ruled, version: str) -> None:
    """Make a table say one of its rules."""
    if slot.kind == "rows":
        low, high = ruled.rule
        entry = _metric("rowCount", version)
        write_exact_bounds(entry, Bounds(low or None, high))
    elif slot.kind == "query":
        entry = {"type": "sql", "name": slot.name, "query": sql.write_query(ruled.rule.sql)}
        write_exact_bounds(entry, Bounds(ruled.rule.minimum, ruled.rule.maximum))
        write_exact_limit(entry, ruled.limit, said=ruled.limit is None or _is_mild(ruled.limit))
    else:
        entry = _counted(slot, ruled)
    add(part, entry)


def _is_mild(limit: Limit) -> bool:
    return not (limit.rows or limit.share)


def _counted(slot: Slot, ruled: Ruled) -> Part:
    """Return a condition or comparison as a count of the rows that break it."""
    is_comparison = slot.kind == "comparison"
    condition = sql.write_comparison(ruled.rule) if is_comparison else ruled.rule.sql
    entry: Part = {"type": "sql", "name": slot.name, "query": sql.write_condition(condition)}
    limit = ruled.limit
    rows = 0 if limit is None else limit.rows
    entry.update({"mustBeLessOrEqualTo": rows} if rows else {"mustBe": 0})
    write_exact_limit(entry, limit, said=limit is None or not limit.share)
    return entry


def add(part: Part, entry: Mapping[str, Any]) -> None:
    """Add a quality rule behind the others."""
    part["quality"] = [*(part.get("quality") or ()), dict(entry)]
