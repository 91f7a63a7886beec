"""Tables and values as artifacts: Parquet files in the object store, and JSON that is there when it is large."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.digest import canonical
from pipeproof.formats.tables import describe, write
from pipeproof.model.artifact import LARGEST_VALUE, Artifact
from pipeproof.ports import Objects

if TYPE_CHECKING:
    import polars as pl


def table_artifact(frame: pl.LazyFrame, objects: Objects, scratch: Path) -> Artifact:
    """Write a frame into the object store, by way of a file in `scratch`, and return the artifact."""
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"{uuid.uuid4().hex}.parquet"
    write(frame, path, "parquet")
    return take_table(path, objects)


def value_artifact(value: Any, objects: Objects, scratch: Path) -> Artifact:
    """Return the artifact of a value that JSON can hold; a large one goes into the object store."""
    text = canonical(value)
    if len(text) <= LARGEST_VALUE:
        return Artifact("value", hashlib.sha256(text).hexdigest(), value=value)
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"{uuid.uuid4().hex}.json"
    path.write_bytes(text)
    return take_value(path, objects)


def take_value(path: Path, objects: Objects) -> Artifact:
    """Move a large value, written as the JSON that its digest is of, into the object store."""
    return Artifact("value", *objects.add(path, move=True))


def value_of(artifact: Artifact, objects: Objects) -> Any:
    """Return a value, wherever it is kept."""
    return artifact.value if artifact.is_inline else json.loads(objects.path(artifact.digest).read_bytes())


def take_table(path: Path, objects: Objects, name: str = "") -> Artifact:
    """Move a Parquet file into the object store and return the artifact."""
    rows, columns = describe(path)
    digest, size = objects.add(path, move=True)
    return Artifact("table", digest, size, name=name, rows=rows, columns=columns)
