"""Conditions in SQL as expressions that DuckDB answers, batch by batch.

They mean what DuckDB means, as queries and steps of kind `sql` do. The database that answers holds nothing
but the batch: external access is off, so a condition can read no file and call nothing outside.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeproof.data.checking.limited import MEMORY, limited
from pipeproof.data.checking.rules import Rule, Unasked
from pipeproof.errors import closest
from pipeproof.model.contract import Condition, TableSchema

if TYPE_CHECKING:
    import polars as pl
    from sqlglot import exp

_TABLE = "this_table"
_ALONE: dict[str, Any] = {
    "threads": 1,
    "memory_limit": MEMORY,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}


class UnaskableError(Exception):
    """A condition that cannot be asked of a table; says why."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A condition that is one scalar expression, and the columns that it names."""

    sql: str
    names: tuple[str, ...]


class Arrow:
    """A frame or relation that shows nothing but Arrow's stream, so that no optional library is asked for it.

    Polars remembers the type of what it is made from; that of a relation would outlive DuckDB, which complains.
    """

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule."""
        return self.frame.__arrow_c_stream__(requested_schema)


class Database:
    """A DuckDB that holds nothing and reaches nothing; closed when nobody asks it any more."""

    def __init__(self) -> None:
        import duckdb

        self._lock = threading.Lock()
        self._connection = duckdb.connect(config=_ALONE)
        weakref.finalize(self, self._connection.close)
        for setting in ("enable_external_access = false", "lock_configuration = true"):
            self._connection.execute(f"SET {setting}").fetchall()

    def answer(self, frame: pl.DataFrame, condition: str, nulls: Sequence[str] = ()) -> pl.Series:
        """Return whether each row of a frame keeps a condition; null where that is unknown."""
        import polars as pl

        absent = "".join(f', NULL AS "{name}"' for name in map(_inside_quotes, nulls))
        text = f"SELECT CAST(({condition}\n) AS BOOLEAN) AS kept FROM (SELECT *{absent} FROM {_TABLE})"  # noqa: S608 one parsed scalar expression of the contract's author
        with self._lock:
            self._connection.register(_TABLE, Arrow(frame))
            try:
                with limited(self._connection):
                    return pl.DataFrame(Arrow(self._connection.sql(text))).to_series()
            finally:
                self._connection.unregister(_TABLE)


def condition_rules(schema: TableSchema, present: Mapping[str, pl.DataType]) -> Iterator[Rule | Unasked]:
    """Yield the conditions of a contract as rules of rows, and those that cannot be asked.

    Args:
        schema: The contract.
        present: The columns of the table with their types.
    """
    database = Database()
    for condition in schema.conditions:
        try:
            rule = _rule(condition, present, database, schema.names)
        except UnaskableError as error:
            yield Unasked("", f"the condition '{condition.name}': {error}", condition.name)
        else:
            if rule is not None:
                yield rule


def _rule(
    condition: Condition, present: Mapping[str, pl.DataType], database: Database, declared: Collection[str]
) -> Rule | None:
    """Return a condition as a rule; None when it is about columns that are in the contract and not in the table."""
    import duckdb
    import polars as pl

    parsed = parse(condition.sql)
    known = {name: _resolved(name, present) for name in parsed.names}
    absent = [name for name, found in known.items() if found is None]
    if absent and set(absent) <= set(declared):  # that they are not there is told, or allowed
        return None
    if absent:
        like = closest(absent[0], present)
        hint = f"did you mean {like!r}?" if like else f"there is: {', '.join(list(present)[:8])}"
        raise UnaskableError(f"there is no column {absent[0]!r}; {hint}")
    used = tuple(dict.fromkeys(found for found in known.values() if found is not None))
    nulls = tuple(name for name in used if present[name] == pl.Null)
    full = [name for name in used if name not in nulls]
    empty = pl.DataFrame(schema={name: present[name] for name in full} or {_ANY: pl.Int8})
    try:
        database.answer(empty, parsed.sql, nulls)
    except duckdb.Error as error:
        raise UnaskableError(without_values(error)) from None

    trouble: list[str] = []

    def ask(rows: pl.Series) -> pl.Series:
        unknown = pl.repeat(None, len(rows), dtype=pl.Boolean, eager=True).alias(rows.name)
        if trouble:  # all answers are void already
            return unknown
        try:
            return database.answer(rows.struct.unnest(), parsed.sql, nulls).alias(rows.name)
        except (
            duckdb.Error,
            TimeoutError,
        ) as error:  # a value that cannot be cast, a number that is too large
            trouble.append(without_values(error))
            return unknown

    columns = [
        pl.col(name).fill_nan(None) if present[name].is_float() else pl.col(name) for name in full
    ] or [pl.col(next(iter(present))).is_null().cast(pl.Int8).alias(_ANY)]
    kept = pl.struct(columns).map_batches(ask, return_dtype=pl.Boolean, is_elementwise=True)
    columns_shown = used or (next(iter(present)),)
    return Rule(columns_shown, condition.name, condition.name, kept.not_(), trouble=trouble)


_ANY = "pipeproof row"


@lru_cache(maxsize=512)
def parse(sql: str) -> Parsed:
    """Return a condition with the columns that it names.

    Raises:
        UnaskableError: It cannot be parsed, or is more than an expression over one row.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        trees = [tree for tree in sqlglot.parse(f"SELECT {sql}\n", dialect="duckdb") if tree is not None]
    except SqlglotError as error:
        raise UnaskableError(f"it is no SQL: {_plain(error)}") from None
    select = trees[0] if trees else None
    if len(trees) != 1 or not isinstance(select, exp.Select) or len(select.expressions) != 1:
        raise UnaskableError("it must be one expression")
    if any(value for key, value in select.args.items() if key not in {"expressions", "kind"}):
        raise UnaskableError("it must be one expression, without FROM, WHERE or anything behind it")
    tree = select.expressions[0]
    more = tree.find(exp.Query, exp.AggFunc, exp.Window, exp.Star, exp.Alias, exp.Placeholder, exp.Parameter)
    if more is not None:
        raise UnaskableError(
            f"{more.sql(dialect='duckdb')[:60]!r} is not about one row; write a query over {_TABLE} under `queries:`"
        )
    if any(_makes_lists(one) for one in tree.find_all(exp.Func)):
        raise UnaskableError(
            "range and generate_series make lists of any length, beyond every limit of memory"
        )
    names = tuple(dict.fromkeys(column.parts[0].name for column in tree.find_all(exp.Column)))
    return Parsed(sql, names)


