"""The two tables of a comparison, opened so that they can be read more than once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.data.inputs import open_table
from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.formats.convert import to_parquet
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


@contextmanager
def opened(a: Any, b: Any) -> Iterator[tuple[Table, Table]]:
    """Open two tables; texts are written as Parquet beside, once, and that is removed at the end.

    Where one of them is typed and the other is text, the text is read with the types of the other, if its
    values have them.

    Raises:
        ContractError: One is no table, or cannot be read.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY)))
        if _is_text(a) and not _is_text(b):
            after = _table(b, folder / "b.parquet")
            yield _table(a, folder / "a.parquet", after), after
        else:
            before = _table(a, folder / "a.parquet")
            typed = before if _is_text(b) and not _is_text(a) else None
            yield before, _table(b, folder / "b.parquet", typed)


@contextmanager
def opened_one(given: Any) -> Iterator[Table]:
    """Open one table."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder:
        yield _table(given, Path(folder) / "b.parquet")


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


def _table(given: Any, into: Path, like: Table | None = None) -> Table:
    import polars as pl

    if _is_text(given):
        path = Path(given)
        _as_parquet(path, into, like)
        frame, name = pl.scan_parquet(into, glob=False), path.name
    else:
        one = open_table(given)
        # The path of a table of a database is that of a copy.
        frame, name = one.frame, one.path.name if one.path and "://" not in str(given) else one.name
    return Table(name, frame, frame.collect_schema())


def _as_parquet(path: Path, into: Path, like: Table | None) -> None:
    kind = tables.format_in(path) or "csv"
    schema = None if like is None else _schema_of(like)
    try:
        to_parquet(path, kind, schema, into, path.name)
    except ContractError as error:
        if schema is None or {finding.code for finding in error.findings} != {"PPF302"}:
            raise
        # Some columns have values of another type: that is a difference, and no fault of the file.
        others = {finding.column for finding in error.findings}
        kept = TableSchema(tuple(column for column in schema.columns if column.name not in others))
        to_parquet(path, kind, kept, into, path.name)


def _schema_of(table: Table) -> TableSchema:
    known = {str(kind): kind for kind in LOGICAL_TYPES if kind not in {"list", "struct"}}
    kinds = {name: known.get(tables.logical_type(dtype)) for name, dtype in table.types.items()}
    return TableSchema(tuple(Column(name, kind) for name, kind in kinds.items() if kind is not None))


def unreadable(error: BaseException) -> ContractError:
    """Return what Polars says of a table that it cannot read, as an error of ours."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    fix = "look whether both files are whole and hold tables"
    return ContractError(Finding("PPF339", f"the tables cannot be compared: {said}", fix=fix))
