"""What a dataset is once it exists: a reference to content, never the content itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

NONE = "none"
"""The kind of personal data that a column has of which a contract says that there are none."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A dataset as it was made: its kind, the digest of its content, its size.

    Attributes:
        kind: ``table`` (Parquet in the object store), ``file``, ``folder`` or ``value`` (JSON).
        digest: Name of the content in the object store.
        size: Bytes.
        name: File name to use when the artifact is laid out for code to read.
        rows: Number of rows of a table, else None.
        columns: Name and type of each column of a table.
        value: The value itself, for kind ``value``.
        private: Columns of a table with personal data, each with its kind; `none` where a contract says so.
    """

    kind: Literal["table", "file", "folder", "value"]
    digest: str
    size: int = 0
    name: str = ""
    rows: int | None = None
    columns: tuple[tuple[str, str], ...] = ()
    value: Any = None
    private: tuple[tuple[str, str], ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether it is known to hold personal data."""
        return any(kind != NONE for _, kind in self.private)
