"""Conditions in SQL that each row keeps: rows that do not are drawn again, and in the end taken from those that do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import polars as pl

from pipeproof.contracts.limits import allowed_rows, limit_of
from pipeproof.data.checking.conditions import UnaskableError, condition_rules, parse
from pipeproof.data.checking.rules import Unasked
from pipeproof.data.synth.comparisons import with_comparisons
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.seeds import Block, Whole
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Condition, TableSchema

_TRIES = 24

_Redraw = Callable[[str, Block, int], pl.Series]


def with_conditions(
    design: Design,
    made: dict[str, pl.Series],
    block: Block,
    fixed: frozenset[str],
    redraw: _Redraw,
    given: frozenset[str] = frozenset(),
) -> dict[str, pl.Series]:
    """Return columns of a block of which each row keeps the conditions of the schema.

    Args:
        design: The design of the table.
        made: Columns by name.
        block: Which rows.
        fixed: Columns that stay as they are.
        redraw: Name of a column, rows and number of the attempt → other values.
        given: Columns that follow a distribution, so that they are not drawn again, only taken from good rows.

    Raises:
        ContractError: A condition cannot be asked, or no rows were found that keep it.
    """
    if not design.schema.conditions or not block.rows:
        return made
    frame = pl.DataFrame(made)
    bad = np.flatnonzero(breaks_any(design, frame, design.schema.conditions))
    free = [name for name in _named(design, frame.columns) if name not in fixed | given]
    for attempt in range(_TRIES if free else 0):
        if not len(bad):
            break
        tried = _again(
            design,
            frame[bad],
            bad,
            block,
            fixed=fixed | given,
            chosen=_chosen(free, attempt),
            redraw=redraw,
            attempt=attempt,
        )
        kept = ~breaks_any(design, tried, design.schema.conditions)
        frame = _with_rows(frame, bad[kept], tried.filter(kept))
        bad = bad[~kept]
    if len(bad):
        frame = _from_good_rows(design, frame, bad, fixed)
    return {name: frame[name] for name in made}


def _chosen(free: Sequence[str], attempt: int) -> Sequence[str]:
    """Return the columns that are drawn again: one or all in turn, since one that was right may stay so."""
    return free if attempt % 2 else [free[attempt // 2 % len(free)]]


def _again(
    design: Design,
    rows: pl.DataFrame,
    at: Whole,
    block: Block,
    *,
    fixed: Collection[str],
    chosen: Sequence[str],
    redraw: _Redraw,
    attempt: int,
) -> pl.DataFrame:
    """Return rows with other values of some columns, comparisons kept.

    Args:
        design: The design of the table.
        rows: The rows.
        at: Where in their block they are.
        block: The block.
        fixed: Columns that stay as they are.
        chosen: Columns that are drawn again.
        redraw: Draws a column of the block again.
        attempt: Number of the attempt.
    """
    made = {name: rows[name] for name in rows.columns}
    made |= {name: redraw(name, block, attempt).gather(at) for name in chosen}
    some = Block(block.number, block.first, len(at))
    tied = frozenset(name for name in rows.columns if name in fixed)
    return pl.DataFrame(with_comparisons(design, made, some, tied, attempt))


def _named(design: Design, names: Sequence[str]) -> list[str]:
    """Return the columns that conditions name, all where that cannot be told."""
    found = {name for condition in design.schema.conditions for name in columns_in(condition.sql)}
    return [name for name in names if name.lower() in found] or list(names)


def columns_in(sql: str) -> frozenset[str]:
    """Return the names of columns in a condition, in small letters; none where it cannot be read."""
    try:
        return frozenset(name.lower() for name in parse(sql).names)
    except UnaskableError:
        return frozenset()


def _with_rows(frame: pl.DataFrame, at: Whole, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a table with some rows replaced."""
    if not len(at):
        return frame
    source = np.arange(frame.height)
    source[at] = frame.height + np.arange(len(at))
    return pl.concat([frame, rows], how="vertical_relaxed")[source]


def _from_good_rows(design: Design, frame: pl.DataFrame, bad: Whole, fixed: Collection[str]) -> pl.DataFrame:
    """Return rows of which those that never kept the conditions have the free values of rows that do.

    Raises:
        ContractError: There are none, or that is not enough.
    """
    good = np.setdiff1d(np.arange(frame.height), bad)
    source = good[np.arange(len(bad)) % len(good)] if len(good) else bad
    rows = pl.DataFrame([frame[name].gather(bad if name in fixed else source) for name in frame.columns])
    for condition in design.schema.conditions:
        broken = breaks(design, rows, condition).sum()
        if broken * design.rows > _allowed(design, condition) * frame.height:
            raise ContractError(_impossible(design, frame, len(bad)))
    return _with_rows(frame, bad, rows)


def _allowed(design: Design, condition: Condition) -> int:
    """Return how many rows of the table may break a condition."""
    schema = design.schema
    return allowed_rows(limit_of("", condition.name, schema), condition.name, design.rows)


def breaks_any(design: Design, frame: pl.DataFrame, conditions: Sequence[Condition]) -> Whole:
    """Return which rows break any of some conditions.

    Raises:
        ContractError: A condition cannot be asked.
    """
    found: Whole = np.logical_or.reduce([breaks(design, frame, condition) for condition in conditions])
    return found


def breaks(design: Design, frame: pl.DataFrame, condition: Condition) -> Whole:
    """Return which rows break a condition; as in SQL, not those for which it is unknown.

    Raises:
        ContractError: It cannot be asked.
    """
    key = condition, tuple(frame.schema.items())
    if key not in design.asked:
        design.asked[key] = _asked(condition, frame.schema, design.name)
    broken = design.asked[key]
    if broken is None:
        return np.zeros(frame.height, dtype=bool)
    return frame.select(broken.fill_null(value=False)).to_series().to_numpy().astype(bool)


def _asked(condition: Condition, present: Mapping[str, pl.DataType], table: str) -> pl.Expr | None:
    """Return what is true for rows that break a condition; None where its columns need not be there.

    Raises:
        ContractError: It cannot be asked.
    """
    for rule in condition_rules(TableSchema(conditions=(condition,)), present):
        if isinstance(rule, Unasked):
            raise ContractError(Finding("PPF306", f"{table}: {rule.why}", fix="correct the contract"))
        return rule.broken
    return None


def _impossible(design: Design, frame: pl.DataFrame, rows: int) -> Finding:
    """Say which condition is broken most often."""
    hardest = max(design.schema.conditions, key=lambda condition: breaks(design, frame, condition).sum())
    what = f"{rows:,} of {frame.height:,} rows of {design.name} could not be made to keep {hardest.name!r}"
    fix = (
        "say more of the columns that it names (ranges, categories, comparisons), so that it holds more often"
    )
    return Finding("PPF352", f"{what} in {_TRIES} tries", fix=fix)
