"""How far a quality rule may be broken, to the digit: some limits fit no operator, and stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from pipeproof.model.contract import Limit
from pipeproof.standards.odcs.custom import ours, say
from pipeproof.standards.odcs.operators import OPERATORS, Bounds, write_bounds
from pipeproof.standards.odcs.properties import read_limit, write_limit
from pipeproof.standards.taking import is_a


class Ranked(Protocol):
    """A quality rule of some severity."""

    @property
    def entry(self) -> dict[str, Any]:
        """The rule."""

    @property
    def limit(self) -> Limit:
        """What its severity says."""


def exact_limit(place: Ranked, rule: str, rows: int | None = None) -> Limit | None:
    """Return how far a rule may be broken, or None for not at all.

    Args:
        place: The quality rule.
        rule: What the rule is called.
        rows: How many rows its operator allows; None where the operator says something else.
    """
    said = read_limit(rule, ours(place.entry).get("limit"))
    limit = replace(place.limit, rule=rule, rows=rows or 0)
    if said is not None and said.severity == limit.severity and (rows is None or _agree(place.entry, said)):
        return said
    return limit if limit.rows or limit.severity != "error" else None


def operators_of(limit: Limit) -> dict[str, Any]:
    """Return the operator that allows the rows, or else the share, of a limit."""
    if limit.share and not limit.rows:
        return {"mustBeLessOrEqualTo": Bounds(high=limit.share).scaled(2).high, "unit": "percent"}
    return {"mustBeLessOrEqualTo": limit.rows} if limit.rows else {"mustBe": 0}


def write_exact_limit(entry: dict[str, Any], limit: Limit | None, *, said: bool) -> None:
    """Add the severity of a limit to a quality rule, and the limit itself where its operator does not say it."""
    if limit is None:
        return
    if limit.severity == "warning":
        entry["severity"] = "warning"
    if not said:
        say(entry, "limit", write_limit(limit))


def exact_bounds(entry: Mapping[str, Any], bounds: Bounds, *, power: int = 0) -> Bounds:
    """Return the bounds that a custom property of ours says, while the operators say the same.

    Args:
        entry: The quality rule.
        bounds: What its operators say.
        power: By which power of ten they are larger.
    """
    said = ours(entry).get("bounds")
    scaled = bounds.scaled(-power) if power else bounds
    if not isinstance(said, dict):
        return scaled
    low, high = (said.get(key) if is_a(said.get(key), float) else None for key in ("min", "max"))
    exact = Bounds(low, high)
    same = write_bounds(exact.scaled(power)) == {key: entry[key] for key in OPERATORS if key in entry}
    return exact if same else scaled


def has_exact_bounds(entry: Mapping[str, Any]) -> bool:
    """Return whether a custom property of ours says the bounds."""
    return isinstance(ours(entry).get("bounds"), dict)


def write_exact_bounds(entry: dict[str, Any], bounds: Bounds, *, power: int = 0) -> None:
    """Add the operators for bounds to a quality rule, and the bounds themselves where they are not to the digit."""
    written = bounds.scaled(power) if power else bounds
    entry.update(write_bounds(written))
    none_at_all = bounds.high is not None and bounds.high <= 0  # which would be read as a rule, not a share
    if power and (none_at_all or written.scaled(-power) != bounds):
        both = (("min", bounds.low), ("max", bounds.high))
        say(entry, "bounds", {key: value for key, value in both if value is not None})


def _agree(entry: Mapping[str, Any], said: Limit) -> bool:
    """Return whether operators still are those that were written for a limit, by its share or its rows."""
    return _operators(entry) in (operators_of(said), operators_of(replace(said, share=0.0)))


def _operators(entry: Mapping[str, Any]) -> dict[str, Any]:
    keys = (*OPERATORS, "unit")
    return {key: entry[key] for key in keys if key in entry and entry[key] != "rows"}
