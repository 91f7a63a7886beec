"""Reading a table once for all rules: counts, numbers measured, and the first rows that break each rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeproof.data.checking.measures import Measured
from pipeproof.data.checking.rules import Rule
from pipeproof.data.checking.unique import Probe, probe

if TYPE_CHECKING:
    import polars as pl

ROW = "pipeproof row"
EXAMPLES = 3
_FIRST = 65_536  # rows among which a rule that is broken often has its examples

Rows = list[tuple[int, dict[str, Any]]]
"""Rows that break a rule: number from 0, column → value."""


@dataclass(slots=True)
class Scanned:
    """What a scan came to.

    Attributes:
        rows: How many rows there are, or were read.
        broken: How many rows break each rule, in the order of the rules.
        found: What each aggregate came to, in the order of the numbers to be measured.
        unsure: Positions of rules whose count must be looked at again.
        examples: Position of a rule → the first rows that break it.
        others: Further counts that were asked for.
        complete: Whether all rows were read.
    """

    rows: int = 0
    broken: list[int] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    unsure: set[int] = field(default_factory=set)
    examples: dict[int, Rows] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    complete: bool = True


def count(
    frame: pl.LazyFrame,
    rules: Sequence[Rule],
    measured: Sequence[Measured] = (),
    others: Mapping[str, pl.Expr] | None = None,
) -> Scanned:
    """Count the rows that break each rule, and measure numbers, in one scan.

    Args:
        frame: The table.
        rules: The rules.
        measured: The numbers.
        others: Further counts that the caller needs, by name.
    """
    import polars as pl

    probes = [
        Probe(rule.broken.sum(), exact=True) if rule.distinct is None else probe(rule, frame)
        for rule in rules
    ]
    asked = {f"rule {index}": one.value for index, one in enumerate(probes)}
    asked |= {f"number {index}": one.value for index, one in enumerate(measured) if one.stored is None}
    asked |= {f"other {name}": value for name, value in (others or {}).items()}
    row: dict[str, Any] = frame.select(rows=pl.len(), **asked).collect(engine="streaming").row(0, named=True)
    broken = [max(0, int(row[f"rule {index}"] or 0)) for index in range(len(probes))]
    return Scanned(
        int(row["rows"]),
        broken,
        [row.get(f"number {index}") for index in range(len(measured))],
        {index for index, one in enumerate(probes) if broken[index] and not one.exact},
        others={name: int(row[f"other {name}"] or 0) for name in others or {}},
    )


def look_closer(frame: pl.LazyFrame, rules: Sequence[Rule], scanned: Scanned) -> None:
    """Fill in the first rows that break each rule, and counts that are not sure yet, in one more scan at most.

    What is broken often is found among the first rows; the scan is for the rest, and ends as soon as enough
    is known. So it never has to hand over many rows.
    """
    positions = [index for index, broken in enumerate(scanned.broken) if broken]
    scanned.examples = {index: [] for index in positions}
    wanted = {index: min(EXAMPLES, scanned.broken[index]) for index in positions}
    for index in scanned.unsure:
        scanned.broken[index] = 0
    if not positions:
        return
    for batch in _broken_rows(frame, rules, positions, first=_FIRST):
        _take_all(batch, rules, scanned.examples)
    open_ = [
        index
        for index in positions
        if index in scanned.unsure or len(scanned.examples[index]) < wanted[index]
    ]
    for index in open_:
        scanned.examples[index] = []
    for batch in _broken_rows(frame, rules, open_) if open_ else ():
        _take_all(batch, rules, {index: scanned.examples[index] for index in open_})
        for index in scanned.unsure:
            scanned.broken[index] += int(batch[str(index)].sum())
        if not scanned.unsure and all(len(scanned.examples[index]) >= wanted[index] for index in open_):
            break
    scanned.unsure = set()


def _take_all(batch: pl.DataFrame, rules: Sequence[Rule], into: Mapping[int, Rows]) -> None:
    for index, rows in into.items():
        _take(batch, rules[index], index, rows)


def until_breach(frame: pl.LazyFrame, rules: Sequence[Rule], allowed: Sequence[int | None]) -> Scanned:
    """Read a table until more rows than allowed break a rule.

    Args:
        frame: The table.
        rules: The rules.
        allowed: How many rows may break each, None where that is not known before the end.
    """
    scanned = Scanned(broken=[0] * len(rules))
    positions = list(range(len(rules)))
    scanned.examples = {index: [] for index in positions}
    if not rules:
        return scanned
    for batch in _broken_rows(frame, rules, positions):
        for index in positions:
            scanned.broken[index] += int(batch[str(index)].sum())
        _take_all(batch, rules, scanned.examples)
        if any(most is not None and n > most for n, most in zip(scanned.broken, allowed, strict=True)):
            scanned.complete = False
            scanned.rows = int(batch[ROW].max()) + 1
            break
    return scanned


def _broken_rows(
    frame: pl.LazyFrame, rules: Sequence[Rule], positions: Sequence[int], first: int | None = None
) -> Any:
    """Return the rows that break one of some rules, batch by batch: their numbers, values, and which rules.

    Args:
        frame: The table.
        rules: The rules.
        positions: Which of them.
        first: How many rows of the table to look at, None for all.
    """
    import polars as pl

    shown = sorted({name for index in positions for name in rules[index].columns})
    masks = {str(index): rules[index].broken.fill_null(value=False) for index in positions}
    values = {f"value {name}": pl.col(name) for name in shown}
    numbered = frame.with_row_index(ROW)
    return (
        (numbered if first is None else numbered.head(first))
        .select(ROW, **values, **masks)
        .filter(pl.any_horizontal(list(masks)))
        .collect_batches(maintain_order=True, lazy=True, engine="streaming")
    )


def _take(batch: pl.DataFrame, rule: Rule, index: int, into: Rows) -> None:
    missing = EXAMPLES - len(into)
    if missing <= 0:
        return
    names = [f"value {name}" for name in rule.columns]
    rows = batch.filter(batch[str(index)]).select(ROW, *names).head(missing).rows()
    into += [(row, dict(zip(rule.shown, values, strict=True))) for row, *values in rows]
