"""The smallest table that still fails the same way: fewest rows, then columns, then the simplest values."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeproof.data.inputs import open_table, reading, settle
from pipeproof.data.shrinking.cells import simpler
from pipeproof.data.shrinking.minimise import fewest, first_with
from pipeproof.data.shrinking.signature import Signature, of_exception
from pipeproof.errors import Finding, UsageError

if TYPE_CHECKING:
    import polars as pl

Examine = Callable[[Sequence["pl.DataFrame"]], Sequence[Signature | None]]
"""Several tables → how each fails, None for one that does not."""
MOST_TRIALS = 2_000
_MOST_CELLS = 400  # cells of a table whose values are simplified one by one
_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest table that was found.

    Attributes:
        table: The table.
        signature: How it fails, as the whole table did.
        rows: Rows of the whole table.
        columns: Columns of the whole table.
        trials: How many tables were tried.
        seconds: How long that took.
        is_minimal: Whether every row and column was shown to be needed; else the trials or the time ran out.
    """

    table: pl.DataFrame
    signature: Signature
    rows: int
    columns: int
    trials: int
    seconds: float
    is_minimal: bool

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as plain data, without the values of the table."""
        return {
            "schema": "pipeproof.shrunk/1",
            "failure": {
                "kind": self.signature.kind,
                "place": self.signature.place,
                "message": self.signature.message,
            },
            "rows": {"before": self.rows, "after": self.table.height},
            "columns": {"before": self.columns, "after": self.table.width, "kept": self.table.columns},
            "trials": self.trials,
            "seconds": round(self.seconds, 3),
            "minimal": self.is_minimal,
        }


def shrink(
    table: Any,
    fails: Callable[[pl.DataFrame], object],
    *,
    most: int = MOST_TRIALS,
    seconds: float | None = None,
) -> Shrunk:
    """Return the smallest table that still fails the same way.

    Args:
        table: Whatever `open_table` opens.
        fails: Called with tables; it fails by raising, the same way if type, place and message (without its
            particulars) are the same; or by returning something true.
        most: How many tables are tried at most.
        seconds: After which time it ends with what it has; never unless given.

    Raises:
        UsageError: The whole table does not fail.
    """

    def examine(tables: Sequence[pl.DataFrame]) -> list[Signature | None]:
        return [_call(fails, one) for one in tables]

    opened, _ = settle(open_table(table))
    with reading(opened):
        whole = opened.frame.collect()
    return shrink_by(whole, examine, most=most, seconds=seconds)


def _call(fails: Callable[[pl.DataFrame], object], table: pl.DataFrame) -> Signature | None:
    try:
        return Signature("failed") if fails(table) else None
    except Exception as error:  # noqa: BLE001 any error is what is looked for
        return of_exception(error)


def shrink_by(
    table: pl.DataFrame,
    examine: Examine,
    *,
    most: int = MOST_TRIALS,
    seconds: float | None = None,
    width: int = 1,
) -> Shrunk:
    """Return the smallest table that still fails as the whole one does.

    Args:
        table: The whole table.
        examine: Says how tables fail, several at once.
        most: How many tables are tried at most.
        seconds: After which time it ends with what it has.
        width: How many tables are examined at once.

    Raises:
        UsageError: The whole table does not fail.
    """
    (whole,) = examine([table])
    if whole is None:
        fix = "check the command with the whole table first; it must fail before it can fail with less"
        raise UsageError(Finding("PPF365", "the whole table does not fail", fix=fix))
    search = _Search(whole, examine, most, width, time.monotonic() + seconds if seconds else None)
    began = time.monotonic()
    small = search.smallest(table)
    took = time.monotonic() - began
    signature = search.seen.get(_key(small), whole) or whole
    return Shrunk(small, signature, table.height, table.width, search.trials + 1, took, not search.is_over)


@dataclass(slots=True)
class _Search:
    """The search for one failure, with what was tried already."""

    wanted: Signature
    examine: Examine
    most: int
    width: int
    until: float | None
    trials: int = 0
    is_over: bool = False
    seen: dict[str, Signature | None] = field(default_factory=dict)

    def smallest(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the smallest table; less in one way may allow less in another, so it goes round."""
        for _ in range(_MOST_ROUNDS):
            before = table
            table = self.with_fewest_rows(table)
            table = self.with_fewest_columns(table)
            if table.height * table.width <= _MOST_CELLS:
                table = self.with_simple_values(table)
            if table.equals(before) or self.is_over:
                break
        return table

    def with_fewest_rows(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the table with the fewest rows."""
        kept = fewest(
            range(table.height), lambda lists: self.fail([table[list(rows)] for rows in lists]), self.width
        )
        return table[list(kept)]

    def with_fewest_columns(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the table with the fewest columns, at least one."""
        kept = fewest(table.columns, lambda lists: self.fail_with_columns(table, lists), self.width)
        return table.select(kept) if kept else table

    def fail_with_columns(self, table: pl.DataFrame, lists: Sequence[Sequence[str]]) -> list[bool]:
        """Return which choices of columns still fail; a table without columns is none."""
        asked = iter(self.fail([table.select(names) for names in lists if names]))
        return [bool(names) and next(asked) for names in lists]

    def with_simple_values(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the table with each value as simple as it can be."""
        for name in table.columns:
            for row in range(table.height):
                if _is_told(table[name][row], self.wanted):
                    continue  # the value that the message shows is the one to look at
                found = first_with(simpler(table, row, name), self.fail, self.width)
                table = table if found is None else found
        return table

    def fail(self, tables: Sequence[pl.DataFrame]) -> list[bool]:
        """Return which tables fail as the whole did; none when no more may be tried."""
        keys = [_key(table) for table in tables]
        new = {key: table for key, table in zip(keys, tables, strict=True) if key not in self.seen}
        late = self.until is not None and time.monotonic() > self.until
        if new and (late or self.trials + len(new) > self.most):
            self.is_over = True
            return [self.wanted.is_like(self.seen.get(key)) for key in keys]
        if new:
            self.trials += len(new)
            self.seen |= dict(zip(new, self.examine(list(new.values())), strict=True))
        return [self.wanted.is_like(self.seen[key]) for key in keys]


def _is_told(value: object, signature: Signature) -> bool:
    return isinstance(value, str) and len(value) > 1 and value in signature.message


def _key(table: pl.DataFrame) -> str:
    """Return the same text for tables of equal values and types."""
    import hashlib

    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr([table.height, *table.schema.items()]).encode())
    digest.update(table.hash_rows().to_numpy().tobytes() if table.width else b"")
    return digest.hexdigest()
