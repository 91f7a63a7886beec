"""How good a table is, with a profile of it or without.

This room stands above `profiling`, which knows no contract, and `checking`, whose rules it asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeproof.data.profiling.score import Quality
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Quality", "assess"]


def assess(frame: pl.LazyFrame, schema: TableSchema | None = None) -> Quality | None:
    """Return the quality of a table, or None when it has no cells.

    Args:
        frame: The table.
        schema: What it should keep.
    """
    from pipeproof.data.profiling.describe import describe_columns
    from pipeproof.data.quality.questions import quality_of
    from pipeproof.data.quality.reading import read_part

    return quality_of(describe_columns(read_part(frame)), frame, schema, {})
