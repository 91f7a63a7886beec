"""What is known of one part of a table, and of two parts together."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeproof.data.profiling.column import ColumnPart
from pipeproof.data.profiling.counting import Distinct, distinct_of
from pipeproof.data.profiling.measure import measure, priorities, row_hashes
from pipeproof.data.profiling.sizes import USUAL, Sizes

PRIORITY = "pipeproof priority"


@dataclass(frozen=True, slots=True, eq=False)
class TablePart:
    """What is known of one part of a table.

    Attributes:
        rows: How many rows it has.
        chunks: In how many chunks it was read.
        columns: What is known of each column.
        distinct: How many rows are different.
        repeated: How many rows of a chunk repeat an earlier one of it: at least so many repeat in all.
        sample: Rows drawn evenly from all, all of them where they are few: their numbers, times and texts, and
            the number that drew each.
        sizes: How much is kept.
    """

    rows: int
    chunks: int
    columns: tuple[ColumnPart, ...]
    distinct: Distinct
    repeated: int
    sample: pl.DataFrame
    sizes: Sizes

    def merge(self, later: TablePart) -> TablePart:
        """Return what is known of this part with a later one of the same columns behind it."""
        sizes = self.sizes
        rows = pl.concat([self.sample, later.sample])
        return TablePart(
            self.rows + later.rows,
            self.chunks + later.chunks,
            tuple(a.merge(b, sizes) for a, b in zip(self.columns, later.columns, strict=True)),
            self.distinct.merge(later.distinct, sizes.hashes),
            self.repeated + later.repeated,
            rows.bottom_k(sizes.rows, by=PRIORITY) if rows.height > sizes.rows else rows,
            sizes,
        )


def part_of(frame: pl.DataFrame, first: int = 0, sizes: Sizes = USUAL) -> TablePart:
    """Return what is known of a chunk.

    Args:
        frame: The chunk.
        first: The number of its first row in the table, by which rows are sampled.
        sizes: How much is kept.
    """
    measured = [measure(series, sizes) for series in frame.get_columns()]
    columns = tuple(part for part, _ in measured)
    hashes = row_hashes([hashed for _, hashed in measured], frame)
    if any(part.unique and part.present == part.rows for part in columns):
        few = distinct_of(hashes, sizes.hashes, settle=False)
        distinct = Distinct(few.hashes, frame.height)
    else:
        distinct = distinct_of(hashes, sizes.hashes)
        if distinct.known is None:
            distinct = Distinct(distinct.hashes, hashes.n_unique())
    repeated = frame.height - distinct.count
    return TablePart(frame.height, 1, columns, distinct, repeated, _sample(frame, first, sizes), sizes)


def _sample(frame: pl.DataFrame, first: int, sizes: Sizes) -> pl.DataFrame:
    drawn = priorities(first, frame.height).alias(PRIORITY)
    if frame.height > sizes.rows:
        share = 2 * sizes.rows / frame.height
        likely = drawn < int(share * 2**64) if share < 1 else pl.repeat(True, frame.height, eager=True)  # noqa: FBT003 a value
        frame, drawn = frame.filter(likely), drawn.filter(likely)
    whole = pl.DataFrame([drawn, *(frame[name] for name in _plain(frame))])
    kept = whole.bottom_k(sizes.rows, by=PRIORITY) if whole.height > sizes.rows else whole
    # Texts that are filtered still point into those of the whole chunk, which would all be kept in memory.
    return kept.with_columns(pl.col(pl.String) + "")


def _plain(frame: pl.DataFrame) -> list[str]:
    """Return the columns of which rows are kept: numbers, times and texts."""
    other = {pl.Null, pl.Object, pl.Binary}
    return [
        name for name, kind in frame.schema.items() if not kind.is_nested() and kind.base_type() not in other
    ]
