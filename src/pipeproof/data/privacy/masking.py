"""What is shown of the values of a table: those of columns with personal data are masked.

Values are masked where they are shown, not where they are kept. Whoever puts a value before a person calls
`shown(value, private.get(column))` with `private = private_columns(schema, names, frame)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.personal import Kind, kind_in_contract, kind_of_column, mask_value
from pipeproof.model.contract import TableSchema, frozen

if TYPE_CHECKING:
    import polars as pl

__all__ = ["is_private", "mask_value", "private_columns", "shown"]

_LONGEST_VALUE = 60


def private_columns(
    schema: TableSchema | None, names: Iterable[str], frame: pl.LazyFrame | pl.DataFrame | None = None
) -> Mapping[str, Kind]:
    """Return the columns whose values are masked where they are shown: column → kind of personal data.

    What the contract says of a column counts (`privacy: none` shows it); where it says nothing, the name,
    and with a frame a sample of the values.

    Args:
        schema: The contract of the table, if there is one.
        names: The columns.
        frame: The table; it is not read in full.
    """
    columns = list(names)
    said = {column.name: column.privacy for column in schema.columns if column.privacy} if schema else {}
    found = {name: kind for name in columns if (kind := kind_of_column(name, schema)) is not None}
    unsaid = [name for name in columns if name not in said and name not in found]
    if frame is not None and unsaid:
        from pipeproof.data.privacy.detecting import kinds_by_content

        found |= kinds_by_content(frame.lazy(), unsaid, found)
    return frozen(found)


def is_private(name: str, schema: TableSchema | None = None) -> bool:
    """Say whether a column is masked by its contract or its name alone."""
    return kind_of_column(name, schema) is not None


def shown(value: Any, kind: str | None = None) -> str:
    """Return a value as reports show it: quoted if it is text, short, and masked if it is personal.

    Args:
        value: The value.
        kind: The kind of personal data that its column holds; None shows it as it is.
    """
    if value is None:
        return "missing"
    if kind is not None and kind_in_contract(kind) is not None:
        text = mask_value(value, kind)
    else:
        text = str(value) if hasattr(value, "isoformat") else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
