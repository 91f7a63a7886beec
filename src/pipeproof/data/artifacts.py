"""Tables as artifacts: Parquet files in the object store."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.formats.tables import describe, write
from pipeproof.model.artifact import Artifact
from pipeproof.ports import Objects

if TYPE_CHECKING:
    import polars as pl


def table_artifact(frame: pl.LazyFrame, objects: Objects, scratch: Path) -> Artifact:
    """Write a frame into the object store, by way of a file in `scratch`, and return the artifact."""
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"{uuid.uuid4().hex}.parquet"
    write(frame, path, "parquet")
    return take_table(path, objects)


def take_table(path: Path, objects: Objects, name: str = "") -> Artifact:
    """Move a Parquet file into the object store and return the artifact."""
    rows, columns = describe(path)
    digest, size = objects.add(path, move=True)
    return Artifact("table", digest, size, name=name, rows=rows, columns=columns)
