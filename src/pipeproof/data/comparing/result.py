"""What two tables differ in, as frozen values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from pipeproof.errors import Finding
from pipeproof.model.contract import frozen

COMPARISON = "pipeproof.comparison/1"
Part = Literal["schema", "rows", "drift"]
PARTS: tuple[Part, ...] = ("schema", "rows", "drift")


@dataclass(frozen=True, slots=True)
class Retyped:
    """A column whose type changed, in the contract's words."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """A column that is gone and a new one that may be it: a guess.

    Attributes:
        before: Its name in the first table.
        after: Its name in the second table.
        names: How alike the names are, from 0 to 1.
        values: How alike the distributions of the values are, from 0 to 1.
    """

    before: str
    after: str
    names: float
    values: float


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """How the columns differ.

    Attributes:
        added: Columns of the second table alone.
        removed: Columns of the first table alone.
        retyped: Columns of another type.
        stored: Columns of the same type that are stored in another one, such as fewer bits; no difference.
        renamed: Guesses about removed columns that are back under another name.
        reordered: Whether the columns of both stand in another order; no difference.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[Retyped, ...] = ()
    stored: tuple[Retyped, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    reordered: bool = False

    @property
    def differs(self) -> bool:
        """Whether the columns or their types are not the same."""
        return bool(self.added or self.removed or self.retyped)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that changed, as it is shown."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowExample:
    """One row that differs, as it is shown.

    Attributes:
        what: What became of it.
        row: Its key, or without keys the whole row: (column, value) each.
        cells: Which values changed.
        times: How many times more often the row is there, or less often, where rows have no key; how often a
            key is there that is repeated.
    """

    what: Literal["added", "removed", "changed", "repeated"]
    row: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class RowDifference:
    """How the rows differ.

    Attributes:
        key: By which columns rows were matched; none where whole rows were counted.
        columns: Which columns were compared.
        added: How many rows are in the second table alone.
        removed: How many rows are in the first table alone.
        changed: How many rows of the same key have other values.
        same: How many rows are the same in both.
        by_column: Column → in how many rows its value changed.
        repeated: How many keys of the first and of the second table stand in more than one row; their rows
            are not matched, as it could not be said which is which, but counted as whole rows.
        repeated_rows: How many rows of both tables have such keys.
        missing: How many rows of both tables miss a value of their key; they are counted as whole rows too.
        unmatched: How many of the rows that are not matched only the second and only the first table has.
        examples: Some of the rows.
        hint: A column that could be the key, where none was given.
    """

    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0
    changed: int = 0
    same: int = 0
    by_column: Mapping[str, int] = field(default_factory=frozen)
    repeated: tuple[int, int] = (0, 0)
    repeated_rows: tuple[int, int] = (0, 0)
    missing: tuple[int, int] = (0, 0)
    unmatched: tuple[int, int] = (0, 0)
    examples: tuple[RowExample, ...] = ()
    hint: str = ""

    @property
    def differs(self) -> bool:
        """Whether any row differs."""
        return bool(self.added or self.removed or self.changed or any(self.unmatched))

    @property
    def nothing_in_common(self) -> bool:
        """Whether both have rows, compared as wholes, and none is in both."""
        return bool(not self.key and not self.same and self.added and self.removed)


@dataclass(frozen=True, slots=True)
class Side:
    """One column of one table in a few numbers.

    Attributes:
        rows: How many rows there are.
        missing: Share of them that miss the value.
        mean: Mean of its numbers, or of the lengths of its texts.
        std: Their standard deviation.
        quantiles: Level → quantile of its numbers.
        distinct: How many categories there are; None where they were not counted.
    """

    rows: int
    missing: float
    mean: float | None = None
    std: float | None = None
    quantiles: Mapping[str, float] = field(default_factory=frozen)
    distinct: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a column: did this change more than chance does, and by enough to matter?

    Attributes:
        about: What may have changed.
        method: The test.
        statistic: What it measured.
        chance: How likely that is between samples of one distribution.
        corrected: The same, corrected for the number of questions; an alarm needs it to be below alpha.
        effect: How large the change is.
        effect_name: In what the effect is measured.
        least: The effect that an alarm needs besides.
        alarm: Whether it is one.
    """

    about: Literal["distribution", "missing", "outliers"]
    method: str
    statistic: float
    chance: float
    effect: float
    effect_name: str
    least: float
    corrected: float = 1.0
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    """A category with its shares in both tables, as it is shown."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Bins:
    """Both distributions over the same bins, for drawing.

    Attributes:
        edges: Edges of the bins, ascending.
        before: Share of the first table in each bin; values beyond the edges are in none.
        after: The same of the second table.
    """

    edges: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How the distribution of one column moved.

    Attributes:
        column: The column.
        kind: What was compared: its numbers, its categories, the lengths of its texts or lists.
        type: Its type in the contract's words.
        before: The first table.
        after: The second table.
        questions: What was asked.
        ks: Statistic of Kolmogorov and Smirnov; None for categories.
        psi: Population stability index over the tenths of the first table, or the categories.
        js: Jensen-Shannon distance over the same.
        wasserstein: How far the mass moved, in units of the values; None for categories.
        cramer: Cramér's V; None for numbers.
        bins: Both distributions, for drawing.
        categories: The largest categories, for drawing.
        new: Categories that only the second table has, as shown, the largest first.
        gone: Categories that only the first table has.
        many: How many categories are new, and how many are gone.
        beyond: Share of the second table's values outside of the range of the first one.
        notes: What else is to be said.
    """

    column: str
    kind: Literal["numbers", "categories", "lengths"]
    type: str
    before: Side
    after: Side
    questions: tuple[Question, ...] = ()
    ks: float | None = None
    psi: float | None = None
    js: float | None = None
    wasserstein: float | None = None
    cramer: float | None = None
    bins: Bins | None = None
    categories: tuple[Category, ...] = ()
    new: tuple[Category, ...] = ()
    gone: tuple[Category, ...] = ()
    many: tuple[int, int] = (0, 0)
    beyond: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[Question, ...]:
        """What changed for sure and by enough to matter."""
        return tuple(question for question in self.questions if question.alarm)

    @property
    def shift(self) -> float | None:
        """How far the mass moved, in standard deviations of the first table."""
        std = self.before.std
        return None if self.wasserstein is None or not std else self.wasserstein / std


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that tells the label all but perfectly on its own, so that it may hold what is to be predicted.

    Attributes:
        table: Which table: `first` or `second`.
        column: The column, or `row number`.
        measure: How it was seen.
        value: The measure.
        says: What it says, as a sentence.
    """

    table: Literal["first", "second"]
    column: str
    measure: str
    value: float
    says: str


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What two tables differ in.

    Attributes:
        before: Name of the first table.
        after: Name of the second table.
        rows_before: How many rows the first one has.
        rows_after: How many rows the second one has.
        columns: How the columns differ; None when that was not asked.
        rows: How the rows differ; None when that was not asked or cannot be said.
        drift: How the columns moved, in the order of the first table; None when that was not asked.
        leaks: Columns that may leak the label.
        alpha: Chance of one false alarm or more that was allowed among all questions.
        approximate: Whether the first table was known by a stored profile only.
        notes: What was not compared, and why.
    """

    before: str
    after: str
    rows_before: int
    rows_after: int
    columns: ColumnDifference | None = None
    rows: RowDifference | None = None
    drift: tuple[ColumnDrift, ...] | None = None
    leaks: tuple[Leak, ...] = ()
    alpha: float = 0.01
    approximate: bool = False
    notes: tuple[str, ...] = ()

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The columns with an alarm."""
        return tuple(column for column in self.drift or () if column.alarms)

    @property
    def differs(self) -> tuple[Part, ...]:
        """The parts in which the tables differ."""
        found = {
            "schema": self.columns is not None and self.columns.differs,
            "rows": self.rows is not None and self.rows.differs,
            "drift": bool(self.drifted),
        }
        return tuple(part for part in PARTS if found[part])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What differs, as findings: columns and rows, alarms, and what may leak the label."""
        from pipeproof.data.comparing.findings import findings_of

        return tuple(findings_of(self))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, `pipeproof.comparison/1`."""
        document: dict[str, Any] = _plain(self)
        for column, told in zip(self.drift or (), document["drift"] or (), strict=True):
            told["alarms"] = [question.about for question in column.alarms]
            told["shift"] = _plain(column.shift)
        return {"schema": COMPARISON, "differs": list(self.differs), **document}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; numbers that JSON does not have are null."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
