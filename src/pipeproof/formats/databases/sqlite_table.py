"""A table of a SQLite file, read in batches into Parquet.

SQLite types values, not columns. One look over the table says what each column really holds; the
declared type decides only where the values leave a choice:

- whole numbers → integer; boolean if declared so and all are 0 or 1; number if declared REAL,
  NUMERIC or DECIMAL; numbers with and without fraction → number;
- text → text; date or timestamp if declared so and every value is one (``2024-05-01``,
  ``2024-05-01 10:00:00``);
- text among numbers → text, so that nothing is lost; a contract on the source then says which
  values do not fit;
- nothing but NULL, or no rows → by the declared type, text without one.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.formats.databases import OnStop
from pipeproof.formats.databases.address import refuse_unknown, unreadable
from pipeproof.formats.parts import write_batches

if TYPE_CHECKING:
    import polars as pl

_BATCH = 100_000
_AT_ONCE = 200  # columns in one look: SQLite allows 2,000 results, a column takes up to seven
_PASSING = ("locked", "busy", "interrupted")
_SURVEY = {
    "integer": "typeof({c}) = 'integer'",
    "real": "typeof({c}) = 'real'",
    "text": "typeof({c}) = 'text'",
    "blob": "typeof({c}) = 'blob'",
    "bit": "typeof({c}) = 'integer' AND {c} IN (0, 1)",
    "date": "typeof({c}) = 'text' AND date({c}, '+0 days') = {c}",
    "timestamp": "typeof({c}) = 'text' AND length({c}) BETWEEN 19 AND 26"
    " AND datetime({c}, '+0 days') = replace(substr({c}, 1, 19), 'T', ' ') AND substr({c}, 20) NOT GLOB '*[^.0-9]*'",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it will be read: its Polars type, and how a value that SQLite gives becomes one."""

    name: str
    kind: pl.DataType
    convert: Callable[[Any], Any] | None = None


def names(path: Path, what: str) -> list[str]:
    """Return the names of the tables and views of a file.

    Raises:
        ContractError: The file is no SQLite database.
    """
    with _opened(path, what) as database:
        return _names(database)


def copy(path: Path, table: str, into: Path, what: str, on_stop: OnStop) -> None:
    """Copy a table or view into a Parquet file; memory does not grow with its rows.

    Raises:
        ContractError: The file is no SQLite database, or has no such table.
    """
    with _opened(path, what) as database:
        on_stop(database.interrupt)
        database.execute("BEGIN")  # what was looked at is what is read
        refuse_unknown(table, _names(database), what)
        columns = _columns(database, table, what)
        write_batches(_batches(database, table, columns), into)


@contextmanager
def _opened(path: Path, what: str) -> Iterator[sqlite3.Connection]:
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as database:
            yield database
    except sqlite3.Error as error:
        if any(word in str(error) for word in _PASSING):
            raise  # another process holds it, or the copying was stopped
        raise unreadable(path, what, error) from error


def _names(database: sqlite3.Connection) -> list[str]:
    listed = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    return [name for (name,) in listed]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _columns(database: sqlite3.Connection, table: str, what: str) -> list[Column]:
    described = database.execute(f"SELECT * FROM {_quoted(table)} LIMIT 0").description  # noqa: S608 quoted, and known to exist
    names = [name for name, *_ in described]
    rows = database.execute(f"PRAGMA table_xinfo({_quoted(table)})")
    declared = {name: str(kind).upper() for _, name, kind, *_ in rows}
    columns: list[Column] = []
    for start in range(0, len(names), _AT_ONCE):
        group = names[start : start + _AT_ONCE]
        counts = _count(database, table, group)
        columns += [_column(name, declared.get(name, ""), counts[name], what) for name in group]
    return columns


def _count(database: sqlite3.Connection, table: str, names: list[str]) -> dict[str, dict[str, int]]:
    """Return name → kind of value → how many there are."""
    sums = (f"TOTAL({test.format(c=_quoted(name))})" for name in names for test in _SURVEY.values())
    row = database.execute(f"SELECT {', '.join(sums)} FROM {_quoted(table)}").fetchone()  # noqa: S608 quoted
    width = len(_SURVEY)
    return {
        name: dict(zip(_SURVEY, map(int, row[index * width : (index + 1) * width]), strict=True))
        for index, name in enumerate(names)
    }


def _column(name: str, declared: str, counts: Mapping[str, int], what: str) -> Column:
    import polars as pl

    present = {kind for kind in ("integer", "real", "text", "blob") if counts[kind]}
    if not present:
        return Column(name, _by_declaration(declared))
    if present == {"blob"}:
        return Column(name, pl.Binary())
    if "blob" in present:
        text = f"{what}: column {name!r} holds binary values among others"
        fix = "read a view that casts it: CREATE VIEW ... AS SELECT CAST(...)"
        raise ContractError(Finding("PPF302", text, column=name, fix=fix))
    if present == {"text"}:
        return _text(name, declared, counts)
    if "text" in present:
        return Column(name, pl.String(), lambda value: None if value is None else str(value))
    if "BOOL" in declared and counts["bit"] == counts["integer"] and present == {"integer"}:
        return Column(name, pl.Boolean(), lambda value: None if value is None else bool(value))
    whole = present == {"integer"} and not _is_fractional(declared)
    return Column(name, pl.Int64(), None) if whole else Column(name, pl.Float64(), _float)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _text(name: str, declared: str, counts: Mapping[str, int]) -> Column:
    import polars as pl

    timely = "DATE" in declared or "TIME" in declared
    if timely and counts["date"] == counts["text"]:
        return Column(name, pl.Date(), lambda text: None if text is None else dt.date.fromisoformat(text))
    if timely and counts["timestamp"] == counts["text"]:
        return Column(
            name, pl.Datetime("us"), lambda text: None if text is None else dt.datetime.fromisoformat(text)
        )
    return Column(name, pl.String())


def _is_fractional(declared: str) -> bool:
    return any(word in declared for word in ("REAL", "FLOA", "DOUB", "NUMERIC", "DEC"))


def _by_declaration(declared: str) -> pl.DataType:
    """Return the type of a column without values, after SQLite's own rules of affinity."""
    import polars as pl

    if "BOOL" in declared:
        return pl.Boolean()
    if "DATETIME" in declared or "TIMESTAMP" in declared:
        return pl.Datetime("us")
    if "DATE" in declared:
        return pl.Date()
    if "INT" in declared:
        return pl.Int64()
    if "BLOB" in declared:
        return pl.Binary()
    return pl.Float64() if _is_fractional(declared) else pl.String()


def _batches(database: sqlite3.Connection, table: str, columns: list[Column]) -> Iterator[pl.DataFrame]:
    cursor = database.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 quoted
    yield _frame([], columns)  # so that a table without rows has its columns
    while rows := cursor.fetchmany(_BATCH):
        yield _frame(rows, columns)


def _frame(rows: list[tuple[Any, ...]], columns: list[Column]) -> pl.DataFrame:
    import polars as pl

    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pl.DataFrame(
        [
            pl.Series(
                column.name,
                values[index] if column.convert is None else list(map(column.convert, values[index])),
                column.kind,
            )
            for index, column in enumerate(columns)
        ]
    )
