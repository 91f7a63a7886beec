"""Which columns two tables have, and which may be one that was renamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pipeproof.data.comparing import drift
from pipeproof.data.comparing.result import ColumnDifference, Renamed, Retyped
from pipeproof.data.comparing.sides import Table
from pipeproof.formats.tables import logical_type

if TYPE_CHECKING:
    import polars as pl

_ALIKE = 0.7  # mean of how alike names and values are, from which on a guess is told
_VALUES = 0.8  # values less alike than this are of another column, whatever its name
_SAMPLE = 20_000
_PAIRS = 400


def find_columns(before: Table, after: Table) -> ColumnDifference:
    """Return how the columns of two tables differ."""
    added = tuple(name for name in after.types if name not in before.types)
    removed = tuple(name for name in before.types if name not in after.types)
    common = [name for name in before.types if name in after.types]
    changed = [name for name in common if before.types[name] != after.types[name]]
    retyped = [name for name in changed if _is_other(before.types[name], after.types[name])]
    return ColumnDifference(
        added,
        removed,
        tuple(_retyped(name, before, after) for name in retyped),
        tuple(_stored(name, before, after) for name in changed if name not in retyped),
        tuple(_renamed(before, after, removed, added)),
        reordered=common != [name for name in after.types if name in before.types],
    )


def _is_other(one: pl.DataType, other: pl.DataType) -> bool:
    """Say whether two types are different to a person; a column without values has every type."""
    import polars as pl

    if pl.Null in {one.base_type(), other.base_type()}:
        return False
    return logical_type(one) != logical_type(other)


def _retyped(name: str, before: Table, after: Table) -> Retyped:
    return Retyped(name, logical_type(before.types[name]), logical_type(after.types[name]))


def _stored(name: str, before: Table, after: Table) -> Retyped:
    return Retyped(name, _word(before.types[name]), _word(after.types[name]))


def _word(dtype: pl.DataType) -> str:
    """Return a type in Polars' words, short where they are long."""
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return f"Datetime({', '.join(part for part in (dtype.time_unit, dtype.time_zone) if part)})"
    return str(dtype.base_type()) if isinstance(dtype, pl.Enum) else str(dtype)


def _renamed(before: Table, after: Table, removed: Sequence[str], added: Sequence[str]) -> Iterator[Renamed]:
    """Yield guesses, the best first; each column is in one of them at most."""
    if not removed or not added or len(removed) * len(added) > _PAIRS:
        return
    a = before.frame.select(removed).head(_SAMPLE).collect()
    b = after.frame.select(added).head(_SAMPLE).collect()
    guesses = [
        Renamed(one, other, _names_alike(one, other), alike)
        for one in removed
        for other in added
        if (alike := _values_alike(a[one], b[other])) >= _VALUES
    ]
    taken: set[str] = set()
    for guess in sorted(guesses, key=lambda guess: guess.names + guess.values, reverse=True):
        mean = (guess.names + guess.values) / 2
        if mean >= _ALIKE and not taken & {guess.before, guess.after}:
            taken |= {guess.before, guess.after}
            yield guess


def _names_alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _values_alike(a: pl.Series, b: pl.Series) -> float:
    """Return how alike two columns are, from 0 to 1, by the first of their values."""
    if _is_other(a.dtype, b.dtype):
        return 0.0
    found = drift.column_drift(a.name, a, b)
    apart = found.js if found.ks is None else found.ks
    return 0.0 if apart is None else 1 - apart
