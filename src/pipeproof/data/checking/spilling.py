"""Rules that must remember values, asked in little memory: DuckDB keeps on disk what does not fit.

Whether values come twice, how many differ and what stands in the middle need all values at once. They are
written to a file beside, in one streamed reading of the table, and DuckDB is asked in SQL, with a limit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.statistics import quantile
from pipeproof.data.checking.measures import DISTINCT, SORTED, Measured, level_of
from pipeproof.data.checking.rules import Rule
from pipeproof.data.checking.scanning import EXAMPLES, ROW

if TYPE_CHECKING:
    import duckdb
    import polars as pl

MEMORY = "160MB"
"""What DuckDB may hold; Polars' streaming needs about 100 MB besides."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """How many rows repeat an earlier one, and the numbers of the first of them."""

    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spill:
    """The values that rules must remember, in a file."""

    database: duckdb.DuckDBPyConnection
    file: Path

    def repeated(self, index: int, width: int, *, missing: bool) -> Repeated:
        """Return which rows repeat a value.

        Args:
            index: The position of the rule.
            width: How many columns its value has.
            missing: Whether a missing value is one like another.
        """
        names = [f'"rule {index} {part}"' for part in range(width)]
        key = ", ".join(names)
        there = "" if missing else f"WHERE {names[0]} IS NOT NULL"
        alike = " AND ".join(f"t.{name} IS NOT DISTINCT FROM d.{name}" for name in names)
        table = f"read_parquet('{_quoted(self.file)}')"
        twice = f"SELECT {key}, min(row) AS earliest, count(*) AS times FROM {table} {there} GROUP BY {key} HAVING count(*) > 1"  # noqa: S608 names are ours
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE twice AS {twice}").fetchall()
        total = self._one("SELECT coalesce(sum(times - 1), 0) FROM twice")
        if not total:
            return Repeated(0, ())
        rows = f"SELECT t.row FROM {table} t JOIN twice d ON {alike} WHERE t.row > d.earliest ORDER BY t.row LIMIT {EXAMPLES}"  # noqa: S608 names are ours
        return Repeated(int(total), tuple(row for (row,) in self.database.execute(rows).fetchall()))

    def number(self, index: int, measured: Measured) -> float | None:
        """Return a number that is measured over all values of a column at once.

        Args:
            index: The position of the statistic.
            measured: One of `DISTINCT` or `SORTED`.
        """
        name, table = f'"number {index}"', f"read_parquet('{_quoted(self.file)}')"
        count = int(self._one(f"SELECT count({name}) FROM {table}"))  # noqa: S608 names are ours
        if not count:
            return None
        rule = measured.statistic
        if rule.measure in DISTINCT:
            groups = f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL GROUP BY {name}"  # noqa: S608 names are ours
            different = int(self._one(f"SELECT count(*) FROM ({groups})"))  # noqa: S608 names are ours
            return (different if rule.measure == "distinct" else count - different) / count
        return self._quantile(name, table, level_of(rule), count)

    def _quantile(self, name: str, table: str, level: float, count: int) -> float:
        position = level * (count - 1)
        low = int(position)
        text = f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY {name} LIMIT 2 OFFSET {low}"  # noqa: S608 names are ours
        values = [float(value) for (value,) in self.database.execute(text).fetchall()]
        return quantile(values, position - low) if len(values) > 1 else values[0]

    def _one(self, text: str) -> Any:
        (found,) = self.database.execute(text).fetchall()[0]
        return found


def remembered(rule: Rule | Measured) -> bool:
    """Say whether a rule must remember values."""
    if isinstance(rule, Rule):
        return rule.distinct is not None
    return rule.statistic.measure in DISTINCT | SORTED


@contextmanager
def spilled(
    frame: pl.LazyFrame,
    rules: Sequence[Rule],
    keys: Sequence[Sequence[pl.Expr]],
    measured: Sequence[Measured],
) -> Iterator[Spill]:
    """Write the values that rules must remember to a file, and open a database over it.

    Args:
        frame: The table.
        rules: The rules of rows.
        keys: For each, the columns that must not be alike together.
        measured: The statistics.
    """
    import duckdb
    import polars as pl

    values = {
        f"rule {index} {part}": value
        for index, (rule, parts) in enumerate(zip(rules, keys, strict=True))
        if remembered(rule)
        for part, value in enumerate(parts)
    }
    values |= {f"number {index}": _value_of(one) for index, one in enumerate(measured) if remembered(one)}
    with tempfile.TemporaryDirectory(prefix="pipeproof-check-") as folder:
        file = Path(folder) / "values.parquet"
        frame.with_row_index("row").select(pl.col("row"), **values).sink_parquet(file, compression="lz4")
        settings: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": str(Path(folder) / "spill"),
            "threads": 1,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        database = duckdb.connect(config=settings)
        try:
            yield Spill(database, file)
        finally:
            database.close()


def _value_of(measured: Measured) -> pl.Expr:
    if measured.plain is None:
        raise ValueError(f"{measured.says} remembers nothing")
    return measured.plain


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def rows_of(rows: Sequence[int]) -> pl.Expr:
    """Return the expression that is true for rows with these numbers."""
    import polars as pl

    return pl.col(ROW).is_in(list(rows))
