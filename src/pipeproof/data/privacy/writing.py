"""Files for their owner's eyes alone, which appear when they are complete."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.errors import Finding, UsageError
from pipeproof.formats import tables
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
    kind = tables.format_in(like) or "parquet"
    kind = kind if kind in TABLE_FORMATS else "parquet"
    ending = tables.SUFFIXES[kind][0]
    name = like.name
    for known in (".gz", ".zst", *tables.SUFFIXES[kind]):
        name = name.removesuffix(known)
    to = folder / f"{name}{ending}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = folder / f".{uuid.uuid4().hex}{ending}"
        try:
            os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            tables.write(frame, beside, kind)
            beside.chmod(0o600)  # a writer may have made the file anew
            beside.replace(to)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        what = f"{to} cannot be written: {(error.strerror or str(error)).lower()}"
        raise UsageError(Finding("PPF523", what, fix="name a folder that you may write to")) from error
    return to
