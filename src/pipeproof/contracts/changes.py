"""What changed between two versions of a contract, and whom each change breaks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pipeproof.contracts.rows import Row
from pipeproof.contracts.verdict import Fit

Answer = Literal["keeps", "breaks", "cannot tell"]
Party = Literal["consumers", "producers"]
PARTIES: tuple[Party, ...] = ("consumers", "producers")
Bump = Literal["none", "patch", "minor", "major"]
_SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to those who read the data, or to those who write them.

    Attributes:
        answer: Whether it breaks them.
        why: What breaks them, or why that cannot be told.
        rows: Rows that only one of the versions allows.
    """

    answer: Answer = "keeps"
    why: str = ""
    rows: tuple[Row, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; of many rows the first few."""
        rows = [{name: plain(value) for name, value in row.items()} for row in self.rows[:_SHOWN_ROWS]]
        return {"answer": self.answer, "why": self.why, "rows": rows, "rows_in_all": len(self.rows)}


KEEPS = Effect()


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a contract.

    Attributes:
        what: What changed.
        rule: The rule that changed.
        dataset: The table, input or output that it is about; empty for variables and arguments.
        column: The column, empty when it is about the table as a whole.
        consumers: What it does to those who read: data that come now and did not come before.
        producers: What it does to those who write, or who call the step: what was right and is refused now.
        only_words: Whether nothing is said of the data, as by a description.
    """

    what: str
    rule: str
    dataset: str = ""
    column: str = ""
    consumers: Effect = KEEPS
    producers: Effect = KEEPS
    only_words: bool = False

    def effect(self, party: Party) -> Effect:
        """Return what it does to a party."""
        return self.consumers if party == "consumers" else self.producers

    def breaks(self, *parties: Party) -> bool:
        """Return whether it breaks one of the parties."""
        return any(self.effect(party).answer == "breaks" for party in parties or PARTIES)

    def is_open(self, *parties: Party) -> bool:
        """Return whether it cannot be told if it breaks one of the parties."""
        return any(self.effect(party).answer == "cannot tell" for party in parties or PARTIES)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "dataset": self.dataset,
            "column": self.column,
            "rule": self.rule,
            "what": self.what,
            "consumers": self.consumers.to_dict(),
            "producers": self.producers.to_dict(),
            "only_words": self.only_words,
        }


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes between two versions of a contract."""

    changes: tuple[Change, ...] = ()

    def breaking(self, *parties: Party) -> tuple[Change, ...]:
        """Return the changes that break one of the parties; either, when none is named."""
        return tuple(change for change in self.changes if change.breaks(*parties))

    def open(self, *parties: Party) -> tuple[Change, ...]:
        """Return the changes that break nobody for sure, and perhaps one of the parties."""
        return tuple(
            change for change in self.changes if change.is_open(*parties) and not change.breaks(*parties)
        )

    def bump(self, *parties: Party) -> Bump:
        """Return which part of a version should rise, by semver.org: major when something breaks.

        What cannot be told counts as minor: who knows that it breaks nobody need not fear it.
        """
        if self.breaking(*parties):
            return "major"
        if any(not change.only_words for change in self.changes):
            return "minor"
        return "patch" if self.changes else "none"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "changes": [change.to_dict() for change in self.changes],
            "breaks": {party: bool(self.breaking(party)) for party in PARTIES},
            "cannot_tell": {party: bool(self.open(party)) for party in PARTIES},
            "version": self.bump(),
        }


def effect_of(found: Fit) -> Effect:
    """Return what it means that data which one version allows fit another version or not."""
    if found.misfits:
        shown = next((misfit for misfit in found.misfits if misfit.rows), found.misfits[0])
        return Effect("breaks", shown.evidence if shown.rows == () else "", shown.rows)
    if found.doubts:
        return Effect("cannot tell", found.doubts[0].why)
    return KEEPS


def plain(value: Any) -> Any:
    """Return a value as JSON has it; dates, times and decimals as text."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value
