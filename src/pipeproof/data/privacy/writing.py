"""Files for their owner's eyes alone, which appear when they are complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.errors import Finding, UsageError
from pipeproof.formats import tables
from pipeproof.formats.replacing import replacing
from pipeproof.model.contract import TABLE_FORMATS

if TYPE_CHECKING:
    import polars as pl


def write_private(frame: pl.LazyFrame, like: Path, folder: Path) -> Path:
    """Write a table to a folder, in the format and under the name of the one that it was made of.

    Args:
        frame: The table.
        like: The file or folder that it was made of; a folder becomes one file.
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


def place_of(like: Path, folder: Path) -> Path:
    """Return the file that `write_private` writes for a table that was made of another."""
    endings, name = tables.SUFFIXES[_kind(like)], like.name
    for known in (".gz", ".zst", *endings):
        name = name.removesuffix(known)
    return folder / f"{name}{endings[0]}"


def _kind(like: Path) -> str:
    kind = tables.format_in(like) or "parquet"
    return kind if kind in TABLE_FORMATS else "parquet"
