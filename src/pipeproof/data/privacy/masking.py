"""What is shown of the values of a table: those of columns with personal data are masked.

Values are masked where they are shown, not where they are kept. Whoever puts a value before a person calls
`shown(value, private.get(column))` with `private = private_columns(schema, names, frame)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.contracts.personal import NONE, kind_of_column, mask_value
from pipeproof.contracts.personal_texts import mask_text, shown
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import TableSchema, frozen

if TYPE_CHECKING:
    import polars as pl

__all__ = ["is_private", "mask_text", "mask_value", "private_columns", "private_of", "shown"]


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
    if frame is None:
        pairs = ((name, kind_of_column(name, schema)) for name in columns)
        return frozen({name: kind for name, kind in pairs if kind is not None})
    from pipeproof.data.privacy.detecting import kinds_by_content

    harmless = {one.name for one in schema.columns if one.privacy == NONE} if schema else set()
    found: dict[str, str] = dict(kinds_by_content(frame.lazy(), columns, schema))
    return frozen(found | {name: NONE for name in columns if name in harmless})


def is_private(name: str, schema: TableSchema | None = None) -> bool:
    """Say whether a column is masked by its contract or its name alone."""
    return kind_of_column(name, schema) not in {None, NONE}


def private_of(
    artifact: Artifact, schema: TableSchema | None, given: Iterable[Artifact], path: Path | None = None
) -> Artifact:
    """Return a dataset with its columns of personal data: those of what it was made of keep their names.

    Args:
        artifact: The dataset; only tables have columns.
        schema: Its contract, if there is one; `privacy: none` holds further on too.
        given: What the step was given.
        path: Its Parquet file, to look at its first rows too: of sources, whose values nobody has looked at.
    """
    if artifact.kind != "table":
        return artifact
    names = [name for name, _ in artifact.columns]
    if path is not None:
        import polars as pl

        found = dict(private_columns(schema, names, pl.scan_parquet(path, glob=False)))
    else:
        before = {name: kind for one in given for name, kind in one.private if name in names}
        said = {column.name: column for column in schema.columns if column.privacy} if schema else {}
        here = private_columns(schema, names)
        found = {**here, **before, **{name: kind for name, kind in here.items() if name in said}}
    return replace(artifact, private=tuple(sorted(found.items()))) if found else artifact
