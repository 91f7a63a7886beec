"""What a dataset is once it exists: a reference to content, never the content itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeproof.model.contract import frozen

LARGEST_VALUE = 64 * 2**10
"""Bytes of a value, as JSON, that the ledger holds; a larger one is an object."""
NONE = "none"
"""The kind of personal data that a column has of which a contract says that there are none."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A dataset as it was made: its kind, the digest of its content, its size.

    Attributes:
        kind: ``table`` (Parquet in the object store), ``file``, ``folder`` or ``value`` (JSON).
        digest: Name of the content in the object store.
        size: Bytes; 0 for a value that stands in `value`, and not in the object store.
        name: File name to use when the artifact is laid out for code to read.
        rows: Number of rows of a table, else None.
        columns: Name and type of each column of a table.
        value: The value itself, for kind ``value`` unless it is large: see `pipeproof.data.artifacts.value_of`.
        private: Columns of a table with personal data, each with its kind; `none` where a contract says so.
        metadata: What the code said of it as it stored it.
    """

    kind: Literal["table", "file", "folder", "value"]
    digest: str
    size: int = 0
    name: str = ""
    rows: int | None = None
    columns: tuple[tuple[str, str], ...] = ()
    value: Any = None
    private: tuple[tuple[str, str], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=frozen, hash=False)

    @property
    def is_inline(self) -> bool:
        """Whether it is a value that the ledger holds, and no object."""
        return self.kind == "value" and not self.size

    @property
    def is_private(self) -> bool:
        """Whether it is known to hold personal data."""
        return any(kind != NONE for _, kind in self.private)
