"""How good a table is, as one number from 0 to 1 whose parts are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "timeliness"]
WEIGHTS = MappingProxyType(
    {"completeness": 0.3, "validity": 0.3, "uniqueness": 0.2, "consistency": 0.1, "timeliness": 0.1}
)
"""How much each part counts. What is missing or wrong in a cell breaks what reads it, repeated rows skew it, the
other two are told by fewer questions or by signs; docs/profiling.md says more."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What lowered a part.

    Attributes:
        what: What is wrong, with its amount.
        lost: By how much it lowered the part.
        column: The column, empty for the rows as a whole.
    """

    what: str
    lost: float
    column: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score.

    Attributes:
        name: Which one.
        score: The share of its questions that had a good answer; None where there was nothing to ask.
        asked: How many questions were asked: cells, or rows times rules.
        flaws: What lowered it, the worst first.
        why: Why it was not measured, or how it was.
    """

    name: Dimension
    score: float | None = None
    asked: int = 0
    flaws: tuple[Flaw, ...] = ()
    why: str = ""

    @property
    def weight(self) -> float:
        """Its weight among all five."""
        return WEIGHTS[self.name]


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a table is: five parts, after dimensions of data quality of ISO/IEC 25012.

    What could not be measured does not count; its weight is shared out among the others in proportion.
    """

    parts: tuple[Part, ...] = field(default=())

    def __getitem__(self, name: Dimension) -> Part:
        return next(part for part in self.parts if part.name == name)

    @property
    def score(self) -> float:
        """The weighted mean of the parts that were measured."""
        measured = [(part.score, part.weight) for part in self.parts if part.score is not None]
        total = sum(weight for _, weight in measured)
        return sum(score * weight for score, weight in measured) / total if total else 0.0
