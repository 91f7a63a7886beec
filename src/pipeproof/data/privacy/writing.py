"""Files for their owner's eyes alone, which appear when they are complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.data.inputs import table_name
from pipeproof.errors import Finding, UsageError
from pipeproof.formats import tables
from pipeproof.formats.databases.address import is_address
from pipeproof.formats.replacing import replacing

if TYPE_CHECKING:
    import polars as pl


def write_private(frame: pl.LazyFrame, like: str | Path, folder: Path) -> Path:
    """Write a table to a folder, in the format and under the name of the one that it was made of.

    Args:
        frame: The table.
        like: What it was made of; a folder or a table of a database becomes one file.
        folder: Where to write; made, for its owner alone, if it is not there.

    Raises:
        UsageError: It cannot be written.
    """
    kind, to = _kind(like), place_of(like, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(to, 0o600) as file:
            tables.write(frame, file, kind)
    except OSError as error:
        what = f"{to} cannot be written: {(error.strerror or str(error)).lower()}"
        raise UsageError(Finding("PPF523", what, fix="name a folder that you may write to")) from error
    return to


def place_of(like: str | Path, folder: Path) -> Path:
    """Return the file that `write_private` writes for a table that was made of another."""
    return folder / f"{table_name(like)}{tables.SUFFIXES[_kind(like)][0]}"


def _kind(like: str | Path) -> str:
    kind = None if is_address(like) else tables.format_in(Path(like))
    return kind or "parquet"
