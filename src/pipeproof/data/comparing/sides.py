"""The two tables of a comparison, opened so that they can be read more than once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipeproof.data.inputs import Opened, open_table, reading, settle
from pipeproof.formats import tables
from pipeproof.model.contract import LOGICAL_TYPES, Column, TableSchema

if TYPE_CHECKING:
    import polars as pl

PROFILE = "pipeproof.profile/1"
TEMPORARY = "pipeproof-compare-"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a comparison: its name, the table, and its columns with their types."""

    name: str
    frame: pl.LazyFrame
    types: Mapping[str, pl.DataType]


@dataclass(frozen=True, slots=True)
class _Side:
    """A table of a comparison, and how it was opened."""

    table: Table
    opened: Opened


@contextmanager
def opened(a: Any, b: Any) -> Iterator[tuple[Table, Table]]:
    """Open two tables; texts are written as Parquet beside, once, and that is removed at the end.

    Where one of them is typed and the other is text, the text is read with the types of the other, if its
    values have them.

    Raises:
        ContractError: One is no table, or cannot be read.
    """
    with TemporaryDirectory(prefix=TEMPORARY) as folder:
        into_a, into_b = (Path(folder) / f"{side}.parquet" for side in "ab")
        if _is_text(a) and not _is_text(b):
            after = _side(b, into_b)
            before = _side(a, into_a, after)
        else:
            before = _side(a, into_a)
            after = _side(b, into_b, before if _is_text(b) and not _is_text(a) else None)
        with _told(before, after):
            yield before.table, after.table


@contextmanager
def opened_one(given: Any) -> Iterator[Table]:
    """Open one table."""
    with TemporaryDirectory(prefix=TEMPORARY) as folder:
        side = _side(given, Path(folder) / "b.parquet")
        with _told(side):
            yield side.table


@contextmanager
def _told(*sides: _Side) -> Iterator[None]:
    """Say which file is broken, where reading them together failed.

    Raises:
        ContractError: A file is broken.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        for side in sides:
            with reading(side.opened):
                for _ in side.opened.frame.collect_batches():
                    pass
        raise


def profile_in(given: Any) -> Mapping[str, Any] | None:
    """Return the stored profile that was given instead of a table, or None.

    Args:
        given: A path, a profile, its document, or anything else.
    """
    if isinstance(given, str | Path) and str(given).endswith(".json") and Path(given).is_file():
        try:
            document = json.loads(Path(given).read_text("utf-8"))
        except ValueError:
            return None
    else:
        document = given.to_dict() if type(given).__name__ == "Profile" else given
    return document if isinstance(document, Mapping) and document.get("schema") == PROFILE else None


def _is_text(given: Any) -> bool:
    return (
        isinstance(given, str | Path)
        and Path(given).exists()
        and tables.format_in(Path(given)) in tables.TEXT
    )


def _side(given: Any, into: Path, like: _Side | None = None) -> _Side:
    schema = None if like is None else _schema_of(like.table)
    one = open_table(given, schema)
    if one.kind in tables.TEXT:
        one, wrong = settle(one, into=into)
        if wrong and schema:
            # Some columns have values of another type: that is a difference, and no fault of the file.
            kept = TableSchema(tuple(column for column in schema.columns if column.name not in wrong))
            one, _ = settle(open_table(given, kept), into=into)
    # The path of a table of a database is that of a copy.
    name = one.path.name if one.path and "://" not in str(given) else one.name
    return _Side(Table(name, one.frame, one.frame.collect_schema()), one)


def _schema_of(table: Table) -> TableSchema:
    known = {str(kind): kind for kind in LOGICAL_TYPES if kind not in {"list", "struct"}}
    kinds = {name: known.get(tables.logical_type(dtype)) for name, dtype in table.types.items()}
    return TableSchema(tuple(Column(name, kind) for name, kind in kinds.items() if kind is not None))
