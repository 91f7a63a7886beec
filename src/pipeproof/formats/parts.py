"""Writing a table batch by batch, so that memory does not grow with its rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.formats import tables

if TYPE_CHECKING:
    import polars as pl


def write_batches(batches: Iterable[pl.DataFrame], into: Path) -> int:
    """Write batches of one table to a Parquet file and return the number of rows.

    Each batch is kept in a file of its own until the last one has come, so that types which only a
    later batch tells (a column that was all missing so far) fit in the end.

    Args:
        batches: At least one, with the same columns; an empty one stands for an empty table.
        into: The file.
    """
    import polars as pl

    folder = into.with_name(f"{into.name}.parts")
    folder.mkdir(parents=True, exist_ok=True)
    rows, parts = 0, []
    for number, batch in enumerate(batches):
        part = folder / f"{number}.parquet"
        batch.write_parquet(part, compression="lz4")
        parts.append(pl.scan_parquet(part, glob=False))
        rows += batch.height
    tables.write(pl.concat(parts, how="vertical_relaxed"), into, "parquet")
    shutil.rmtree(folder)
    return rows
