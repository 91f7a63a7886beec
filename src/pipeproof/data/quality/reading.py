"""Profiling a table: it is read in chunks, and their parts are merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipeproof.contracts.personal import NONE
from pipeproof.data.contract_files import read_contract
from pipeproof.data.inputs import open_table, reading, settle
from pipeproof.data.privacy.masking import private_columns
from pipeproof.data.profiling.describe import describe
from pipeproof.data.profiling.keys import pair_keys
from pipeproof.data.profiling.measure import priorities
from pipeproof.data.profiling.profile import Profile
from pipeproof.data.profiling.sizes import EXACT, USUAL, Sizes
from pipeproof.data.profiling.table import PRIORITY, TablePart, part_of
from pipeproof.data.quality.questions import quality_of
from pipeproof.errors import Finding, UsageError
from pipeproof.model.contract import TableSchema

_ROW = "pipeproof row"
_CELLS = 1 << 24  # of a chunk; a table of many columns is read in shorter ones


@dataclass(frozen=True, slots=True)
class _Read:
    """A table that was read: its part, how many rows it has, and its only chunk where there is one."""

    part: TablePart
    rows: int
    only: pl.DataFrame | None


def profile(
    table: Any,
    contract: TableSchema | str | Path | None = None,
    *,
    sample: int | None = None,
    exact: bool = False,
    private: Mapping[str, str] | None = None,
    sizes: Sizes | None = None,
) -> Profile:
    """Return what is known of a table: its columns, how they go together, how good it is.

    Args:
        table: A path, or a table of Polars, pandas, Arrow or DuckDB.
        contract: What it should keep: a schema, or the file of one; the score asks it.
        sample: How many rows to look at, drawn evenly; all unless given.
        exact: Whether to sketch nothing; memory then grows with the number of different values.
        private: Column → kind of personal data, for columns whose values are not to be shown. Unless given,
            it is what the contract says, and where it says nothing, what names and values tell.
        sizes: How much is kept of each column.

    Raises:
        ContractError: It is no table, or cannot be read.
        ConfigError: The contract cannot be read.
    """
    schema = read_contract(contract) if isinstance(contract, str | Path) else contract
    opened, miscast = settle(open_table(table, schema))
    with reading(opened):
        if private is None:
            private = private_columns(schema, opened.frame.collect_schema().names(), opened.frame)
        hidden = {name: kind for name, kind in private.items() if kind != NONE}
        read = _read(opened.frame, sizes or (EXACT if exact else USUAL), sample)
        found = describe(read.part, opened.name, read.rows, hidden)
        if read.only is not None and not found.keys:
            found = replace(found, keys=pair_keys(read.only, read.part))
        frame = opened.frame if read.only is None else read.only.lazy()
        if found.looked < found.rows:  # what was counted of all rows, as far as those that were drawn have it
            miscast = {name: round(n * found.looked / found.rows) for name, n in miscast.items()}
        return replace(found, quality=quality_of(found, frame, schema, miscast))


def merge_profiles(one: Profile, later: Profile) -> Profile:
    """Return the profile of two parts of a table, the rows of the second behind those of the first.

    What is exact in both stays exact while it is small (see `Sizes`); what is sketched keeps its error. Pairs of
    columns are not tried as keys, and the quality asks no contract.

    Raises:
        UsageError: They have other columns, or were read from JSON, which does not keep what merging needs.
    """
    if one.part is None or later.part is None:
        what = "a profile that was read from JSON cannot be merged: it has numbers, not what they came from"
        raise UsageError(Finding("PPF331", what, fix="merge profiles in the process that made them"))
    _refuse_others(one.part, later.part)
    private = {
        column.name: column.private for made in (one, later) for column in made.columns if column.private
    }
    merged = one.part.merge(later.part)
    found = describe(merged, one.name, one.rows + later.rows, private)
    return replace(found, quality=quality_of(found, None, None, {}))


def _refuse_others(one: TablePart, later: TablePart) -> None:
    here, there = ({c.name: str(c.physical) for c in part.columns} for part in (one, later))
    if list(here.items()) == list(there.items()):
        return
    odd = [name for name in (here | there) if here.get(name) != there.get(name)]
    told = ", ".join(
        f"{name} ({here.get(name, 'not there')} and {there.get(name, 'not there')})" for name in odd
    )
    what = f"parts of one table have the same columns; these differ: {told or 'their order'}"
    raise UsageError(Finding("PPF331", what, fix="select and cast the same columns before profiling"))


def read_part(frame: pl.LazyFrame, sizes: Sizes = USUAL) -> TablePart:
    """Return what is known of a table after one reading."""
    return _read(frame, sizes, None).part


def _read(frame: pl.LazyFrame, sizes: Sizes, sample: int | None) -> _Read:
    if sample is not None:
        drawn, rows = _drawn(frame, sizes, sample)
        return _Read(part_of(drawn, 0, sizes), rows, drawn)
    total: TablePart | None = None
    only: pl.DataFrame | None = None
    for chunk in _chunks(frame, sizes):
        part = part_of(chunk, total.rows if total else 0, sizes)
        total, only = (part, chunk) if total is None else (total.merge(part), None)
    if total is None:
        only = frame.head(0).collect()
        total = part_of(only, 0, sizes)
    return _Read(total, total.rows, only)


def _chunks(frame: pl.LazyFrame, sizes: Sizes) -> Iterator[pl.DataFrame]:
    """Yield a table in chunks that hold together in memory; a short one only at the end."""
    rows = max(1, min(sizes.chunk, _CELLS // max(1, len(frame.collect_schema()))))
    for batch in frame.collect_batches(chunk_size=rows, maintain_order=True):
        yield from batch.rechunk().iter_slices(rows) if batch.height else ()


def _drawn(frame: pl.LazyFrame, sizes: Sizes, sample: int) -> tuple[pl.DataFrame, int]:
    """Return rows that are drawn evenly, in their order, and how many there are."""
    kept = (
        frame.head(0)
        .with_columns(pl.lit(None, pl.UInt64).alias(PRIORITY), pl.lit(None, pl.Int64).alias(_ROW))
        .collect()
    )
    rows = 0
    for chunk in _chunks(frame, sizes):
        numbers = pl.int_range(rows, rows + chunk.height, eager=True).alias(_ROW)
        drawn = priorities(rows, chunk.height).alias(PRIORITY)
        kept = pl.concat([kept, chunk.with_columns(drawn, numbers)]).bottom_k(sample, by=PRIORITY)
        rows += chunk.height
    return kept.sort(_ROW).drop(PRIORITY, _ROW), rows
