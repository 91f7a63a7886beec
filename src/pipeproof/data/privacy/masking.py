"""What is shown of the values of a table: those of columns with personal data are masked.

Values are masked where they are shown, not where they are kept. Whoever puts a value before a person calls
`shown(value, private.get(column))` with `private = private_columns(schema, names, frame)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.personal import NONE, kind_in_contract, kind_of_column, mask_value
from pipeproof.contracts.personal_texts import mask_text
from pipeproof.model.contract import TableSchema, frozen

if TYPE_CHECKING:
    import polars as pl

__all__ = ["is_private", "mask_value", "private_columns", "shown"]

_LONGEST_VALUE = 60


def private_columns(
    schema: TableSchema | None, names: Iterable[str], frame: pl.LazyFrame | pl.DataFrame | None = None
) -> Mapping[str, str]:
    """Return how the values of columns are shown: column → kind of personal data, for those that are masked.

    What the contract says of a column counts; where it says nothing, the name, and with a frame a sample of
    the values. A column with `privacy: none` has the kind `none`, with which `shown` shows values as they are.

    Args:
        schema: The contract of the table, if there is one.
        names: The columns.
        frame: The table; its first rows are looked at.
    """
    columns = list(names)
    found: dict[str, str] = {}
    if frame is not None:
        from pipeproof.data.privacy.detecting import kinds_by_content

        found |= kinds_by_content(frame.lazy(), columns, schema)
    else:
        found |= {name: kind for name in columns if (kind := kind_of_column(name, schema)) is not None}
    if schema:
        found |= {one.name: NONE for one in schema.columns if one.privacy == NONE and one.name in columns}
    return frozen(found)


def is_private(name: str, schema: TableSchema | None = None) -> bool:
    """Say whether a column is masked by its contract or its name alone."""
    return kind_of_column(name, schema) is not None


def shown(value: Any, kind: str | None = None) -> str:
    """Return a value as reports show it: quoted if it is text, short, and masked if it is personal.

    Args:
        value: The value.
        kind: The kind of personal data that its column holds, `none` where it is known that there are none.
            Without a kind, what looks personal inside of a text is masked all the same.
    """
    if value is None:
        return "missing"
    if kind is not None and kind_in_contract(kind) is not None:
        text = mask_value(value, kind)
    else:
        text = str(value) if hasattr(value, "isoformat") else repr(value)
        if kind is None and not isinstance(value, int | float):
            text = mask_text(text)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