def _makes_lists(function: exp.Func) -> bool:
    """Say whether a function makes lists whose memory DuckDB does not count, and cannot be interrupted in it."""
    from sqlglot import exp

    return isinstance(function, exp.GenerateSeries) or function.name.lower() in {"range", "generate_series"}


def _plain(error: Exception) -> str:
    from sqlglot.errors import ParseError

    if isinstance(error, ParseError) and error.errors:
        said = str(error.errors[0].get("description", "")).rstrip(".")
        return "an operand is missing" if said.startswith("Required keyword") else said.lower()
    return first_line(error)


def _resolved(name: str, present: Mapping[str, pl.DataType]) -> str | None:
    """Return the column that a name of SQL means: case does not matter."""
    if name in present:
        return name
    alike = [column for column in present if column.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _inside_quotes(name: str) -> str:
    return name.replace('"', '""')


def first_line(error: BaseException) -> str:
    """Return what an error of SQL says, without the name of its kind."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    kind, mark, rest = line.partition(" Error: ")
    return rest if mark and kind.replace(" ", "").isalpha() else line


_CAST = re.compile(
    r"to (?:the destination type )?([A-Z]\w*) when casting from source column (\w+)\s*(?:\n\nLINE |\Z)"
)


def without_values(error: BaseException) -> str:
    """Return what an error of SQL says, without the values of the table that may stand in it.

    Errors of binding are about the text of the contract; those that come while rows are read quote values.
    """
    import duckdb

    about_text = (
        duckdb.BinderException,
        duckdb.CatalogException,
        duckdb.ParserException,
        duckdb.PermissionException,
    )
    if not isinstance(error, duckdb.Error) or isinstance(error, about_text):
        return first_line(error)
    cast = _CAST.search(str(error))
    if cast:
        return f"a value of {cast[2]!r} cannot be converted to {cast[1]}"
    kind, mark, _ = str(error).partition(" Error: ")
    named = kind.lower() if mark and kind.replace(" ", "").isalpha() else "unnamed"
    return f"DuckDB has an error of the kind '{named}' (what it says may quote values, and is not shown)"
