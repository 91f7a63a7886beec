"""Conditions in SQL that each row keeps: rows that do not are drawn again, and in the end taken from those that do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from pipeproof.data.checking.conditions import UnaskableError, condition_rules, parse
from pipeproof.data.checking.rules import Unasked
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.seeds import Block, Whole
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Condition, TableSchema

_TRIES = 24
_WIDE_TRIES = 4  # tries for columns that had better stay as they are

_Redraw = Callable[[str, Block, int], pl.Series]


def with_conditions(
    design: Design, made: dict[str, pl.Series], block: Block, fixed: Collection[str], redraw: _Redraw
) -> dict[str, pl.Series]:
    """Return columns of a block of which each row keeps the conditions of the schema.

    Args:
        design: The design of the table.
        made: Columns by name.
        block: Which rows.
        fixed: Columns that stay as they are.
        redraw: Name of a column, rows and number of the attempt → other values.

    Raises:
        ContractError: A condition cannot be asked, or no rows were found that keep it.
    """
    if not design.schema.conditions or not block.rows:
        return made
    conditions = design.schema.conditions
    frame = pl.DataFrame(made)
    bad = breaks_any(frame, conditions, design.name)
    for attempt in range(_TRIES):
        rows = np.flatnonzero(bad)
        if not len(rows):
            return {name: frame[name] for name in made}
        tried = _again(design, frame, block, fixed, redraw, attempt)
        kept = ~breaks_any(tried, conditions, design.name) & bad
        frame = _taking(frame, tried, kept)
        bad &= ~kept
    frame, bad = _from_good_rows(frame, bad, fixed, conditions, design)
    if bad.any():
        raise ContractError(_impossible(design, frame, conditions, int(bad.sum()), block))
    return {name: frame[name] for name in made}


def _again(
    design: Design, frame: pl.DataFrame, block: Block, fixed: Collection[str], redraw: _Redraw, attempt: int
) -> pl.DataFrame:
    """Return the same rows with other values of the columns that the conditions name, comparisons kept."""
    from pipeproof.data.synth.comparisons import with_comparisons

    free = [name for name in _named(design, frame.columns) if name not in fixed]
    made = {name: frame[name] for name in frame.columns}
    # Of several columns not all are drawn again at once: one that was right may stay so.
    chosen = free if attempt % 2 else [free[attempt // 2 % len(free)]] if free else []
    made |= {name: redraw(name, block, attempt) for name in chosen}
    tied = frozenset(name for name in frame.columns if name in fixed)
    return pl.DataFrame(with_comparisons(design, made, block, tied))


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


def _taking(frame: pl.DataFrame, other: pl.DataFrame, rows: Whole) -> pl.DataFrame:
    """Return rows of one table with some replaced by those of another."""
    mask = pl.Series(rows)
    return pl.DataFrame([other[name].zip_with(mask, frame[name]) for name in frame.columns])


def _from_good_rows(
    frame: pl.DataFrame, bad: Whole, fixed: Collection[str], conditions: Sequence[Condition], design: Design
) -> tuple[pl.DataFrame, Whole]:
    """Give rows that never kept the conditions the free values of rows that do."""
    good = np.flatnonzero(~bad)
    if not len(good):
        return frame, bad
    at = np.arange(frame.height)
    at[bad] = good[np.arange(int(bad.sum())) % len(good)]
    other = pl.DataFrame([frame[name] if name in fixed else frame[name].gather(at) for name in frame.columns])
    tried = _taking(frame, other, bad)
    return tried, breaks_any(tried, conditions, design.name)


def breaks_any(frame: pl.DataFrame, conditions: Sequence[Condition], table: str) -> Whole:
    """Return which rows break any of some conditions.

    Raises:
        ContractError: A condition cannot be asked.
    """
    masks = [breaks(frame, condition, table) for condition in conditions]
    found: Whole = np.logical_or.reduce(masks)
    return found


def breaks(frame: pl.DataFrame, condition: Condition, table: str) -> Whole:
    """Return which rows break a condition; as in SQL, not those for which it is unknown.

    Raises:
        ContractError: It cannot be asked.
    """
    broken = _asked(condition, tuple(frame.schema.items()), table)
    if broken is None:
        return np.zeros(frame.height, dtype=bool)
    return frame.select(broken.fill_null(value=False)).to_series().to_numpy().astype(bool)


@lru_cache(maxsize=64)
def _asked(condition: Condition, present: tuple[tuple[str, pl.DataType], ...], table: str) -> pl.Expr | None:
    """Return what is true for rows that break a condition; None where its columns need not be there.

    Raises:
        ContractError: It cannot be asked.
    """
    for rule in condition_rules(TableSchema(conditions=(condition,)), dict(present)):
        if isinstance(rule, Unasked):
            raise ContractError(Finding("PPF306", f"{table}: {rule.why}", fix="correct the contract"))
        return rule.broken
    return None


def _impossible(
    design: Design, frame: pl.DataFrame, conditions: Sequence[Condition], rows: int, block: Block
) -> Finding:
    counts: Mapping[str, int] = {
        condition.name: int(breaks(frame, condition, design.name).sum()) for condition in conditions
    }
    hardest = max(counts, key=lambda name: counts[name])
    what = (
        f"{rows:,} of {block.rows:,} rows of {design.name} could not be made to keep {hardest!r} "
        f"in {_TRIES} tries"
    )
    fix = "say more of the columns that it names (ranges, categories, comparisons), so that it holds more often"
    return Finding("PPF352", what, fix=fix)
