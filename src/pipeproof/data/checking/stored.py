"""Columns of a stored profile (``pipeproof.profile/1``), as far as distances to them need them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.data.comparing.distances import StoredColumn

_SCHEMA = "pipeproof.profile/1"


def stored_columns(path: Path) -> Mapping[str, StoredColumn]:
    """Return the columns of a profile by name.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no profile.
    """
    document = json.loads(path.read_text("utf-8"))
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        raise ValueError(f"it is no {_SCHEMA} document")
    try:
        return {column["name"]: _stored(column) for column in document["columns"]}
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part of it is missing or of another kind ({error})") from None


def _stored(column: Mapping[str, Any]) -> StoredColumn:
    grid = column.get("grid") or {}
    edges, counts = tuple(grid.get("edges") or ()), grid.get("counts") or ()
    total = sum(counts)
    rows = int(column["rows"])
    missing = (column.get("nulls") or 0) + (column.get("nans") or 0)
    named = column.get("common") or ()
    return StoredColumn(
        column["name"],
        edges,
        tuple(count / total for count in counts) if total else (),
        {str(one["value"]): float(one["share"]) for one in named if one["value"] is not None},
        float(column.get("others") or 0),
        missing / rows if rows else 0.0,
        rows,
    )
